import { controllerOf, isObject } from "../object.ts";
import type { Deployment, JsonObject, KubeObject, LabelSelector, Pod } from "../object.ts";
import { budgets, deployments, pods, replicaSets } from "../resource-type.ts";
import { isSame } from "../same.ts";
import { matchesSelector } from "../selector.ts";
import type { Store } from "../store.ts";
import { findCondition } from "./conditions.ts";
import type { ControlPlane, Sync } from "./control-plane.ts";

/** Counts how many pods of a PodDisruptionBudget may be evicted. */
export function budgetController(plane: ControlPlane): Sync {
  return function sync(namespace, name) {
    const budget = plane.store.get(budgets, namespace, name);
    if (budget === undefined) return undefined;
    const spec = specOf(budget);
    const matched = (plane.store.list(pods, namespace) as Pod[]).filter((pod) => isCovered(budget, pod));
    const expectedPods = typeof spec["minAvailable"] === "number" ? matched.length : expectedOf(plane, matched);
    const desiredHealthy =
      spec["maxUnavailable"] === undefined
        ? Math.min(partOf(spec["minAvailable"], expectedPods), Math.max(expectedPods, Number(spec["minAvailable"]) || 0))
        : Math.max(0, expectedPods - partOf(spec["maxUnavailable"], expectedPods));
    const currentHealthy = matched.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined).length;
    const status = {
      observedGeneration: budget.metadata.generation ?? 0,
      disruptionsAllowed: expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy),
      currentHealthy,
      desiredHealthy,
      expectedPods,
    };
    if (!isSame(budget["status"], status)) plane.store.put(budgets, { ...budget, status });
    return undefined;
  };
}

/** The budgets that have a say in whether this pod may be evicted. */
export function budgetsOf(store: Store, pod: Pick<KubeObject, "metadata">): KubeObject[] {
  return [...store.each(budgets)].filter((budget) => isCovered(budget, pod));
}

export function isReady(pod: Pod): boolean {
  return findCondition(pod.status.conditions, "Ready")?.status === "True";
}

/** An empty selector is one of all pods; none at all of none. */
function isCovered(budget: KubeObject, pod: Pick<KubeObject, "metadata">): boolean {
  const selector = specOf(budget)["selector"] as LabelSelector | undefined;
  if (budget.metadata.namespace !== pod.metadata.namespace || selector === undefined) return false;
  return isSame(selector, {}) || matchesSelector(selector, pod.metadata.labels);
}

/** What their Deployments ask for. */
function expectedOf(plane: ControlPlane, matched: readonly Pod[]): number {
  const owners = new Map<string, number>();
  for (const pod of matched) {
    const set = plane.store.get(replicaSets, pod.metadata.namespace ?? "", controllerOf(pod)?.name ?? "");
    const owner = set && controllerOf(set);
    const deployment = plane.store.get(deployments, pod.metadata.namespace ?? "", owner?.name ?? "") as Deployment | undefined;
    if (deployment !== undefined) owners.set(deployment.metadata.uid, deployment.spec.replicas);
  }
  return [...owners.values()].reduce((sum, replicas) => sum + replicas, 0);
}

/** A number, or a percentage rounded up. */
function partOf(value: unknown, of: number): number {
  return typeof value === "string" ? Math.ceil((Number.parseInt(value, 10) / 100) * of) : Number(value ?? 0);
}

function specOf(budget: KubeObject): JsonObject {
  return isObject(budget["spec"]) ? budget["spec"] : {};
}
