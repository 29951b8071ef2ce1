// What is wrong with one pod, read from its containers alone.
import type { ContainerState, Ms, PodState, PodTrouble } from "../model.ts";

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
  if (crashing !== undefined && crashing.restarts > 0 && !crashing.ready) {
    return { trouble: "crash-loop", pod, detail: crashDetail(crashing), since: pod.created, ripe: false };
  }
  return null;
}

function crashDetail({ name, restarts, terminated, waiting }: ContainerState): string {
  const ended = terminated === undefined ? "" : `, last exit code ${terminated.exitCode} (${terminated.reason})`;
  const waits = waiting === undefined ? "" : `, ${waiting.reason}`;
  return `container ${name} restarted ${restarts} ${restarts === 1 ? "time" : "times"}${ended}${waits}`;
}
