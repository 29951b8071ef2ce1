// What is wrong with one pod, read from its containers alone.
import type { ContainerState, Ms, PodState } from "../model.ts";
import type { PodTrouble } from "../reason.ts";

/** kubelet flips between ErrImagePull and ImagePullBackOff while it retries: one trouble. */
const IMAGE_REASONS = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
]);
const CONFIG_REASONS = new Set([
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
  "PreCreateHookError",
  "PreStartHookError",
  "PostStartHookError",
]);

/** A container's end and its pod's readiness are told seconds apart. */
const TOGETHER_MS = 10_000;

/** A trouble of one pod and since when. `ripe`: it has lasted, or happened, as often as the rule asks. */
export interface PodFinding {
  readonly trouble: Exclude<PodTrouble, "progress-deadline">;
  readonly pod: PodState;
  readonly detail: string;
  readonly since: Ms;
  readonly ripe: boolean;
}

export interface PodRule {
  /** Restarts of one container that make a crash loop. */
  readonly restarts: number;
  /** How long a pod may wait for an image, its configuration or a node. */
  readonly stuckForMs: Ms;
  /** How long a pod that was ready may be without it, although its containers run. */
  readonly notReadyForMs: Ms;
  /** How long a pod may take to become ready after its creation or its last restart; absent: only the progress deadline limits it. */
  readonly readyWithinMs?: Ms;
}

/** The gravest trouble of a pod now, or null. A pod that never started has waited since its creation. */
export function podTrouble(pod: PodState, rule: PodRule, now: Ms): PodFinding | null {
  const crashing = pod.containers.toSorted((a, b) => b.restarts - a.restarts)[0];
  if (crashing !== undefined && crashing.restarts >= rule.restarts) {
    return { trouble: "crash-loop", pod, detail: crashDetail(crashing), since: pod.created, ripe: true };
  }
  for (const container of pod.containers) {
    const reason = container.waiting?.reason ?? "";
    const trouble = IMAGE_REASONS.has(reason) ? "image-pull" : CONFIG_REASONS.has(reason) ? "bad-config" : null;
    if (trouble === null) continue;
    const since = container.terminated?.at ?? pod.created;
    const message = container.waiting?.message ?? "";
    const detail = `container ${container.name}: ${reason}${message === "" ? "" : `: ${message}`}`;
    return { trouble, pod, detail, since, ripe: now - since >= rule.stuckForMs };
  }
  if (pod.unschedulable !== undefined) {
    const { message, since } = pod.unschedulable;
    return { trouble: "unschedulable", pod, detail: message, since, ripe: now - since >= rule.stuckForMs };
  }
  const unready = unreadiness(pod, rule, now);
  if (unready !== null) return unready;
  const killed = oomKilled(pod);
  if (killed !== undefined) {
    return { trouble: "oom-killed", pod, detail: crashDetail(killed), since: killed.terminated?.at ?? pod.created, ripe: false };
  }
  const backingOff = pod.containers.find(({ waiting }) => waiting?.reason === "CrashLoopBackOff");
  const once = backingOff ?? pod.containers.find(({ restarts, ready }) => restarts > 0 && !ready);
  if (once === undefined) return null;
  return { trouble: "crash-loop", pod, detail: crashDetail(once), since: pod.created, ripe: false };
}

/**
 * The container of a pod that ended last at its memory limit. A container that succeeded is none, although the kernel may have killed a
 * process in it. One is not yet the revision's fault: how many pods it takes is for all of them together.
 */
export function oomKilled(pod: PodState): ContainerState | undefined {
  return pod.containers.find(({ terminated }) => terminated?.reason === "OOMKilled" && terminated.exitCode !== 0);
}

/** Whether the registry answered that this image is not to be had: then it is up, and its answer is the image's own fault. */
export function isRegistrysAnswer(detail: string): boolean {
  return /InvalidImageName|ErrImageNeverPull|not found|manifest unknown|does not exist|denied|unauthorized/i.test(detail);
}

/**
 * All containers run and one of them is not ready: its probe fails. A pod without readiness whose containers have theirs is its node's
 * (or a readiness gate's) business. One that restarted as it lost its readiness is starting again, and has as long as at its first start.
 */
function unreadiness(pod: PodState, rule: PodRule, now: Ms): PodFinding | null {
  const failing = pod.containers.find((container) => !container.ready);
  if (pod.ready || pod.unreadySince === undefined || failing === undefined) return null;
  if (pod.containers.some(({ waiting }) => waiting !== undefined)) return null;
  const ended = Math.max(...pod.containers.map(({ terminated }) => terminated?.at ?? 0));
  const isStarting = pod.readySince === undefined || ended + TOGETHER_MS >= pod.unreadySince;
  const since = Math.max(pod.created, pod.unreadySince, ended);
  const allowedMs = isStarting ? (rule.readyWithinMs ?? Infinity) : rule.notReadyForMs;
  if (now - since < allowedMs) return null;
  const trouble = pod.readySince === undefined ? "never-ready" : "not-ready";
  return { trouble, pod, detail: `container ${failing.name} runs and is not ready`, since, ripe: true };
}

function crashDetail({ name, restarts, terminated, waiting }: ContainerState): string {
  const ended = terminated === undefined ? "" : `, last exit code ${terminated.exitCode} (${terminated.reason})`;
  const waits = waiting === undefined ? "" : `, ${waiting.reason}`;
  return `container ${name} restarted ${restarts} ${restarts === 1 ? "time" : "times"}${ended}${waits}`;
}
