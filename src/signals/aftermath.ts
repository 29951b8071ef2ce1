import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { dig, number, objects, type RawObject, strings, text } from "../clients/kubernetes/raw.ts";
import { sentence } from "../errors.ts";
import type { Ms, Revision, WorkloadRef } from "../model.ts";
import type { Aftermath, ServiceSeen } from "../verification.ts";

/** What is around a workload whose template was put back; `restored` are uids of its pods. Never rejects. */
export type LookAfter = (ask: AfterAsk) => Promise<Aftermath>;

export interface AfterAsk {
  readonly workload: WorkloadRef;
  readonly target: Revision;
  readonly condemned: Revision;
  readonly restored: readonly string[];
}

const deadlineMs: Ms = 5_000;
const mostListed = 1000;

/** Asks for the Services of the namespace, their EndpointSlices and the two ReplicaSets, once. */
export function createAftermathReader(options: { readonly api: Pick<KubernetesApi, "get" | "page">; readonly now: () => Ms }): LookAfter {
  const { api, now } = options;
  return async (ask) => {
    try {
      return await look(ask);
    } catch (error) {
      const forbidden = hasStatus(error, 403);
      const because = forbidden
        ? "the account needs the right to list services and endpointslices (deploy/rbac/observe.yaml)"
        : sentence(error);
      return { kind: "unseen", at: now(), because, forbidden };
    }
  };

  async function look({ workload: { namespace }, target, condemned, restored }: AfterAsk): Promise<Aftermath> {
    const at = now();
    const [services, slices, back, gone] = await Promise.all([
      all(`/api/v1/namespaces/${namespace}/services`),
      all(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`),
      setOf(namespace, target),
      setOf(namespace, condemned),
    ]);
    const seen = services.flatMap((service): readonly ServiceSeen[] => {
      const name = text(dig(service, "metadata", "name")) ?? "";
      const fits = selects(service, back);
      const mine = slices.filter((slice) => dig(slice, "metadata", "labels", "kubernetes.io/service-name") === name);
      // The controller makes one for every Service with a selector, even an empty one: without any, nobody keeps them here.
      if (mine.length === 0 || (!fits && !selects(service, gone))) return [];
      return [{ name, fits, ready: readyAt(mine, new Set(restored)) }];
    });
    return { kind: "seen", at, services: seen, condemned: gone === undefined ? null : (number(dig(gone, "spec", "replicas")) ?? 0) };
  }

  /** Where there are more, nothing can be said of them: half a list would hide a Service that reaches nobody. */
  async function all(path: string): Promise<readonly RawObject[]> {
    const { items, next } = await api.page(path, { limit: mostListed, deadlineMs });
    if (next !== undefined) throw new Error(`there are more than ${mostListed} objects under ${path}`);
    return items;
  }

  async function setOf(namespace: string, { name }: Revision): Promise<RawObject | undefined> {
    try {
      return await api.get(`/apis/apps/v1/namespaces/${namespace}/replicasets/${name}`, { deadlineMs });
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }
}

/** A Service without a selector has endpoints that somebody else writes. */
function selects(service: RawObject, set: RawObject | undefined): boolean {
  const wanted = Object.entries(strings(dig(service, "spec", "selector")));
  const labels = strings(dig(set, "spec", "template", "metadata", "labels"));
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** Of a dual-stack Service each pod is in two slices. */
function readyAt(slices: readonly RawObject[], restored: ReadonlySet<string>): number {
  const ready = new Set<string>();
  for (const slice of slices) {
    for (const endpoint of objects(slice["endpoints"])) {
      const uid = text(dig(endpoint, "targetRef", "uid"));
      // What the API does not say of readiness is to be taken for ready.
      if (uid !== undefined && restored.has(uid) && dig(endpoint, "conditions", "ready") !== false) ready.add(uid);
    }
  }
  return ready.size;
}
