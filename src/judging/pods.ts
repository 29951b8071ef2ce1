// Deterministic rules on pods: seconds, no metric, outside the statistical bound.
import type { Ms, PodState, PodTrouble, Reason, Verdict } from "../model.ts";
import { type PodFinding, type PodRule, podTrouble } from "./pod-trouble.ts";

const OTHERS_READY = 2;

export interface RolloutProgress {
  readonly deadlineMs: Ms;
  /** Time since the rollout last made progress, pauses left out: Kubernetes stops its own clock while paused. */
  readonly unpausedForMs: Ms;
  readonly complete: boolean;
}

export interface PodsInput extends PodRule {
  readonly signal: string;
  readonly pods: readonly PodState[];
  readonly newHash: string;
  /** Last completed revision; without it every other pod counts as old. */
  readonly oldHash?: string;
  readonly now: Ms;
  readonly progress?: RolloutProgress;
}

/** A trouble that would be a breach by itself, with the pods it has hit. */
interface Trouble {
  readonly trouble: PodTrouble;
  readonly pods: readonly PodState[];
  readonly detail: string;
  readonly forMs: Ms;
}

/**
 * breach: new pods are in lasting trouble. hold: old pods share it, or it is one pod among ready ones. warn: trouble that has not lasted
 * yet. Otherwise pass. Pods that are gone or being deleted count for nothing.
 */
export function judgePods(input: PodsInput): Verdict {
  const { signal, now } = input;
  const alive = input.pods.filter((pod) => pod.gone === undefined && pod.terminatingSince === undefined);
  const fresh = alive.filter((pod) => pod.podTemplateHash === input.newHash);
  const old = alive.filter(
    (pod) => pod.podTemplateHash !== input.newHash && (input.oldHash ?? pod.podTemplateHash) === pod.podTemplateHash,
  );
  const findings = fresh.flatMap((pod) => podTrouble(pod, input, now) ?? []);
  const troubles = ripeTroubles(findings, now);
  if (troubles.length === 0) troubles.push(...stalled(fresh, input.progress));

  const breaches: Reason[] = [];
  const holds: Reason[] = [];
  for (const trouble of troubles) {
    const reason = podsReason(signal, trouble, fresh.length);
    const excuse = suspectPod(signal, troubles, fresh) ?? sharedWithOld(trouble, fresh, old, input);
    if (excuse === null) breaches.push(reason);
    else holds.push(excuse, reason);
  }
  if (breaches.length > 0) return { signal, state: "breach", because: [...breaches, ...holds] };
  if (holds.length > 0) return { signal, state: "hold", because: holds };
  const early = findings.map((finding) => podsReason(signal, troubleOf(finding.trouble, [finding], now), fresh.length));
  if (early.length > 0) return { signal, state: "warn", because: early };
  const ready = fresh.filter((pod) => pod.ready).length;
  const afterMs = fresh.length === 0 ? 0 : now - Math.min(...fresh.map((pod) => pod.created));
  return { signal, state: "pass", because: [{ code: "pods-ready", ready, of: fresh.length, afterMs }] };
}

function ripeTroubles(findings: readonly PodFinding[], now: Ms): Trouble[] {
  const byTrouble = Map.groupBy(
    findings.filter((finding) => finding.ripe),
    (finding) => finding.trouble,
  );
  return [...byTrouble].map(([trouble, found]) => troubleOf(trouble, found, now));
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

/** One pod of several: a node, a volume, bad luck. Not the revision while at least two of its siblings are ready. */
function suspectPod(signal: string, troubles: readonly Trouble[], fresh: readonly PodState[]): Reason | null {
  const hit = new Set(troubles.flatMap((trouble) => trouble.pods));
  const [pod] = hit;
  if (pod === undefined || hit.size !== 1) return null;
  if (fresh.filter((other) => other !== pod && other.ready).length < OTHERS_READY) return null;
  return { code: "suspect-pod", signal, pod: pod.name, node: pod.node ?? "", badRatio: 1, withoutIt: 0 };
}

/**
 * The cluster's trouble, not the revision's: old pods have it too. One old pod without a node, an image or its configuration is proof
 * enough; a restart can be its own fault, so crash loops and unready pods must be at least half as common among the old as among the new.
 */
function sharedWithOld(trouble: Trouble, fresh: readonly PodState[], old: readonly PodState[], input: PodsInput): Reason | null {
  const began = Math.min(...fresh.map((pod) => pod.created));
  const hit = old.filter((pod) => hasSameTrouble(pod, trouble.trouble, began, input));
  const common = hit.length / old.length >= trouble.pods.length / fresh.length / 2;
  const ownFault = trouble.trouble === "crash-loop" || trouble.trouble === "never-ready" || trouble.trouble === "progress-deadline";
  if (hit.length === 0 || (ownFault && !common)) return null;
  const detail = `${hit.length} of ${old.length} pods of the old revision are in the same trouble (${trouble.trouble}): not the revision's fault`;
  return { code: "limitation", detail };
}

/** A crash is only the same trouble if it happened while the new pods were there. */
function hasSameTrouble(pod: PodState, trouble: PodTrouble, began: Ms, input: PodsInput): boolean {
  if (trouble === "never-ready" || trouble === "progress-deadline") return !pod.ready;
  if (trouble !== "crash-loop") return podTrouble(pod, input, input.now)?.trouble === trouble;
  return pod.containers.some(({ restarts, ready, terminated }) => restarts > 0 && !ready && (terminated?.at ?? 0) >= began);
}

function podsReason(signal: string, { trouble, pods, detail, forMs }: Trouble, of: number): Reason {
  return { code: "pods", signal, trouble, pods: pods.map((pod) => pod.name), of, detail, forMs };
}
