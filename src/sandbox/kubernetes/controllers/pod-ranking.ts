import type { Pod } from "../object.ts";
import { findCondition } from "./conditions.ts";

/** Which of two pods a ReplicaSet gives up first: `ActivePodsWithRanks` of k8s.io/kubernetes, for a cluster of one node. */
export function byDeletionPreference(a: Pod, b: Pod): number {
  for (const rank of [isAssigned, phaseOf, isReady, deletionCost]) {
    const difference = rank(a) - rank(b);
    if (difference !== 0) return difference;
  }
  if (isReady(a) === 1 && readySince(a) !== readySince(b)) return readySince(b) - readySince(a);
  const restarts = restartsOf(b) - restartsOf(a);
  if (restarts !== 0) return restarts;
  return bornAt(b) - bornAt(a) || (a.metadata.uid < b.metadata.uid ? -1 : 1);
}

function isAssigned(pod: Pod): number {
  return pod.spec.nodeName === undefined ? 0 : 1;
}

function phaseOf(pod: Pod): number {
  return ["Pending", "Unknown", "Running"].indexOf(pod.status.phase);
}

function isReady(pod: Pod): number {
  return findCondition(pod.status.conditions, "Ready")?.status === "True" ? 1 : 0;
}

function deletionCost(pod: Pod): number {
  return Number(pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? 0) || 0;
}

function readySince(pod: Pod): number {
  return Date.parse(findCondition(pod.status.conditions, "Ready")?.lastTransitionTime ?? "1970-01-01T00:00:00Z");
}

function restartsOf(pod: Pod): number {
  return Math.max(0, ...(pod.status.containerStatuses ?? []).map((container) => container.restartCount));
}

function bornAt(pod: Pod): number {
  return Date.parse(pod.metadata.creationTimestamp);
}
