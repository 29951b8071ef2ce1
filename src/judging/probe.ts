// The plain rule of a probe: so many of its last calls failed. No bound on wrong breaches (docs/judging.md: plain rules).
import type { Measurement, Ms, Outcome, ProbeFinding } from "../model.ts";
import type { Reason, Verdict } from "../reason.ts";

/** Breach when `failures` of the last `of` calls that were due failed; 1 <= failures <= of. */
export interface ProbeRule {
  readonly failures: number;
  readonly of: number;
  readonly everyMs: Ms;
  /** Days of a certificate below which it is told; absent: never. */
  readonly certificateDays?: number;
}

/**
 * What a restart needs to know, since the past cannot be asked. Both only ever speak for a breach: whatever of them is lost makes
 * the verdict milder or later.
 */
export interface ProbeMemory {
  /** The newest good call. */
  readonly goodAt: Ms | null;
  /** Calls that failed and count against the new revision, oldest first; those out of the window are left out. */
  readonly failures: readonly { readonly at: Ms; readonly detail: string }[];
}

export interface ProbeState extends ProbeMemory {
  /** Good calls in a row, up to the newest. */
  readonly goodInRow: number;
  readonly outcome: Outcome | null;
  readonly lastAt: Ms | null;
  readonly silence: { readonly outcome: "no-data" | "error"; readonly since: Ms; readonly detail: string } | null;
  readonly certificate?: NonNullable<ProbeFinding["certificate"]>;
}

export function openProbe({ goodAt, failures }: ProbeMemory = { goodAt: null, failures: [] }): ProbeState {
  const last = Math.max(goodAt ?? -Infinity, failures.at(-1)?.at ?? -Infinity);
  return { goodAt, failures, goodInRow: 0, outcome: null, lastAt: Number.isFinite(last) ? last : null, silence: null };
}

/**
 * Folds one call. Old and new pods answer together, so a call that failed counts against the new revision only from `servingSince` on,
 * the instant from which it may have been the one to answer, and only when the call before that instant, or one since, was good.
 * Otherwise it says nothing of the new revision: no-data.
 */
export function foldProbe(state: ProbeState, measurement: Measurement, rule: ProbeRule, servingSince: Ms | null): ProbeState {
  const { at } = measurement;
  if (state.lastAt !== null && at <= state.lastAt) return state;
  if (measurement.kind === "error" || measurement.kind === "no-data") return silent(state, at, measurement.kind, measurement.because);
  if (measurement.kind !== "probe") return silent(state, at, "no-data", `${measurement.kind} came where a probe was asked for`);
  const { outcome, detail, certificate } = measurement.finding;
  const seen = certificate === undefined ? state : { ...state, certificate };
  if (outcome === "error") return silent(seen, at, "error", detail);
  if (outcome === "good") return { ...seen, goodAt: at, goodInRow: seen.goodInRow + 1, outcome: "healthy", lastAt: at, silence: null };
  if (seen.goodAt === null)
    return silent(seen, at, "no-data", `no call was good since the guard opened, so the new revision is not to blame: ${detail}`);
  if (servingSince === null || at < servingSince || seen.goodAt <= servingSince - rule.everyMs) {
    return silent(seen, at, "no-data", `it failed before the new revision took requests, and no call was good since: ${detail}`);
  }
  const failures = [...seen.failures.filter((failure) => isInWindow(failure.at, at, rule)), { at, detail }];
  return { ...seen, failures, goodInRow: 0, outcome: "breach", lastAt: at, silence: null };
}

/** When the probe is asked for its verdict, and what came before. */
export interface ProbeMoment {
  readonly signal: string;
  readonly now: Ms;
  readonly noDataAfterMs: Ms;
  readonly completedAt?: Ms | undefined;
  readonly rolledBackAt?: Ms | undefined;
}

/** Good calls in a row after a rollback that show that it helped: what failed before is not waited for. */
export const HEALED = 2;

/** `breach` while enough calls of the window failed, `warn` while some did. A call that was not made is neither failed nor good. */
export function probeVerdict(state: ProbeState, rule: ProbeRule, moment: ProbeMoment): Verdict {
  const { signal, now, noDataAfterMs, completedAt, rolledBackAt } = moment;
  const { goodAt, goodInRow, silence } = state;
  if (rolledBackAt !== undefined && goodAt !== null && goodInRow >= HEALED && goodAt - (HEALED - 1) * rule.everyMs > rolledBackAt) {
    return { signal, state: "pass", because: [] };
  }
  const failed = state.failures.filter(({ at }) => isInWindow(at, now, rule));
  const newest = failed.at(-1);
  if (newest !== undefined && goodAt !== null) {
    const reason: Reason = {
      code: "probe",
      signal,
      detail: newest.detail,
      failed: failed.length,
      of: rule.of,
      everyMs: rule.everyMs,
      sinceGoodMs: Math.max(0, newest.at - goodAt),
    };
    return { signal, state: failed.length >= rule.failures ? "breach" : "warn", because: [reason] };
  }
  if (silence !== null && now - silence.since >= noDataAfterMs) {
    const { outcome, detail } = silence;
    return { signal, state: "inconclusive", because: [{ code: "no-usable-data", signal, outcome, detail, forMs: now - silence.since }] };
  }
  // What was good before the rollout was complete is no pass of the new revision, nor is what fails by another's fault.
  const passes = goodAt !== null && goodAt >= (completedAt ?? -Infinity) && silence?.outcome !== "no-data";
  return { signal, state: passes ? "pass" : "inconclusive", because: [] };
}

/** A certificate that runs out is no revision's fault: it is told, and decides nothing. */
export function certificateReason({ certificate }: ProbeState, { certificateDays: limit }: ProbeRule, signal: string): Reason | undefined {
  if (certificate === undefined || limit === undefined || certificate.days >= limit) return undefined;
  return { code: "certificate", signal, ...certificate, limit };
}

/** Whether a restart that knew only what is written would judge more mildly than `state` from one of `since` on: then it is to be written. */
export function tellsMore(state: ProbeState, written: ProbeMemory | undefined, rule: ProbeRule, since: readonly Ms[]): boolean {
  const { goodAt } = state;
  const knownGood = written?.goodAt ?? -Infinity;
  if (goodAt !== null && (knownGood === -Infinity || since.some((instant) => knownGood < instant && goodAt >= instant))) return true;
  const newest = state.failures.at(-1)?.at;
  if (newest === undefined) return false;
  const known = (written?.failures ?? []).filter(({ at }) => isInWindow(at, newest, rule));
  return known.length < rule.failures && known.every(({ at }) => at < newest);
}

function isInWindow(at: Ms, now: Ms, { of, everyMs }: ProbeRule): boolean {
  return at > now - of * everyMs;
}

function silent(state: ProbeState, at: Ms, outcome: "no-data" | "error", detail: string): ProbeState {
  return { ...state, goodInRow: 0, outcome, lastAt: at, silence: { outcome, since: state.silence?.since ?? state.lastAt ?? at, detail } };
}
