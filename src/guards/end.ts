import { reaches } from "../judging/combine.ts";
import { countsToPass, neededToPass, type SignalState } from "../judging/signal.ts";
import type { Decision } from "../entry.ts";
import type { Ms, Workload } from "../model.ts";
import type { Reason, Verdict } from "../reason.ts";
import { silenceOf } from "../policies/policy.ts";
import type { Ask } from "./ask.ts";
import { breachedVerdicts } from "./breach.ts";
import { lastProgress } from "./progress.ts";
import { extensionOf } from "./silence.ts";

/** How long after the end of the window pods may be on their way to readiness. */
const RECOVERY_MS: Ms = 120_000;

/** The window is over: passed with enough data, inconclusive without or in doubt, unresolved when a breach could not be acted upon. */
export function decideEnd(ask: Ask, workload: Workload): Decision | undefined {
  if (ask.now < endsAt(ask) || !ask.judgement.caughtUp) return undefined;
  const bad = breachedVerdicts(ask);
  if (ask.standing.phase === "breached" || bad.length > 0) return unresolved(bad, "the breach was not acted upon");
  const verdicts = [...Object.values(ask.judgement.verdicts), ...ask.rules];
  const holds = verdicts.filter((verdict) => verdict.state === "hold");
  if (holds.length > 0) return unresolved(holds, "the rollout is on hold for a person to decide");
  const doubts = verdicts.filter((verdict) => verdict.state === "warn").flatMap((verdict) => verdict.because);
  if (doubts.length > 0) {
    const detail = "the window ended while this was in doubt: too little for a rollback, too much to call the revision good";
    return { kind: "finish", phase: "inconclusive", because: [...doubts, { code: "limitation", detail }] };
  }
  if (ask.standing.completedAt === undefined) {
    const detail =
      workload.desired === 0 ? "the workload has no replicas: nothing ran, nothing was judged" : "the rollout never became complete";
    return { kind: "finish", phase: "inconclusive", because: [{ code: "limitation", detail }] };
  }
  const short = [
    ...Object.entries(ask.judgement.counted).flatMap(([signal, state]) => undecided(ask, signal, state)),
    ...ask.rules.flatMap((verdict) => unknown(ask, verdict)),
  ];
  if (short.length > 0) return { kind: "finish", phase: "inconclusive", because: short };
  // Pods that are only just not ready come back or prove to be in trouble.
  if (ask.now < endsAt(ask) + RECOVERY_MS && ask.rules.some(hasUnready)) return undefined;
  return { kind: "finish", phase: "passed", because: verdicts.flatMap((verdict) => verdict.because) };
}

/**
 * End of the window: after completion, or, for a rollout that never completes, after its own deadline, which begins again whenever it
 * moves and with the end of a pause. Under a brake there is no end: it stays until the evidence or a person decides. Where the policy says
 * so, a silence moves the end by as long as it lasted.
 */
export function endsAt(ask: Ask): Ms {
  const { rollout, policy } = ask.record;
  const { completedAt, braked, releasedAt } = ask.standing;
  if (completedAt !== undefined) return completedAt + policy.spec.window + extensionOf(ask);
  if (braked) return Infinity;
  return Math.max(lastProgress(rollout, ask.pods), releasedAt ?? 0) + rollout.progressDeadline + policy.spec.window + extensionOf(ask);
}

/** Nobody judged for a whole window after the end: people have lived with the revision since, and nothing is done to it unasked. */
export function isOverdue(ask: Ask): boolean {
  return ask.now >= endsAt(ask) + Math.max(ask.record.policy.spec.window, 300_000);
}

/** Some of the pods that pass so far are not ready. */
export function hasUnready({ because }: Verdict): boolean {
  return because.some((reason) => reason.code === "pods-ready" && reason.ready < reason.of);
}

function unresolved(verdicts: readonly Verdict[], detail: string): Decision {
  const because = [...verdicts.flatMap((verdict) => verdict.because), { code: "limitation", detail } as const];
  return { kind: "finish", phase: "unresolved", because };
}

function undecided(ask: Ask, signal: string, state: SignalState): readonly Reason[] {
  const missing = tooLittle(ask, signal, state);
  const verdict = ask.judgement.verdicts[signal];
  return missing.length > 0 || verdict?.state !== "inconclusive" ? missing : verdict.because;
}

/** A dead source never passes, nor do a few requests. */
function tooLittle(ask: Ask, signal: string, state: SignalState): readonly Reason[] {
  const needed = neededToPass(state.limits);
  const unit = state.limits.unit === undefined ? {} : { unit: state.limits.unit };
  const silence = ask.judgement.silences[signal];
  const forMs = silence === undefined ? 0 : ask.now - silence.since;
  const isDead = silence !== undefined && silence.outcome !== "too-few";
  if (isDead && (state.total === 0 || forMs >= silenceOf(ask.record.policy, silence.outcome).after)) {
    return [{ code: "no-usable-data", signal, outcome: silence.outcome, detail: silence.detail, forMs, ...unit }];
  }
  const { total } = countsToPass(state);
  return reaches(total, needed) ? [] : [{ code: "not-enough-requests", signal, total, needed, ...unit }];
}

/** A rule that has seen nothing cannot have passed, nor one that sees no pod ready. */
function unknown(ask: Ask, { signal, state, because }: Verdict): readonly Reason[] {
  const isIdle = because.some((reason) => reason.code === "pods-ready" && reason.of > 0 && reason.ready === 0);
  if (isIdle) return ask.now < endsAt(ask) + RECOVERY_MS ? [] : because;
  const seen = because.every((reason) => reason.code !== "pods-ready" || reason.of > 0);
  if (state !== "inconclusive" && seen) return [];
  // The rule itself knows best what it lacks.
  if (state === "inconclusive" && because.length > 0) return because;
  const silence = ask.judgement.silences[signal];
  if (silence === undefined) return [{ code: "limitation", detail: `${signal}: nothing was seen to judge by` }];
  const { outcome, detail, since } = silence;
  return [{ code: "no-usable-data", signal, outcome, detail, forMs: ask.now - since }];
}
