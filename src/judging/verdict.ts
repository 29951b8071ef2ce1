// From the state of a signal to a verdict with its arithmetic: docs/judging.md: the formula.
import type { Ms } from "../model.ts";
import type { OwnBound, Reason, Verdict } from "../reason.ts";
import { combineEvidence, type GuardEvidence, reaches } from "./combine.ts";
import { leastWithout, groupOf } from "./leave-one-out.ts";
import { POD_MINUTES } from "./unit.ts";
import { countsToPass, neededToPass, type SignalState, withoutOnePod } from "./signal.ts";

export interface VerdictInput {
  readonly signal: string;
  /** What is counted: "requests", "events". */
  readonly unit: string;
  readonly now: Ms;
  /** After this long without a usable block the signal cannot tell. */
  readonly noDataAfterMs: Ms;
  /** Evidence of all signals of the guard; absent for a signal that is alone. */
  readonly guard?: GuardEvidence;
  readonly nodeOf?: (pod: string) => string;
  /** The hold under which the signal is while its revision suffers together with other workloads. */
  readonly environment?: Reason;
  /** Of a latency against the old revision's own. */
  readonly ownBound?: OwnBound;
  readonly slowerThanMs?: Ms;
  readonly seenBy?: "callers" | "service";
}

/**
 * breach: rollback is due and every leave-one-out process agrees. hold: lasting suspect-pod or shared-degradation. warn: evidence for a brake.
 * inconclusive: no usable data, or fewer than 3/limit requests so far. Otherwise pass (so far).
 */
export function verdictOf(state: SignalState, input: VerdictInput): Verdict {
  const own = {
    signal: input.signal,
    weight: state.limits.weight,
    evidence: state.evidence.e,
    withoutOnePod: withoutOnePod(state),
  };
  const alone = combineEvidence([own], state.limits.alpha);
  const leads = input.guard?.leading === input.signal;
  const due = leads && input.guard !== undefined ? input.guard : alone;
  const verdict = (kind: Verdict["state"], ...because: readonly Reason[]): Verdict => ({ signal: input.signal, state: kind, because });

  if (due.firesRollback) return verdict("breach", evidenceReason(state, input, due), ...aboveLimit(state, input));
  if (due.firesFull && isSuspect(state)) return verdict("hold", suspectReason(state, input), evidenceReason(state, input, due));
  if (state.shared.lasting) return verdict("hold", input.environment ?? sharedReason(state, input));
  if (due.firesBrake) return verdict("warn", evidenceReason(state, input, due), ...aboveLimit(state, input));
  const needed = neededToPass(state.limits);
  const { total } = countsToPass(state);
  const hasEnough = reaches(total, needed);
  const silence = silenceReason(state, input);
  // A lull after enough requests takes nothing back.
  if (silence !== null && !(hasEnough && state.silence?.outcome === "too-few")) return verdict("inconclusive", silence);
  if (!hasEnough) {
    return verdict("inconclusive", { code: "not-enough-requests", signal: input.signal, total, needed, unit: input.unit });
  }
  const usual = aboveLimit(state, input);
  const within = withinReason(state, input);
  return isBlind(state) ? verdict("inconclusive", ...usual, within) : verdict("pass", within, ...usual);
}

/** So much of the old revision's was bad that nothing the new one does is too much: no reason to undo it, and none to call it good. */
function isBlind(state: SignalState): boolean {
  const { baseline, limit, worseThanOld, exposure } = state.limits;
  const { total, bad } = countsToPass(state);
  return exposure !== true && bad > limit * total && reaches(worseThanOld * (baseline?.upper ?? 0), 1);
}

/** As many blocks as a rollback itself needs; at once where only several signals together call for it. */
function isSuspect({ suspectBlocks, audit }: SignalState): boolean {
  return suspectBlocks === 0 || suspectBlocks >= (audit.findLast((block) => block.burn !== null)?.sustainBlocks ?? 0);
}

