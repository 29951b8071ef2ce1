import type { SignalState } from "../judging/signal.ts";
import type { Decision, Ms, Reason, Workload } from "../model.ts";
import { type Ask, isComplete } from "./ask.ts";

/** The window is over: passed with enough data, inconclusive without, unresolved when a breach could not be acted upon. */
export function decideEnd(ask: Ask, workload: Workload): Decision | undefined {
  if (ask.now < endsAt(ask)) return undefined;
  if (ask.standing.phase === "breached" || ask.standing.held) return { kind: "finish", phase: "unresolved", because: whyNotActed(ask) };
  if (!isComplete(workload)) {
    return { kind: "finish", phase: "inconclusive", because: [{ code: "limitation", detail: "the rollout never became complete" }] };
  }
  const short = Object.entries(ask.judgement.counted).flatMap(([signal, state]) => tooLittle(ask, signal, state));
  if (short.length > 0) return { kind: "finish", phase: "inconclusive", because: short };
  const because = [...Object.values(ask.judgement.verdicts), ...ask.rules].flatMap((verdict) => verdict.because);
  return { kind: "finish", phase: "passed", because };
}

/** End of the window: after completion, or, for a rollout that never completes, after its own deadline. */
export function endsAt(ask: Ask): Ms {
  const { rollout, policy } = ask.record;
  const { completedAt, brakedFor, braked, brakedAt } = ask.standing;
  if (completedAt !== undefined) return completedAt + policy.spec.window;
  const brakedNow = braked && brakedAt !== undefined ? ask.now - brakedAt : 0;
  return rollout.startedAt + rollout.progressDeadline + policy.spec.window + brakedFor + brakedNow;
}

/** Three bad requests at the limit are the least from which "within limits" may be said (judging.md 4.2). */
function tooLittle(ask: Ask, signal: string, state: SignalState): readonly Reason[] {
  const needed = Math.ceil(3 / state.limits.limit);
  if (state.total >= needed) return [];
  const silence = ask.judgement.silences[signal];
  if (state.total === 0 && silence !== undefined && silence.outcome !== "too-few") {
    return [{ code: "no-usable-data", signal, outcome: silence.outcome, detail: silence.detail, forMs: ask.now - silence.since }];
  }
  return [{ code: "not-enough-requests", signal, total: state.total, needed }];
}

/** What was recorded when it was withheld or held: the end says it again, because somebody has to do something about it. */
function whyNotActed(ask: Ask): readonly Reason[] {
  const last = ask.record.entries.findLast((entry) => entry.kind === "withheld" || entry.kind === "held");
  return last?.kind === "withheld" || last?.kind === "held" ? last.because : [];
}
