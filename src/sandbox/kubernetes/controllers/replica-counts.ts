import type { Deployment, ReplicaSet } from "../object.ts";

// The arithmetic of a rolling update: k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go.

export interface Fenceposts {
  readonly surge: number;
  readonly unavailable: number;
}

/** maxSurge rounds up, maxUnavailable down; both 0 would stand still for ever, so one may be unavailable. */
export function fenceposts(deployment: Deployment): Fenceposts {
  const { replicas, strategy } = deployment.spec;
  if (strategy.type !== "RollingUpdate") return { surge: 0, unavailable: 0 };
  const surge = scaled(strategy.rollingUpdate?.maxSurge ?? 0, replicas, Math.ceil);
  const unavailable = scaled(strategy.rollingUpdate?.maxUnavailable ?? 0, replicas, Math.floor);
  if (replicas === 0) return { surge, unavailable: 0 };
  return { surge, unavailable: Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, replicas) };
}

function scaled(value: number | string, total: number, round: (value: number) => number): number {
  if (typeof value === "number") return value;
  return round((Number(value.replace("%", "")) * total) / 100);
}

export function desiredSum(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + set.spec.replicas, 0);
}

export function availableSum(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + (set.status.availableReplicas ?? 0), 0);
}

/** How many replicas the new ReplicaSet should ask for now. `size` is what it asks for already, `total` what all ask for. */
export function newReplicas(deployment: Deployment, size: number, total: number): number {
  const { replicas, strategy } = deployment.spec;
  if (strategy.type === "Recreate") return replicas;
  const most = replicas + fenceposts(deployment).surge;
  if (total >= most) return size;
  return size + Math.min(most - total, replicas - size);
}

/**
 * Sizes after a scaling in mid-rollout: every ReplicaSet keeps its share.
 * 10 + 5 replicas of 10 (surge 5), scaled to 20 (surge 5): 25 in all, so 17 and 8.
 */
export function proportionalSizes(
  deployment: Deployment,
  active: readonly ReplicaSet[],
  maxReplicasOf: (set: ReplicaSet) => number,
): Map<string, number> {
  const { replicas } = deployment.spec;
  const allowed = replicas === 0 ? 0 : replicas + fenceposts(deployment).surge;
  const toAdd = allowed - desiredSum(active);
  const oldestFirst = active.map((set, age) => ({ set, age }));
  const sorted = oldestFirst.sort((a, b) => b.set.spec.replicas - a.set.spec.replicas || (toAdd > 0 ? b.age - a.age : a.age - b.age));
  const sizes = new Map<string, number>();
  let added = 0;
  for (const { set } of sorted) {
    const size = set.spec.replicas;
    const fraction =
      replicas === 0 ? -size : roundHalfAway((size * (replicas + fenceposts(deployment).surge)) / (maxReplicasOf(set) || 1)) - size;
    const left = toAdd - added;
    const share = left === 0 ? 0 : toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
    sizes.set(set.metadata.name, size + share);
    added += share;
  }
  const largest = sorted[0]?.set.metadata.name;
  if (largest !== undefined) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  return sizes;
}

function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}
