import { kubeTime } from "../object.ts";
import type { Condition, Pod, ReplicaSet } from "../object.ts";
import { pods, replicaSets } from "../resource-type.ts";
import { isSame } from "../same.ts";
import { StatusError } from "../status.ts";
import { findCondition } from "./conditions.ts";
import { manager, podsOf } from "./control-plane.ts";
import type { ControlPlane, Sync } from "./control-plane.ts";
import { byDeletionPreference } from "./pod-ranking.ts";

const retryMs = 5_000;

/** Keeps as many pods as the ReplicaSet asks for, and counts them. */
export function replicaSetController(plane: ControlPlane): Sync {
  return function sync(namespace, name) {
    const set = plane.store.get(replicaSets, namespace, name) as ReplicaSet | undefined;
    if (!set) return undefined;
    const isDying = set.metadata.deletionTimestamp !== undefined;
    const failure = isDying ? undefined : balance(plane, set);
    const again = count(plane, set, failure);
    return failure === undefined ? again : Math.min(again ?? Infinity, plane.now() + retryMs);
  };
}

/** Gives what it was told when a pod could not be made. */
function balance(plane: ControlPlane, set: ReplicaSet): string | undefined {
  const active = podsOf(plane, set).filter(isActive);
  for (let missing = set.spec.replicas - active.length; missing > 0; missing -= 1) {
    const failure = createPod(plane, set);
    if (failure !== undefined) return failure;
  }
  const surplus = active.length - set.spec.replicas;
  if (surplus <= 0) return undefined;
  for (const pod of active.sort(byDeletionPreference).slice(0, surplus)) {
    plane.registry.delete(pods, pod.metadata.namespace ?? "", pod.metadata.name);
    plane.tell(set, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`, "replicaset-controller");
  }
  return undefined;
}

function createPod(plane: ControlPlane, set: ReplicaSet): string | undefined {
  const { name, uid, namespace = "" } = set.metadata;
  const { metadata, spec } = set.spec.template;
  const owner = { apiVersion: set.apiVersion, kind: "ReplicaSet", name, uid, controller: true, blockOwnerDeletion: true };
  const pod = { metadata: { ...metadata, generateName: `${name}-`, ownerReferences: [owner] }, spec };
  try {
    const created = plane.registry.create(pods, namespace, pod, { manager });
    plane.tell(set, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`, "replicaset-controller");
    return undefined;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    plane.tell(set, "Warning", "FailedCreate", `Error creating: ${error.message}`, "replicaset-controller");
    return error.message;
  }
}

/** Writes the counts; says when the next ready pod will have been ready for minReadySeconds. */
function count(plane: ControlPlane, set: ReplicaSet, failure: string | undefined): number | undefined {
  const now = plane.now();
  const all = podsOf(plane, set);
  const active = all.filter(isActive);
  const readySince = active.map(readySinceOf).filter((since) => since !== undefined);
  const wait = (set.spec.minReadySeconds ?? 0) * 1000;
  const available = readySince.filter((since) => wait === 0 || since + wait < now);
  const counts = { fullyLabeledReplicas: active.length, readyReplicas: readySince.length, availableReplicas: available.length };
  const status = {
    replicas: active.length,
    ...Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0)),
    terminatingReplicas: all.length - active.length,
    observedGeneration: set.metadata.generation ?? 0,
    ...(failure === undefined ? {} : { conditions: [failureOf(plane, set, failure)] }),
  };
  const current = plane.store.get(replicaSets, set.metadata.namespace ?? "", set.metadata.name) as ReplicaSet | undefined;
  if (current && !isSame(current.status, status)) plane.store.put(replicaSets, { ...current, status });
  const waiting = readySince.filter((since) => wait > 0 && since + wait >= now);
  return waiting.length === 0 ? undefined : Math.min(...waiting) + wait + 1;
}

function failureOf(plane: ControlPlane, { status: { conditions } }: ReplicaSet, message: string): Condition {
  const known = findCondition(conditions, "ReplicaFailure");
  // Its message names the pod that was to be made, which is another one at each try.
  if (known !== undefined) return known;
  return { type: "ReplicaFailure", status: "True", lastTransitionTime: kubeTime(plane.now()), reason: "FailedCreate", message };
}

function isActive(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && pod.status.phase !== "Failed" && pod.status.phase !== "Succeeded";
}

function readySinceOf(pod: Pod): number | undefined {
  const ready = findCondition(pod.status.conditions, "Ready");
  return ready?.status === "True" ? Date.parse(ready.lastTransitionTime) : undefined;
}
