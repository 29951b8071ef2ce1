import { combineEvidence } from "../judging/combine.ts";
import { judgePods } from "../judging/pods.ts";
import { type SignalState, withoutOnePod } from "../judging/signal.ts";
import { thresholdVerdict } from "../judging/threshold.ts";
import { verdictOf } from "../judging/verdict.ts";
import type { Ms, Verdict, Workload } from "../model.ts";
import { isComplete, type Judgement } from "./ask.ts";
import { type GuardRun, thresholdRule, underConfidence } from "./run.ts";

const QUIET_BELOW = 10;

/** What the folded measurements say at `now`: verdict of every counted signal and their common evidence. */
export function judgementOf(run: GuardRun, now: Ms): Judgement {
  const sharing = underConfidence(run.record.policy);
  const shares = sharing.flatMap((signal) => {
    const state = run.counted[signal];
    if (state === undefined) return [];
    return [{ signal, weight: state.limits.weight, evidence: state.evidence.e, withoutOnePod: withoutOnePod(state) }];
  });
  const { policy, pods } = run.record;
  const guard = combineEvidence(shares, 1 - policy.spec.confidence);
  const nodeOf = (name: string) => pods.find((pod) => pod.name === name)?.node ?? "unknown";
  const verdicts = Object.entries(run.counted).map(([signal, state]): [string, Verdict] => [
    signal,
    verdictOf(state, {
      signal,
      unit: "requests",
      now,
      noDataAfterMs: policy.spec.noData.after,
      nodeOf,
      ...(sharing.includes(signal) ? { guard } : {}),
    }),
  ]);
  const capable = sharing.flatMap((signal) => run.counted[signal] ?? []);
  return {
    guard,
    verdicts: Object.fromEntries(verdicts),
    counted: run.counted,
    silences: silencesOf(run),
    quietBlocks: Math.min(Infinity, ...capable.map(quietBlocksOf)),
    lastRequestsAt: capable.reduce<Ms | null>((last, state) => later(last, state.lastUsableAt), null),
  };
}

/** Verdicts of the rules outside the bound: pod state as it is now, promql as it was folded. */
export function rulesOf(run: GuardRun, workload: Workload, now: Ms): readonly Verdict[] {
  const { record, standing, pace } = run;
  return Object.entries(run.signals).flatMap(([name, signal]): Verdict[] => {
    const threshold = run.thresholds[name];
    if (signal.kind === "promql" && threshold !== undefined) {
      return [thresholdVerdict(threshold, thresholdRule(signal, pace), name, now, record.policy.spec.noData.after)];
    }
    if (signal.kind !== "pods") return [];
    const verdict = judgePods({
      signal: name,
      pods: record.pods,
      newHash: record.rollout.new.podTemplateHash,
      restarts: signal.restarts,
      stuckForMs: signal.stuckForMs,
      now,
      progress: {
        deadlineMs: record.rollout.progressDeadline,
        unpausedForMs: workload.paused ? 0 : sinceProgress(run, now),
        complete: standing.completedAt !== undefined || isComplete(workload),
      },
    });
    return [verdict];
  });
}

/** Time since the rollout last moved: the deadline starts again with every pod that becomes ready and with the end of a pause. */
function sinceProgress({ record, standing }: GuardRun, now: Ms): Ms {
  const ready = record.pods.filter((pod) => pod.podTemplateHash === record.rollout.new.podTemplateHash).map((pod) => pod.readySince ?? 0);
  return now - Math.max(record.rollout.startedAt, standing.releasedAt ?? 0, ...ready);
}

function silencesOf(run: GuardRun): Judgement["silences"] {
  const states = [...Object.entries(run.counted), ...Object.entries(run.thresholds)];
  return Object.fromEntries(states.flatMap(([signal, { silence }]) => (silence === null ? [] : [[signal, silence]])));
}

/** Trailing blocks with requests in which the signal's weighted evidence was low. */
function quietBlocksOf(state: SignalState): number {
  const withRequests = state.audit.filter((block) => block.newTotal > 0);
  const loud = withRequests.findLastIndex((block) => block.evidence * state.limits.weight >= QUIET_BELOW);
  return withRequests.length - 1 - loud;
}

function later(one: Ms | null, other: Ms | null): Ms | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}
