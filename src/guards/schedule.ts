import type { Ms } from "../model.ts";
import type { MissedRuns, MissedWhy } from "../schedule.ts";

/** A run begins within this time after it was due, or not at all: what is right at 3 in the night may be wrong at 9. */
export const startWithinMs: Ms = 5 * 60_000;

/** A clock that was set back by less shows the same times again, and nothing is due twice. */
const aheadMs: Ms = 60 * 60_000;

export interface ScheduleMoment {
  readonly now: Ms;
  /** This process runs since. */
  readonly startedAt: Ms;
  /** It leads without a break since. */
  readonly ledSince: Ms;
}

/** Only the newest run may take place: what was missed is told, and never made up for one after the other. */
export function runOf(due: readonly Ms[], moment: ScheduleMoment): { readonly run?: Ms; readonly missed: readonly MissedRuns[] } {
  const newest = due.at(-1);
  const run = newest !== undefined && isTimely(newest, moment.now) ? newest : undefined;
  const groups = Map.groupBy(run === undefined ? due : due.slice(0, -1), (at) => whyMissed(at, moment));
  const missed = [...groups].map(([why, all]) => ({ why, count: all.length, first: all[0] ?? 0, last: all.at(-1) ?? 0 }));
  return run === undefined ? { missed } : { run, missed };
}

export function isTimely(due: Ms, now: Ms): boolean {
  return now - due <= startWithinMs;
}

/** No clocks of two replicas that may lead are so far apart: it was written by one that was wrong. */
export function isAhead(due: Ms, now: Ms): boolean {
  return due - now > aheadMs;
}

/** As far as this process can know: who led before it did, did not begin it. */
export function whyMissed(due: Ms, { startedAt, ledSince }: ScheduleMoment): MissedWhy {
  if (due < startedAt) return "down";
  return due < ledSince ? "not-leading" : "late";
}
