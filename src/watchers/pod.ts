import { controllerOf, dig, instant, isObject, number, objects, text } from "../clients/kubernetes/raw.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import type { ContainerState, Ms, PodState } from "../model.ts";
import { parseQuantity } from "../clients/kubernetes/quantity.ts";

/** A pod as the API server describes it now, and the ReplicaSet that made it. */
export interface PodFacts {
  readonly pod: PodState;
  readonly replicaSetUid: string;
}

/** From a raw Pod; undefined for a pod no ReplicaSet made. */
export function parsePod(raw: RawObject): PodFacts | undefined {
  const controller = controllerOf(raw);
  const uid = text(dig(raw, "metadata", "uid"));
  const name = text(dig(raw, "metadata", "name"));
  const podTemplateHash = text(dig(raw, "metadata", "labels", "pod-template-hash"));
  const replicaSetUid = text(controller?.["uid"]);
  if (controller?.["kind"] !== "ReplicaSet" || replicaSetUid === undefined) return undefined;
  if (uid === undefined || name === undefined || podTemplateHash === undefined) return undefined;
  const created = instant(dig(raw, "metadata", "creationTimestamp")) ?? 0;
  const readyCondition = condition(raw, "Ready");
  const ready = readyCondition?.["status"] === "True";
  const node = text(dig(raw, "spec", "nodeName"));
  const readySince = ready ? (instant(readyCondition["lastTransitionTime"]) ?? created) : undefined;
  const unreadySince = ready ? undefined : instant(readyCondition?.["lastTransitionTime"]);
  const terminatingSince = endOf(raw, instant(readyCondition?.["lastTransitionTime"]) ?? created);
  const unschedulable = unschedulableOf(raw, created);
  const pod = {
    uid,
    name,
    podTemplateHash,
    created,
    ready,
    ...(node === undefined ? {} : { node }),
    ...(readySince === undefined ? {} : { readySince }),
    ...(unreadySince === undefined ? {} : { unreadySince }),
    ...(terminatingSince === undefined ? {} : { terminatingSince }),
    containers: ["initContainerStatuses", "containerStatuses"].flatMap((list) =>
      objects(dig(raw, "status", list)).map((status) => withLimits(parseContainer(status), status, raw)),
    ),
    ...(unschedulable === undefined ? {} : { unschedulable }),
  };
  return { pod, replicaSetUid };
}

/**
 * When the pod was told to go. The API writes when it must be gone, a grace period later.
 * A pod that was evicted or refused by its node stays as an object, but its ReplicaSet has replaced it: it counts as told to go.
 */
function endOf(raw: RawObject, failedSince: Ms): Ms | undefined {
  const deadline = instant(dig(raw, "metadata", "deletionTimestamp"));
  const graceSeconds = number(dig(raw, "metadata", "deletionGracePeriodSeconds")) ?? 0;
  if (deadline !== undefined) return deadline - graceSeconds * 1000;
  const phase = dig(raw, "status", "phase");
  return phase === "Failed" || phase === "Succeeded" ? failedSince : undefined;
}

function unschedulableOf(raw: RawObject, created: Ms): PodState["unschedulable"] {
  const scheduled = condition(raw, "PodScheduled");
  if (scheduled?.["status"] !== "False" || scheduled["reason"] !== "Unschedulable") return undefined;
  return { message: text(scheduled["message"]) ?? "", since: instant(scheduled["lastTransitionTime"]) ?? created };
}

function parseContainer(status: RawObject): ContainerState {
  const waiting = dig(status, "state", "waiting");
  const now = dig(status, "state", "terminated");
  const terminated = isObject(now) ? now : dig(status, "lastState", "terminated");
  return {
    name: text(status["name"]) ?? "",
    ready: status["ready"] === true,
    restarts: number(status["restartCount"]) ?? 0,
    ...(isObject(waiting) ? { waiting: { reason: text(waiting["reason"]) ?? "", message: text(waiting["message"]) ?? "" } } : {}),
    ...(isObject(terminated) ? { terminated: parseTerminated(terminated) } : {}),
  };
}

/** As resized in place where the node says so, else as written. Init containers end before anything is judged, unless they are sidecars. */
function withLimits(state: ContainerState, status: RawObject, pod: RawObject): ContainerState {
  const sidecars = objects(dig(pod, "spec", "initContainers")).filter((each) => each["restartPolicy"] === "Always");
  const written = [...objects(dig(pod, "spec", "containers")), ...sidecars].find((each) => each["name"] === state.name);
  if (written === undefined) return state;
  const limit = (resource: string) =>
    parseQuantity(dig(status, "resources", "limits", resource)) ?? parseQuantity(dig(written, "resources", "limits", resource));
  const [cpu, memory] = [limit("cpu"), limit("memory")];
  return { ...state, limits: { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) } };
}

function parseTerminated(terminated: RawObject): NonNullable<ContainerState["terminated"]> {
  return {
    reason: text(terminated["reason"]) ?? "",
    exitCode: number(terminated["exitCode"]) ?? 0,
    at: instant(terminated["finishedAt"]) ?? 0,
  };
}

function condition(raw: RawObject, type: string): RawObject | undefined {
  return objects(dig(raw, "status", "conditions")).find((each) => each["type"] === type);
}
