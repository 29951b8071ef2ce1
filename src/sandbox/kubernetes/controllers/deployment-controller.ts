import type { Deployment, DeploymentStatus, ReplicaSet } from "../object.ts";
import { deployments, replicaSets } from "../resource-type.ts";
import { isSame } from "../same.ts";
import { withoutHash } from "../template-hash.ts";
import { findCondition, withCondition } from "./conditions.ts";
import { manager, podsOf, replicaSetsOf } from "./control-plane.ts";
import type { ControlPlane, Sync } from "./control-plane.ts";
import { condition, countStatus, deadlineOf, isComplete, progressStatus } from "./deployment-status.ts";
import { createReplicaSet } from "./new-replica-set.ts";
import { availableSum, desiredSum, fenceposts, newReplicas } from "./replica-counts.ts";
import { replicaSetAnnotations, revisionKey, revisionOf } from "./revision.ts";
import { annotated, isScaled, rescale, scale } from "./scaling.ts";

/**
 * k8s.io/kubernetes/pkg/controller/deployment, one small step per sync: every write brings the Deployment back into
 * the queue, so that those who watch see the steps a real cluster shows.
 */
export function deploymentController(plane: ControlPlane): Sync {
  const get = (namespace: string, name: string) => plane.store.get(deployments, namespace, name) as Deployment | undefined;

  return function sync(namespace, name) {
    const found = get(namespace, name);
    if (!found || found.metadata.deletionTimestamp !== undefined) return undefined;
    const deployment = notePause(plane, found);
    const owned = replicaSetsOf(plane, deployment);
    const current = currentOf(deployment, owned);
    const old = owned.filter((set) => set !== current);
    if (current && syncRevision(plane, deployment, current, old)) return undefined;
    if (deployment.spec.paused === true || isScaled(deployment, owned)) {
      if (rescale(plane, deployment, current, old)) return undefined;
      if (deployment.spec.paused === true) cleanUp(plane, deployment, old);
      writeStatus(plane, deployment, countStatus({ deployment, current, all: owned }, plane.now()));
      return undefined;
    }
    const { type } = deployment.spec.strategy;
    const moved = type === "Recreate" ? recreate(plane, deployment, current, old) : roll(plane, deployment, current, old);
    if (!moved && isComplete(deployment, deployment.status)) cleanUp(plane, deployment, old);
    const written = writeProgress(plane, get(namespace, name) ?? deployment);
    const deadline = deadlineOf(written, findCondition(written.status.conditions, "Progressing"));
    return deadline === Infinity ? undefined : deadline + 1000;
  };
}

/** Each returns whether it wrote something: then the next sync goes on. */
function roll(plane: ControlPlane, deployment: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[]): boolean {
  if (!current) return createReplicaSet(plane, deployment, old, newReplicas(deployment, 0, desiredSum(old)));
  const all = [...old, current];
  const { replicas } = deployment.spec;
  const wanted = current.spec.replicas > replicas ? replicas : newReplicas(deployment, current.spec.replicas, desiredSum(all));
  if (scale(plane, deployment, current, wanted)) return true;
  return scaleDownOld(plane, deployment, current, old);
}

function scaleDownOld(plane: ControlPlane, deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): boolean {
  const active = old.filter((set) => set.spec.replicas > 0);
  const least = deployment.spec.replicas - fenceposts(deployment).unavailable;
  const newUnavailable = current.spec.replicas - (current.status.availableReplicas ?? 0);
  const most = desiredSum([...active, current]) - least - newUnavailable;
  if (active.length === 0 || most <= 0) return false;
  // Unhealthy old pods first: they serve nobody and would block the rollout.
  const sizes = new Map(active.map((set) => [set, set.spec.replicas]));
  let cleaned = 0;
  for (const set of active) {
    const unhealthy = Math.max(0, set.spec.replicas - (set.status.availableReplicas ?? 0));
    const gone = Math.min(most - cleaned, unhealthy);
    sizes.set(set, set.spec.replicas - gone);
    cleaned += gone;
  }
  let spare = availableSum([...active, current]) - least;
  for (const set of active) {
    const gone = Math.max(0, Math.min(sizes.get(set) ?? 0, spare));
    sizes.set(set, (sizes.get(set) ?? 0) - gone);
    spare -= gone;
  }
  return active.map((set) => scale(plane, deployment, set, sizes.get(set) ?? 0)).some(Boolean);
}

