import { budgetsOf, isReady } from "../controllers/budget-controller.ts";
import { withCondition } from "../controllers/conditions.ts";
import { isObject, textOf } from "../object.ts";
import type { JsonObject, KubeObject, Pod } from "../object.ts";
import { budgets, pods } from "../resource-type.ts";
import { badRequest, StatusError } from "../status.ts";
import type { Answer, Call } from "./call.ts";

/** What POST `pods/NAME/eviction` does: a deletion in which a PodDisruptionBudget has its say. Throws 400, 404, 409 or 429. */
export function evict({ cluster, namespace, name }: Call, eviction: unknown, dryRun: boolean): Answer {
  if (!isObject(eviction) || !isObject(eviction["metadata"]) || textOf(eviction["metadata"]["name"]) !== name) {
    throw badRequest("name in URL does not match name in Eviction object");
  }
  const pod = cluster.registry.get(pods, namespace, name) as Pod;
  const options = isObject(eviction["deleteOptions"]) ? eviction["deleteOptions"] : {};
  const preconditions = isObject(options["preconditions"]) ? options["preconditions"] : {};
  const uid = typeof preconditions["uid"] === "string" ? preconditions["uid"] : undefined;
  const grace = typeof options["gracePeriodSeconds"] === "number" ? options["gracePeriodSeconds"] : undefined;
  const found = isSpokenFor(pod) ? [] : budgetsOf(cluster.store, pod);
  if (found.length > 1) {
    const message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    throw new StatusError(500, "", message);
  }
  const [budget] = found;
  if (budget !== undefined) spend(cluster.store, budget, pod, dryRun);
  if (!dryRun && (uid === undefined || uid === pod.metadata.uid)) noteDisruption(cluster, pod);
  cluster.registry.delete(pods, namespace, name, { uid, dryRun, gracePeriodSeconds: grace });
  return { code: 201, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 } };
}

/** Ended, not yet running, or on its way out: no budget counts on it. */
function isSpokenFor(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined || ["Succeeded", "Failed", "Pending"].includes(pod.status.phase);
}

function spend(store: Call["cluster"]["store"], budget: KubeObject, pod: Pod, dryRun: boolean): void {
  const { name, generation = 0 } = budget.metadata;
  const status: JsonObject = isObject(budget["status"]) ? budget["status"] : {};
  const count = (field: string) => Number(status[field] ?? 0);
  const [healthy, desired, allowed] = [count("currentHealthy"), count("desiredHealthy"), count("disruptionsAllowed")];
  if (count("observedGeneration") < generation) throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10);
  if (!isReady(pod) && healthy >= desired && desired > 0) return;
  if (allowed === 0) throw tooMany(`The disruption budget ${name} needs ${desired} healthy pods and has ${healthy} currently`);
  if (!dryRun) store.put(budgets, { ...budget, status: { ...status, disruptionsAllowed: allowed - 1 } });
}

function tooMany(message: string, retryAfterSeconds?: number): StatusError {
  const causes = [{ reason: "DisruptionBudget", message }];
  return new StatusError(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

function noteDisruption(cluster: Call["cluster"], pod: Pod): void {
  const next = { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI", message: "Eviction API: evicting" } as const;
  const conditions = withCondition(pod.status.conditions ?? [], next, cluster.now());
  cluster.store.put(pods, { ...pod, status: { ...pod.status, conditions } });
}
