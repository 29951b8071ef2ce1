// Deterministic rules on pods: seconds, no metric, outside the statistical bound.
import type { Ms, PodState } from "../model.ts";
import type { PodTrouble, Reason, Verdict } from "../reason.ts";
import { excuseOf, type OtherWorkload, type Trouble } from "./pod-excuse.ts";
import { oomKilled, type PodFinding, type PodRule, podTrouble } from "./pod-trouble.ts";

export interface RolloutProgress {
  readonly deadlineMs: Ms;
  /** Time since the rollout last made progress, pauses left out: Kubernetes stops its own clock while paused. */
  readonly unpausedForMs: Ms;
  readonly complete: boolean;
}

export interface PodsInput extends PodRule {
  readonly signal: string;
  /** New pods out of memory that are the revision's fault; no more than `desired` are asked for. */
  readonly oomKills: number;
  /** Pods the workload is to have, now or as the rollout began: the more. */
  readonly desired: number;
  readonly pods: readonly PodState[];
  readonly newHash: string;
  /** Last completed revision; without it every other pod counts as old. */
  readonly oldHash?: string;
  readonly now: Ms;
  readonly progress?: RolloutProgress;
  /** Whose pods are known besides: what fails there too is not this revision's fault. */
  readonly others?: readonly OtherWorkload[];
}

/**
 * breach: new pods are in lasting trouble. hold: something else explains it (`excuseOf`). warn: trouble that has not lasted yet, or a pod
 * that is not ready for no reason of its own. Otherwise pass. Pods that are gone or being deleted count for nothing.
 */
export function judgePods(input: PodsInput): Verdict {
  const { signal, now } = input;
  const alive = input.pods.filter(isAlive);
  const fresh = alive.filter((pod) => pod.podTemplateHash === input.newHash);
  const remembered = input.pods.filter(
    (pod) => pod.podTemplateHash !== input.newHash && (input.oldHash ?? pod.podTemplateHash) === pod.podTemplateHash,
  );
  const findings = fresh.flatMap((pod) => podTrouble(pod, input, now) ?? []);
  const troubles = lastingTroubles(findings, fresh, input);

  // Asked for only where there is trouble to explain.
  const others = troubles.length === 0 ? [] : (input.others ?? []);
  const scene = { signal, troubles, fresh, old: remembered.filter(isAlive), remembered, others, rule: input, now };
  const breaches: Reason[] = [];
  const holds: Reason[] = [];
  for (const trouble of troubles) {
    const reason = podsReason(signal, trouble, fresh.length);
    const excuse = excuseOf(trouble, scene);
    if (excuse === null) breaches.push(reason);
    else holds.push(excuse, reason);
  }
  if (breaches.length > 0) return { signal, state: "breach", because: [...breaches, ...holds] };
  if (holds.length > 0) return { signal, state: "hold", because: holds };
  const doubts = findings.length > 0 ? findings : fresh.flatMap((pod) => lingering(pod, input) ?? []);
  const early = doubts.map((finding) => podsReason(signal, troubleOf(finding.trouble, [finding], now), fresh.length));
  if (early.length > 0) return { signal, state: "warn", because: early };
  const ready = fresh.filter((pod) => pod.ready).length;
  const afterMs = fresh.length === 0 ? 0 : now - Math.min(...fresh.map((pod) => pod.created));
  return { signal, state: "pass", because: [{ code: "pods-ready", ready, of: fresh.length, afterMs }] };
}

function isAlive(pod: PodState): boolean {
  return pod.gone === undefined && pod.terminatingSince === undefined;
}

function lastingTroubles(findings: readonly PodFinding[], fresh: readonly PodState[], input: PodsInput): readonly Trouble[] {
  const { now, progress } = input;
  const outOfMemory = memoryTrouble(fresh, input);
  // That it was the memory says more than that it crashed.
  const ripe = findings.filter(
    ({ ripe: isRipe, trouble, pod }) => isRipe && !(trouble === "crash-loop" && outOfMemory[0]?.pods.includes(pod) === true),
  );
  const byTrouble = Map.groupBy(ripe, (finding) => finding.trouble);
  const troubles = [...outOfMemory, ...[...byTrouble].map(([trouble, found]) => troubleOf(trouble, found, now))];
  return troubles.length > 0 ? troubles : stalled(fresh, progress);
}

/**
 * Kills are counted over the pods: each pod of a leaking revision is killed once, many minutes after its start, long before any restarts
 * twice. A pod that is killed again and again counts once here; it is a crash loop.
 */
function memoryTrouble(fresh: readonly PodState[], { oomKills, desired, now }: PodsInput): readonly Trouble[] {
  const found = fresh.flatMap((pod) => {
    const container = oomKilled(pod);
    return container?.terminated === undefined ? [] : [{ pod, name: container.name, at: container.terminated.at }];
  });
  if (found.length < Math.max(1, Math.min(oomKills, desired))) return [];
  const detail = `container ${found[0]?.name ?? ""} used more memory than it may (OOMKilled)`;
  const forMs = now - Math.min(...found.map(({ at }) => at));
  return [{ trouble: "oom-killed", pods: found.map(({ pod }) => pod), detail, forMs }];
}

function troubleOf(trouble: PodTrouble, found: readonly PodFinding[], now: Ms): Trouble {
  const since = Math.min(...found.map((finding) => finding.since));
  return { trouble, pods: found.map((finding) => finding.pod), detail: found[0]?.detail ?? "", forMs: now - since };
}

/** Nothing more exact is known, but the rollout has outlived its deadline. */
function stalled(fresh: readonly PodState[], progress: RolloutProgress | undefined): readonly Trouble[] {
  if (progress === undefined || progress.complete || progress.unpausedForMs < progress.deadlineMs) return [];
  const forMs = progress.unpausedForMs;
  const never = fresh.filter((pod) => pod.readySince === undefined);
  if (never.length > 0) return [{ trouble: "never-ready", pods: never, detail: "not ready within the progress deadline", forMs }];
  return [{ trouble: "progress-deadline", pods: fresh.filter((pod) => !pod.ready), detail: "no progress within the deadline", forMs }];
}

/**
 * Not ready for long, be it by its node, a readiness gate or a volume: nothing to act upon, and nothing to call good. Until the rollout is
 * complete its deadline looks after that.
 */
function lingering(pod: PodState, { notReadyForMs, progress, now }: PodsInput): PodFinding | null {
  if (progress?.complete !== true || pod.ready) return null;
  const trouble = pod.readySince === undefined ? "never-ready" : "not-ready";
  const allowedMs = trouble === "never-ready" ? progress.deadlineMs : notReadyForMs;
  const since = Math.max(pod.created, pod.unreadySince ?? 0);
  return now - since < allowedMs ? null : { trouble, pod, detail: "", since, ripe: false };
}

function podsReason(signal: string, { trouble, pods, detail, forMs }: Trouble, of: number): Reason {
  return { code: "pods", signal, trouble, pods: pods.map((pod) => pod.name), of, detail, forMs };
}