function recreate(plane: ControlPlane, deployment: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[]): boolean {
  const scaledDown = old.map((set) => scale(plane, deployment, set, 0)).some(Boolean);
  if (scaledDown) return true;
  // Waits until the last old pod, terminating ones included, has gone; its end brings the Deployment back.
  if (old.some((set) => podsOf(plane, set).length > 0)) return false;
  if (!current) return createReplicaSet(plane, deployment, old, deployment.spec.replicas);
  return scale(plane, deployment, current, deployment.spec.replicas);
}

/** Gives the new ReplicaSet its number and annotations, then the Deployment that number. */
function syncRevision(plane: ControlPlane, deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): boolean {
  const annotations = replicaSetAnnotations(deployment, current, old);
  const { minReadySeconds } = deployment.spec;
  if (!isSame(annotations, current.metadata.annotations) || (minReadySeconds ?? 0) !== (current.spec.minReadySeconds ?? 0)) {
    const change = (set: ReplicaSet) => ({ ...annotated(set, annotations), spec: { ...set.spec, minReadySeconds: minReadySeconds ?? 0 } });
    const { namespace = "", name } = current.metadata;
    plane.registry.update(replicaSets, namespace, name, (object) => change(object as ReplicaSet), { manager });
    return true;
  }
  const revision = String(revisionOf(current));
  const progressing = findCondition(deployment.status.conditions, "Progressing");
  if (deployment.metadata.annotations?.[revisionKey] === revision && progressing) return false;
  const found = condition("True", "FoundNewReplicaSet", `Found new replica set "${current.metadata.name}"`);
  const conditions = progressing ? deployment.status.conditions : withCondition(deployment.status.conditions ?? [], found, plane.now());
  const metadata = { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, [revisionKey]: revision } };
  plane.store.put(deployments, { ...deployment, metadata, status: { ...deployment.status, ...(conditions && { conditions }) } });
  return true;
}

/** Counts what is there after the step: a new ReplicaSet is seen with no pods before it is seen with some, which is progress. */
function writeProgress(plane: ControlPlane, deployment: Deployment): Deployment {
  const all = replicaSetsOf(plane, deployment);
  return writeStatus(plane, deployment, progressStatus({ deployment, current: currentOf(deployment, all), all }, plane.now()));
}

function currentOf(deployment: Deployment, owned: readonly ReplicaSet[]): ReplicaSet | undefined {
  return owned.find((set) => isSame(withoutHash(set.spec.template), withoutHash(deployment.spec.template)));
}

function notePause(plane: ControlPlane, deployment: Deployment): Deployment {
  const { paused = false } = deployment.spec;
  const reason = findCondition(deployment.status.conditions, "Progressing")?.reason;
  if (reason === "ProgressDeadlineExceeded" || paused === (reason === "DeploymentPaused")) return deployment;
  const next = paused
    ? condition("Unknown", "DeploymentPaused", "Deployment is paused")
    : condition("Unknown", "DeploymentResumed", "Deployment is resumed");
  const conditions = withCondition(deployment.status.conditions ?? [], next, plane.now());
  return writeStatus(plane, deployment, { ...deployment.status, conditions });
}

function cleanUp(plane: ControlPlane, deployment: Deployment, old: readonly ReplicaSet[]): void {
  const surplus = old.length - (deployment.spec.revisionHistoryLimit ?? 10);
  if (surplus <= 0) return;
  for (const set of [...old].sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, surplus)) {
    const isInUse =
      set.spec.replicas !== 0 || set.status.replicas !== 0 || (set.metadata.generation ?? 0) > (set.status.observedGeneration ?? 0);
    if (!isInUse) plane.registry.delete(replicaSets, set.metadata.namespace ?? "", set.metadata.name);
  }
}

function writeStatus(plane: ControlPlane, deployment: Deployment, status: DeploymentStatus): Deployment {
  if (isSame(deployment.status, status)) return deployment;
  return plane.store.put(deployments, { ...deployment, status }) as Deployment;
}