function evidenceReason(state: SignalState, input: VerdictInput, due: GuardEvidence): Reason {
  const { limits, stretch } = state;
  const last = state.audit.findLast((block) => block.burn !== null);
  const total = stretch?.newTotal ?? state.total;
  const bad = stretch?.newBad ?? state.bad;
  const badRatio = ratio(bad, total) ?? 0;
  const effective = last?.effectiveLimit ?? limits.limit;
  return {
    code: "evidence",
    signal: input.signal,
    evidence: due.evidence,
    needed: due.needed,
    badRatio,
    burn: badRatio / effective,
    effectiveLimit: effective,
    limitSource: last?.limitSource ?? "limit",
    limit: limits.limit,
    oldRatio: stretch === null ? null : ratio(stretch.oldBad, stretch.oldTotal),
    baselineRatio: limits.baseline === null ? null : ratio(limits.baseline.bad, limits.baseline.total),
    total,
    bad,
    blocks: stretch?.blocks ?? 0,
    unit: input.unit,
    ...(limits.mode === undefined || limits.mode === "burn" ? {} : { mode: limits.mode }),
    ...(input.ownBound === undefined ? {} : { ownBound: input.ownBound }),
    ...(input.slowerThanMs === undefined ? {} : { slowerThanMs: input.slowerThanMs }),
    ...(input.seenBy === undefined ? {} : { seenBy: input.seenBy }),
  };
}

/** The pod without which there would be least evidence; of a group, its worst member. */
function suspectReason(state: SignalState, input: VerdictInput): Reason {
  const least = leastWithout(state.leaveOneOut);
  let pod = "";
  let worst = -1;
  for (const [name, counts] of state.pods) {
    const rate = ratio(counts.bad, counts.total) ?? 0;
    const meant = least === null || (least.grouped ? groupOf(name) : name) === least.member;
    if (!meant || rate <= worst) continue;
    pod = name;
    worst = rate;
  }
  const counts = state.pods.get(pod) ?? { total: 0, bad: 0 };
  return {
    code: "suspect-pod",
    signal: input.signal,
    pod,
    node: input.nodeOf?.(pod) ?? "",
    badRatio: ratio(counts.bad, counts.total) ?? 0,
    withoutIt: ratio(state.bad - counts.bad, state.total - counts.total) ?? 0,
    ...rateOf(input.unit),
    ...(input.seenBy === undefined ? {} : { seenBy: input.seenBy }),
  };
}

function sharedReason({ shared, limits }: SignalState, { signal, unit }: VerdictInput): Reason {
  const { fresh, old, blocks } = shared;
  const [newRatio, oldRatio] = [ratio(fresh.bad, fresh.total) ?? 0, ratio(old.bad, old.total) ?? 0];
  return { code: "shared-degradation", signal, newRatio, oldRatio, limit: limits.limit, blocks, ...rateOf(unit) };
}

function silenceReason(state: SignalState, { signal, unit, now, noDataAfterMs }: VerdictInput): Reason | null {
  const { silence } = state;
  if (silence === null || now - silence.since < noDataAfterMs) return null;
  return { code: "no-usable-data", signal, outcome: silence.outcome, detail: silence.detail, forMs: now - silence.since, unit };
}

function withinReason(state: SignalState, { signal, unit, ownBound, slowerThanMs }: VerdictInput): Reason {
  const { evidence, limits } = state;
  const { total, bad } = countsToPass(state);
  const badRatio = ratio(bad, total) ?? 0;
  const effective = Math.max(limits.limit, ...state.audit.map((block) => block.effectiveLimit));
  return {
    code: "within-limits",
    signal,
    total,
    bad,
    badRatio,
    limit: limits.limit,
    ...(badRatio > limits.limit ? { effectiveLimit: effective } : {}),
    evidence: evidence.e,
    ...(ownBound === undefined ? {} : { ownBound }),
    ...(slowerThanMs === undefined ? {} : { slowerThanMs }),
    ...rateOf(unit),
  };
}

/** The old revision was over the plain limit before the rollout: the message must say "already 5.0 % before this rollout". */
function aboveLimit(state: SignalState, { signal, unit }: VerdictInput): readonly Reason[] {
  const { limits } = state;
  const before = limits.baseline === null ? null : ratio(limits.baseline.bad, limits.baseline.total);
  if (before === null || before <= limits.limit) return [];
  const effective = Math.max(limits.limit, limits.worseThanOld * (limits.baseline?.upper ?? 0));
  return [{ code: "baseline-above-limit", signal, baselineRatio: before, limit: limits.limit, effectiveLimit: effective, ...rateOf(unit) }];
}

/** Told only where it is no share, so that a reader without it sees per cent. */
function rateOf(unit: string): { readonly unit?: string } {
  return unit === POD_MINUTES ? { unit } : {};
}

function ratio(bad: number, total: number): number | null {
  return total > 0 ? bad / total : null;
}
