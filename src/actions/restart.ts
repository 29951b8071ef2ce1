import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus, KubernetesError } from "../clients/kubernetes/kubernetes-error.ts";
import { controllerOf, dig, text } from "../clients/kubernetes/raw.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import type { EffectReason } from "../reason/effect.ts";
import { explainReason } from "../explain/reason.ts";
import type { WorkloadRef } from "../model.ts";
import type { Remedy } from "../remediation.ts";
import { refused } from "./attempt.ts";
import type { Result, Tries } from "./attempt.ts";
import { appsPath, getOrGone } from "./deployment.ts";
import type { Edges } from "./write.ts";
import { asWanted, fieldManager, lostLead } from "./write.ts";

type Restart = Extract<Remedy, { kind: "restart" }>;

/** Of the server's own answer where a PodDisruptionBudget says no; a server that is only busy gives none. */
const budget = "DisruptionBudget";
const twoBudgets = "more than one PodDisruptionBudget";

/** Evicts one pod, of which its controller makes another. Nothing is done about a pod that is gone, or another one of its name. */
export async function restart(edges: Edges, action: Restart, tries: Tries): Promise<Result> {
  const { workload, pod } = action;
  const path = `/api/v1/namespaces/${workload.namespace}/pods/${pod.name}`;
  const live = await getOrGone(edges.api, path);
  if (live === undefined || dig(live, "metadata", "uid") !== pod.uid) return asWanted(tries, `pod ${pod.name} is gone`);
  if (dig(live, "metadata", "deletionTimestamp") !== undefined) return asWanted(tries, `pod ${pod.name} is on its way out`);
  const stays = await whyItStays(edges.api, workload, live, pod.name);
  if (stays !== undefined) return stays;
  if (!edges.mayAct()) return lostLead();
  return evict(edges, path, action, tries);
}

/** A pod that nobody would make again, or that is no longer one of the workload's. */
async function whyItStays(api: Pick<KubernetesApi, "get">, ref: WorkloadRef, pod: RawObject, name: string): Promise<Result | undefined> {
  const controller = controllerOf(pod);
  const detail =
    controller === undefined ? `pod ${name} has no controller: nobody would make it again` : `pod ${name} is not one of ${ref.name}`;
  const no = refused(detail, controller === undefined ? { code: "limitation", detail } : { code: "conflict", detail });
  if (controller?.["kind"] !== "ReplicaSet") return no;
  const set = await getOrGone(api, appsPath(ref.namespace, "replicasets", text(controller["name"]) ?? ""));
  const isOurs = set !== undefined && dig(set, "metadata", "uid") === controller["uid"] && controllerOf(set)?.["uid"] === ref.uid;
  return isOurs ? undefined : no;
}

async function evict({ api }: Edges, path: string, { workload: { namespace }, pod }: Restart, tries: Tries): Promise<Result> {
  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: pod.name, namespace },
    deleteOptions: { preconditions: { uid: pod.uid } },
  };
  const wasSent = tries.sent;
  tries.sent = true;
  try {
    await api.post(`${path}/eviction`, eviction, { fieldManager, deadlineMs: 3000, expect: "any" });
    return { outcome: "applied", detail: `pod ${pod.name} is evicted` };
  } catch (error) {
    // An answer that refuses is no lost answer: a pod that then is gone was not ended by us.
    if (hasStatus(error, 429) || hasStatus(error, 409)) tries.sent = wasSent;
    if (hasStatus(error, 404)) return { outcome: "unchanged", detail: `pod ${pod.name} is gone` };
    const detail = wordsOfBudget(error);
    if (detail === undefined) throw error;
    const because: EffectReason = { code: "disruption-budget", pod: pod.name, detail };
    return refused(explainReason(because), because);
  }
}

/** With two budgets for one pod the server gives up (500), and would at every other try. */
function wordsOfBudget(error: unknown): string | undefined {
  if (!(error instanceof KubernetesError)) return undefined;
  const { serverMessage = "", causes } = error;
  return causes.find(({ reason }) => reason === budget)?.message ?? (serverMessage.includes(twoBudgets) ? serverMessage : undefined);
}
