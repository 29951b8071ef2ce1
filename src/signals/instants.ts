import type { Ms } from "../model.ts";

/** Instants that one range query answers: `from`, `from + step` … `to`. */
export interface InstantRange {
  readonly from: Ms;
  readonly to: Ms;
  readonly step: Ms;
}

/** The same instants in two parts; undefined for a lone one. */
export function halvesOf({ from, to, step }: InstantRange): readonly [InstantRange, InstantRange] | undefined {
  if (from === to) return undefined;
  const middle = from + step * Math.floor((to - from) / step / 2);
  const rangeOf = (start: Ms, end: Ms): InstantRange => ({ from: start, to: end, step: start === end ? 0 : step });
  return [rangeOf(from, middle), rangeOf(middle + step, to)];
}

/** Below the 11,000 that Prometheus allows. */
const mostPoints = 10_000;

/**
 * Range queries that cover the instants: one for evenly spaced ones, more where there are gaps, each of at most 10,000 points.
 * A lone instant is a range of one point.
 */
export function rangesOf(instants: readonly Ms[]): readonly InstantRange[] {
  const sorted = [...new Set(instants)].toSorted((a, b) => a - b);
  const ranges: { from: Ms; to: Ms; step: Ms; points: number }[] = [];
  for (const at of sorted) {
    const open = ranges.at(-1);
    const gap = open ? at - open.to : 0;
    if (open && open.points < mostPoints && (open.points === 1 || gap === open.step)) {
      open.step = gap;
      open.to = at;
      open.points += 1;
    } else ranges.push({ from: at, to: at, step: 0, points: 1 });
  }
  return ranges.map(({ from, to, step }) => ({ from, to, step }));
}
