// What keeps one pod from becoming ready, in the words of those who tried to start it.
import type { Ailment, NeededObject } from "../diagnosis.ts";
import type { Ms } from "../model.ts";

export interface SeenEvent {
  readonly reason: string;
  readonly message: string;
  readonly at: Ms;
}

export interface SeenContainer {
  readonly name: string;
  readonly image: string;
  /** Has to end before the others begin. */
  readonly init: boolean;
  readonly ready: boolean;
  readonly restarts: number;
  readonly running: boolean;
  readonly waiting?: { readonly reason: string; readonly message: string };
  /** How it ended last, now or before its restart. */
  readonly ended?: { readonly reason: string; readonly message: string; readonly exitCode: number };
}

export interface SeenPod {
  readonly name: string;
  readonly node?: string;
  readonly ready: boolean;
  /** Why the scheduler has no node for it. */
  readonly unschedulable?: string;
  /** Its node or the API server has ended it: Evicted and the like. */
  readonly failed?: { readonly reason: string; readonly message: string };
  readonly containers: readonly SeenContainer[];
  readonly events: readonly SeenEvent[];
}

export interface PodAilment {
  readonly ailment: Ailment;
  readonly words: string;
  readonly container?: string;
  readonly image?: string;
  readonly exitCode?: number;
  readonly object?: NeededObject;
}

const IMAGE = /^(ErrImage|ImagePull|InvalidImage|ImageInspect|RegistryUnavailable|SignatureValidation)/;
const CONFIG = /^(CreateContainer(Config)?Error|RunContainerError|PreCreateHookError|PreStartHookError|PostStartHookError)$/;
/** The runtime has no process to show for it: a command that is not there, or may not be run. */
const NO_PROCESS = /^(StartError|ContainerCannotRun)$/;

/** The gravest thing that is wrong with a pod that is not ready: what comes first on its way to readiness. */
export function podAilment(pod: SeenPod): PodAilment {
  if (pod.failed !== undefined) return { ailment: "evicted", words: `${pod.failed.reason}: ${pod.failed.message}` };
  if (pod.unschedulable !== undefined) {
    return { ailment: "unschedulable", words: pod.unschedulable === "" ? said(pod, /^FailedScheduling$/) : pod.unschedulable };
  }
  for (const container of pod.containers) {
    const found = stuck(container, pod) ?? ended(container, pod);
    if (found !== undefined) return { ...found, container: container.name, image: container.image };
  }
  return notBegun(pod) ?? notReady(pod);
}

/** `secret "db" not found`, `configmap "shop" not found`, as the kubelet says it of a volume or a variable. */
export function missingObject(words: string): NeededObject | undefined {
  const [, kind, name] = /\b(configmap|secret)s? "([^"]+)" not found/i.exec(words) ?? [];
  if (kind === undefined || name === undefined) return undefined;
  return { kind: kind.toLowerCase() === "secret" ? "Secret" : "ConfigMap", name: name.split("/").at(-1) ?? name };
}

function stuck({ waiting }: SeenContainer, pod: SeenPod): PodAilment | undefined {
  if (waiting === undefined) return undefined;
  const { reason, message } = waiting;
  // "Back-off pulling image" says only that it waits; what the registry said is in an Event, on older versions only there.
  if (IMAGE.test(reason)) {
    const told = said(pod, /^Failed$/, /^(?!Error: \w+$).*pull/i);
    return { ailment: "image-pull", words: told !== "" && /^back-off/i.test(message) ? told : `${reason}: ${message}` };
  }
  if (!CONFIG.test(reason)) return undefined;
  const object = missingObject(message);
  return object === undefined
    ? { ailment: "bad-config", words: `${reason}: ${message}` }
    : { ailment: "missing-object", words: message, object };
}

function ended(container: SeenContainer, pod: SeenPod): PodAilment | undefined {
  const { ended: end, waiting, restarts, running, init } = container;
  if (end === undefined || (init && end.exitCode === 0)) return undefined;
  // One that runs again and is only not ready yet crashed once, long ago perhaps.
  if (container.ready || (running && restarts === 0)) return undefined;
  const { exitCode } = end;
  if (end.reason === "OOMKilled") return { ailment: "out-of-memory", words: end.message, exitCode };
  if (NO_PROCESS.test(end.reason)) return { ailment: "cannot-run", words: end.message, exitCode };
  const killed = said(pod, /^(Unhealthy|Killing)$/, /liveness|startup probe/i);
  if ((exitCode === 137 || exitCode === 143) && killed !== "") return { ailment: "liveness", words: killed, exitCode };
  const waits = waiting?.reason === "CrashLoopBackOff" ? "" : (waiting?.reason ?? "");
  return { ailment: "crash", words: end.message === "" ? waits : end.message, exitCode };
}

/** Containers that wait for something of their pod: a volume, an address, an init container. */
function notBegun(pod: SeenPod): PodAilment | undefined {
  if (!pod.containers.some(({ waiting }) => waiting !== undefined) && pod.containers.length > 0) return undefined;
  const mount = said(pod, /^(FailedMount|FailedAttachVolume|FailedMapVolume)$/);
  if (mount !== "") {
    const object = missingObject(mount);
    return object === undefined ? { ailment: "mount", words: mount } : { ailment: "missing-object", words: mount, object };
  }
  const network = said(pod, /^(FailedCreatePodSandBox|NetworkNotReady|FailedPodSandBoxStatus)$/);
  if (network !== "") return { ailment: "sandbox", words: network };
  const init = pod.containers.find((container) => container.init && container.running);
  if (init !== undefined) return { ailment: "init", words: "", container: init.name, image: init.image };
  return { ailment: "unknown", words: pod.events.at(-1)?.message ?? "" };
}

function notReady(pod: SeenPod): PodAilment {
  const failing = pod.containers.find(({ ready, init }) => !ready && !init);
  const where = failing === undefined ? {} : { container: failing.name, image: failing.image };
  const starts = said(pod, /^Unhealthy$/, /startup probe/i);
  if (starts !== "") return { ailment: "startup", words: starts, ...where };
  const reads = said(pod, /^Unhealthy$/, /readiness probe/i);
  if (reads !== "") return { ailment: "readiness", words: reads, ...where };
  // All is ready but the pod: a readiness gate, or its node.
  return failing === undefined ? { ailment: "unknown", words: "" } : { ailment: "readiness", words: "", ...where };
}

/** The newest Event of this reason whose message fits. */
function said({ events }: SeenPod, reason: RegExp, message = /(?:)/): string {
  return events.findLast((event) => reason.test(event.reason) && message.test(event.message))?.message ?? "";
}
