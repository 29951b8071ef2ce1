import type { Condition, Deployment, DeploymentStatus, ReplicaSet } from "../object.ts";
import { findCondition, replaceCondition, withCondition } from "./conditions.ts";
import type { NewCondition } from "./conditions.ts";
import { availableSum, desiredSum, fenceposts } from "./replica-counts.ts";

export interface Rollout {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly all: readonly ReplicaSet[];
}

/** Counts and the Available condition. Zeros are left out, as in the real object. */
export function countStatus({ deployment, current, all }: Rollout, now: number): DeploymentStatus {
  const available = availableSum(all);
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(all, "replicas"),
    updatedReplicas: current?.status.replicas ?? 0,
    readyReplicas: sum(all, "readyReplicas"),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, desiredSum(all) - available),
    ...(deployment.status.collisionCount !== undefined && { collisionCount: deployment.status.collisionCount }),
  };
  const nonZero = Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) as DeploymentStatus;
  const isAvailable = available >= deployment.spec.replicas - fenceposts(deployment).unavailable;
  const conditions = withCondition(deployment.status.conditions ?? [], availability(isAvailable), now);
  return { ...nonZero, terminatingReplicas: sum(all, "terminatingReplicas"), conditions };
}

function availability(isAvailable: boolean): NewCondition {
  return isAvailable
    ? { type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "Deployment has minimum availability." }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
}

/** Counts, and whether the rollout is complete, getting on, or past its deadline. */
export function progressStatus(rollout: Rollout, now: number): DeploymentStatus {
  const { deployment, current } = rollout;
  const status = countStatus(rollout, now);
  const conditions = status.conditions ?? [];
  const progressing = findCondition(deployment.status.conditions, "Progressing");
  const wasComplete = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && progressing?.reason === "NewReplicaSetAvailable";
  if (wasComplete) return status;
  const subject = current ? `ReplicaSet "${current.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const done = condition("True", "NewReplicaSetAvailable", `${subject} has successfully progressed.`);
    return { ...status, conditions: withCondition(conditions, done, now) };
  }
  if (isGettingOn(deployment.status, status)) {
    const on = condition("True", "ReplicaSetUpdated", `${subject} is progressing.`);
    return { ...status, conditions: replaceCondition(conditions, on, now) };
  }
  if (now > deadlineOf(deployment, progressing)) {
    const late = condition("False", "ProgressDeadlineExceeded", `${subject} has timed out progressing.`);
    return { ...status, conditions: withCondition(conditions, late, now) };
  }
  return status;
}

export function condition(status: Condition["status"], reason: string, message: string): NewCondition {
  return { type: "Progressing", status, reason, message };
}

/** When a rollout that does not get on will have failed; Infinity when nothing is to be waited for. */
export function deadlineOf(deployment: Deployment, progressing: Condition | undefined): number {
  const isWaiting =
    progressing !== undefined &&
    !["NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"].includes(progressing.reason ?? "");
  if (!isWaiting || !progressing.lastUpdateTime) return Infinity;
  return Date.parse(progressing.lastUpdateTime) + (deployment.spec.progressDeadlineSeconds ?? 600) * 1000;
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const { replicas } = deployment.spec;
  const counts = [status.updatedReplicas, status.replicas, status.availableReplicas];
  return counts.every((count) => (count ?? 0) === replicas) && (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
}

/** New pods came up, became ready or available, or old ones went. */
function isGettingOn(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  const grew = (key: "updatedReplicas" | "readyReplicas" | "availableReplicas") => (after[key] ?? 0) > (before[key] ?? 0);
  return grew("updatedReplicas") || old(after) < old(before) || grew("readyReplicas") || grew("availableReplicas");
}

function sum(sets: readonly ReplicaSet[], key: "replicas" | "readyReplicas" | "terminatingReplicas"): number {
  return sets.reduce((total, set) => total + (set.status[key] ?? 0), 0);
}
