import type { Deployment, KubeObject, Labels, ReplicaSet } from "../object.ts";

// The annotations by which `kubectl rollout` knows revisions.

const family = "deployment.kubernetes.io";
export const revisionKey = `${family}/revision`;
const historyKey = `${family}/revision-history`;
const desiredKey = `${family}/desired-replicas`;
const maxKey = `${family}/max-replicas`;

/** Six that a ReplicaSet does not take over from its Deployment. */
const ownKeys = new Set([
  revisionKey,
  historyKey,
  desiredKey,
  maxKey,
  "kubectl.kubernetes.io/last-applied-configuration",
  "deprecated.deployment.rollback.to",
]);

export function revisionOf(object: KubeObject): number {
  return Number(object.metadata.annotations?.[revisionKey] ?? 0) || 0;
}

/**
 * The annotations the new ReplicaSet should have: the Deployment's own, and a revision above all others. One that is
 * used again leaves its former number in the history: 1 of 3 becomes 4, history "1".
 */
export function replicaSetAnnotations(deployment: Deployment, set: ReplicaSet | undefined, others: readonly ReplicaSet[]): Labels {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !ownKeys.has(key));
  const annotations: Labels = { ...set?.metadata.annotations, ...Object.fromEntries(copied) };
  const revision = Math.max(0, ...others.map(revisionOf)) + 1;
  const former = annotations[revisionKey];
  if (Number(former ?? 0) >= revision) return annotations;
  annotations[revisionKey] = String(revision);
  if (former !== undefined) annotations[historyKey] = [annotations[historyKey], former].filter(Boolean).join(",");
  return annotations;
}

/** What the ReplicaSet's size was meant for: a later difference tells that the Deployment has been scaled. */
export function sizeAnnotations(desired: number, most: number): Labels {
  return { [desiredKey]: String(desired), [maxKey]: String(most) };
}

export function desiredOf(set: ReplicaSet): number | undefined {
  return countIn(set, desiredKey);
}

export function maxReplicasOf(set: ReplicaSet): number | undefined {
  return countIn(set, maxKey);
}

function countIn(set: ReplicaSet, key: string): number | undefined {
  const text = set.metadata.annotations?.[key];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
