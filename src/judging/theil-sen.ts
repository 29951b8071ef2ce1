// Robust slope of a series: the median of the slopes between all pairs of points (Theil 1950), with Sen's confidence limits (1968).
import type { Ms } from "../model.ts";

export interface Point {
  readonly at: Ms;
  readonly value: number;
}

/** Per ms. The true slope is below `low` with 1 % and above `high` with 1 % if points scatter independently. */
export interface Slope {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** One-sided 99 %. */
const Z = 2.326;

/**
 * Null for less than two instants. An outlier moves it little: of 9 points on a line and one anywhere 36 of 45 pairs still lie on the line.
 *
 * Sen's limits: of the N = n(n-1)/2 slopes, sorted, those that C = z sqrt(n(n-1)(2n+5)/18) cut off at both ends. Points 0, 1, 2, … 9:
 * N = 45, C = 2.326 sqrt(125) = 26.0, so `low` is the 10th smallest slope, (45 - 26) / 2 = 9.5, rounded down to 9 before it, and `high` the 10th largest.
 */
export function theilSen(points: readonly Point[]): Slope | null {
  const n = points.length;
  // A typed array sorts its numbers without asking how: this runs for every container of every guard.
  const all = new Float64Array((n * (n - 1)) / 2);
  let count = 0;
  for (let index = 1; index < n; index += 1) {
    const { at, value } = points[index] as Point;
    for (let before = 0; before < index; before += 1) {
      const other = points[before] as Point;
      if (other.at !== at) all[count++] = (value - other.value) / (at - other.at);
    }
  }
  if (count === 0) return null;
  const slopes = all.subarray(0, count).sort();
  const cut = Math.floor((slopes.length - Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)) / 2);
  return {
    median: medianOf(slopes),
    low: cut < 0 ? -Infinity : (slopes[cut] ?? -Infinity),
    high: cut < 0 ? Infinity : (slopes[slopes.length - 1 - cut] ?? Infinity),
  };
}

/** Of sorted numbers; NaN of none. */
export function medianOf(sorted: ArrayLike<number>): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
