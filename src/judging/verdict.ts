// From the state of a signal to a verdict with its arithmetic: judging.md 4.2.
import type { Ms, OwnBound, Reason, Verdict } from "../model.ts";
import { combineEvidence, type GuardEvidence, reaches } from "./combine.ts";
import { leastWithout, groupOf } from "./leave-one-out.ts";
import { type SignalState, withoutOnePod } from "./signal.ts";

const SHARED_BLOCKS = 4;
const CONTROL_WINDOW: Ms = 120_000;

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
  /** Of a latency against the old revision's own. */
  readonly ownBound?: OwnBound;
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

  const alike = due.firesFull ? oldIsBadToo(state, input.signal) : null;
  if (alike !== null) return verdict("hold", alike, evidenceReason(state, input, due));
  if (due.firesRollback) return verdict("breach", evidenceReason(state, input, due), ...aboveLimit(state, input.signal));
  if (due.firesFull && isSuspect(state)) return verdict("hold", suspectReason(state, input), evidenceReason(state, input, due));
  if (state.sharedBlocks >= SHARED_BLOCKS) return verdict("hold", sharedReason(state, input.signal));
  if (due.firesBrake) return verdict("warn", evidenceReason(state, input, due), ...aboveLimit(state, input.signal));
  const silence = silenceReason(state, input);
  if (silence !== null) return verdict("inconclusive", silence);
  const needed = Math.ceil(3 / state.limits.limit);
  if (!reaches(state.total, 3 / state.limits.limit)) {
    return verdict("inconclusive", { code: "not-enough-requests", signal: input.signal, total: state.total, needed, unit: input.unit });
  }
  return verdict("pass", withinReason(state, input), ...aboveLimit(state, input.signal));
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
    ...(input.ownBound === undefined ? {} : { ownBound: input.ownBound }),
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
  };
}

function sharedReason(state: SignalState, signal: string): Reason {
  const { limits, stretch, sharedBlocks } = state;
  const shared = state.audit.filter((block) => block.burn !== null).slice(-sharedBlocks);
  const sum = (pick: (block: (typeof shared)[number]) => number): number => shared.reduce((total, block) => total + pick(block), 0);
  return {
    code: "shared-degradation",
    signal,
    newRatio:
      ratio(
        sum((block) => block.newBad),
        sum((block) => block.newTotal),
      ) ?? 0,
    oldRatio:
      ratio(
        sum((block) => block.oldBad),
        sum((block) => block.oldTotal),
      ) ??
      ratio(stretch?.oldBad ?? 0, stretch?.oldTotal ?? 0) ??
      0,
    limit: limits.limit,
    blocks: sharedBlocks,
  };
}

/**
 * The old pods serve too little to be a live control (no S), yet what they served in the last two minutes was bad too: nobody can say
 * then that the new revision is to blame. Only ever withholds, so the bound stays. One error may be chance; two over the limit are not.
 */
function oldIsBadToo({ audit, oldBlocks, limits, stretch }: SignalState, signal: string): Reason | null {
  const last = audit.findLast((block) => block.burn !== null);
  if (last === undefined || last.controlLimit !== null) return null;
  const recent = oldBlocks.filter(({ at, total }) => total > 0 && at > last.at - CONTROL_WINDOW);
  const total = recent.reduce((sum, block) => sum + block.total, 0);
  const bad = recent.reduce((sum, block) => sum + block.bad, 0);
  const oldRatio = ratio(bad, total);
  if (oldRatio === null || bad < 2 || oldRatio <= Math.max(limits.limit, last.baselineLimit)) return null;
  const newRatio = ratio(stretch?.newBad ?? 0, stretch?.newTotal ?? 0) ?? 0;
  return { code: "shared-degradation", signal, newRatio, oldRatio, limit: limits.limit, blocks: recent.length };
}

function silenceReason(state: SignalState, { signal, unit, now, noDataAfterMs }: VerdictInput): Reason | null {
  const { silence } = state;
  if (silence === null || now - silence.since < noDataAfterMs) return null;
  return { code: "no-usable-data", signal, outcome: silence.outcome, detail: silence.detail, forMs: now - silence.since, unit };
}

function withinReason(state: SignalState, { signal, ownBound }: VerdictInput): Reason {
  const { total, bad, evidence, limits } = state;
  const own = ownBound === undefined ? {} : { ownBound };
  return { code: "within-limits", signal, total, bad, badRatio: ratio(bad, total) ?? 0, limit: limits.limit, evidence: evidence.e, ...own };
}

/** The old revision was over the plain limit before the rollout: the message must say "already 5.0 % before this rollout". */
function aboveLimit(state: SignalState, signal: string): readonly Reason[] {
  const { limits } = state;
  const before = limits.baseline === null ? null : ratio(limits.baseline.bad, limits.baseline.total);
  if (before === null || before <= limits.limit) return [];
  const effective = Math.max(limits.limit, limits.worseThanOld * (limits.baseline?.upper ?? 0));
  return [{ code: "baseline-above-limit", signal, baselineRatio: before, limit: limits.limit, effectiveLimit: effective }];
}

function ratio(bad: number, total: number): number | null {
  return total > 0 ? bad / total : null;
}
