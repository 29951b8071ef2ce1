import type { Workload } from "../model.ts";

/**
 * The controller has seen the spec, and the spec's template has a ReplicaSet. A paused Deployment makes none for a new
 * template, and a Recreate none until the last old pod has gone: the current revision is not the spec's then.
 */
export function isBelievable(workload: Workload): boolean {
  const withoutReplicaSet = workload.updated === 0 && (workload.paused || (workload.strategy === "Recreate" && workload.replicas > 0));
  return workload.observedGeneration >= workload.generation && !withoutReplicaSet;
}

/** kubectl's test of a finished rollout, and kstatus' look at the conditions; a Deployment of no pods has nothing to finish. */
export function isComplete(workload: Workload): boolean {
  const { desired, replicas, updated, available } = workload;
  return (
    isBelievable(workload) &&
    workload.unfinished !== true &&
    desired > 0 &&
    updated >= desired &&
    replicas === updated &&
    available >= updated
  );
}
