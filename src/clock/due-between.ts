import type { Ms } from "../model.ts";

/** A cron expression as it is read: which minutes and hours of a day, and which days. */
export interface CronReading {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Of a day that is given by its midnight as if it were in UTC. */
  readonly isDay: (midnight: Ms) => boolean;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * The instants after `from`, up to and with `to`, at which it is due by a clock on the wall that is ahead of UTC by `offsetAt`.
 *
 * The clock on the wall leaves times out and shows others twice. A time that is left out is due at the moment of the jump: 02:30 on
 * 28 March 2027 in Berlin at 03:00, together with whatever else was left out. A time that is shown twice is due the first time. An
 * expression for every hour goes by the time that passes instead: once an hour, whatever the wall shows.
 */
export function dueBetween({ minutes, hours, isDay }: CronReading, offsetAt: (at: Ms) => Ms, from: Ms, to: Ms): readonly Ms[] {
  if (to <= from) return [];
  const isHourly = hours.length === 24;
  const due = new Set<Ms>();
  // A jump at the edge moves a time into the neighbouring day of the wall.
  const first = midnightOf(from + offsetAt(from) - 3 * hourMs);
  const last = midnightOf(to + offsetAt(to) + 3 * hourMs);
  for (let midnight = first; midnight <= last; midnight += dayMs) {
    if (!isDay(midnight)) continue;
    const [before, after] = [offsetAt(midnight - dayMs), offsetAt(midnight + 2 * dayMs)];
    for (const hour of hours) {
      for (const minute of minutes) {
        const shown = midnight + hour * hourMs + minute * minuteMs;
        const instants = before === after ? [shown - before] : instantsOf(shown, { before, after }, offsetAt, isHourly);
        for (const at of instants) if (at > from && at <= to) due.add(at);
      }
    }
  }
  return [...due].toSorted((one, other) => one - other);
}

function midnightOf(shown: Ms): Ms {
  return Math.floor(shown / dayMs) * dayMs;
}

/** `shown`: what the wall shows, as if it were in UTC; near a jump from one offset to the other. */
function instantsOf(
  shown: Ms,
  { before, after }: { readonly before: Ms; readonly after: Ms },
  offsetAt: (at: Ms) => Ms,
  isHourly: boolean,
): readonly Ms[] {
  const real = [before, after].map((offset) => shown - offset).filter((at) => at + offsetAt(at) === shown);
  if (real.length === 2) return isHourly ? real : [Math.min(...real)];
  if (real.length === 1) return real;
  return isHourly ? [] : [jumpBetween(shown - after, shown - before, offsetAt)];
}

/** The first instant with the later offset: between two that lie on either side of the only jump. */
function jumpBetween(early: Ms, late: Ms, offsetAt: (at: Ms) => Ms): Ms {
  let [low, high] = [Math.floor(early / minuteMs), Math.ceil(late / minuteMs)];
  const offset = offsetAt(low * minuteMs);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * minuteMs) === offset) low = middle;
    else high = middle;
  }
  return high * minuteMs;
}
