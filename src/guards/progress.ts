import type { Ms, PodState, Rollout } from "../model.ts";

/**
 * When the rollout last moved, as Kubernetes' own deadline counts it: another new pod was made, or became ready. Of the pods that were
 * made only as many count as are wanted: one that is evicted and made again for ever is no progress.
 */
export function lastProgress(rollout: Rollout, pods: readonly PodState[]): Ms {
  const fresh = pods.filter((pod) => pod.podTemplateHash === rollout.new.podTemplateHash);
  const made = fresh.map((pod) => pod.created).toSorted((one, other) => one - other);
  return Math.max(rollout.startedAt, ...made.slice(0, rollout.desired), ...fresh.map((pod) => pod.readySince ?? 0));
}
