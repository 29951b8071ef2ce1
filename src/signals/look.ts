import type { GetOptions, KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import { sentence } from "../errors.ts";
import type { SeenEvent } from "../judging/pod-ailment.ts";
import type { Ms } from "../model.ts";
import { seenEvents } from "./seen-pod.ts";

export type LookApi = Pick<KubernetesApi, "get" | "page" | "text">;

const mostPods = 500;
const mostEvents = 100;
const callDeadlineMs: Ms = 5_000;

/** What was looked at, and what could not be. */
export type Look = ReturnType<typeof createLook>;

export function createLook(api: LookApi, namespace: string, withinMs: Ms) {
  const unseen: string[] = [];
  const options = { signal: AbortSignal.timeout(withinMs), deadlineMs: callDeadlineMs };
  const core = `/api/v1/namespaces/${namespace}`;
  /** What `ask` gives; undefined, and said, where it gives nothing. `right`: what a role must allow. */
  async function at<T>(what: string, right: string, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      const needs = hasStatus(error, 403) ? `the account needs the right to ${right} (deploy/rbac/diagnose.yaml)` : why(error);
      unseen.push(`could not look at ${what}: ${needs}`);
      return undefined;
    }
  }
  return {
    unseen,
    namespace,
    core,
    at,
    get: (path: string, more: GetOptions = {}) => api.get(path, { ...options, ...more }),
    /** One page, without more ado: what lies beyond is said. */
    async list(what: string, resource: string, labelSelector: string, root = "/api/v1"): Promise<readonly RawObject[]> {
      const path = `${root}/namespaces/${namespace}/${resource}`;
      const page = await at(what, `list ${resource}`, () => api.page(path, { ...options, labelSelector, limit: mostPods }));
      if (page?.next !== undefined) unseen.push(`only the first ${mostPods} ${what} were looked at`);
      return page?.items ?? [];
    },
    async events(uid: string): Promise<readonly SeenEvent[]> {
      const asked = { ...options, fieldSelector: `involvedObject.uid=${uid}`, limit: mostEvents };
      const page = await at("Events", "list events", () => api.page(`${core}/events`, asked));
      return seenEvents(page?.items ?? []);
    },
    log: (pod: string, query: Readonly<Record<string, string>>) => api.text(`${core}/pods/${pod}/log`, query, options),
  };
}

function why(error: unknown): string {
  return error instanceof DOMException && error.name === "TimeoutError" ? "there was not enough time" : sentence(error);
}
