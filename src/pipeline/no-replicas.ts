import type { WorkloadRef } from "../model.ts";
import type { Flow } from "./flow.ts";

export const noReplicas = "the workload has no replicas: nothing is there to answer";

/** Somebody scaled it to 0: that nobody answers then is no fault of the revision. */
export function hasNoReplicas(ref: WorkloadRef, { edges }: Pick<Flow, "edges">): boolean {
  return edges.cluster.get(edges.cluster.keyOf(ref))?.desired === 0;
}
