// A latency quantile as a count of slow requests: docs/judging.md: the formula.
import type { CumulativeBucket } from "../model.ts";

/** `bad`: surely slower than the limit. `badAtMost`: possibly slower. They differ when no boundary lies at the limit. */
export interface LatencyReading {
  readonly total: number;
  readonly bad: number;
  readonly badAtMost: number;
  /** The boundary that is really judged, in seconds: the limit itself or the next one above it. */
  readonly judgedAt: number;
  readonly exact: boolean;
}

export interface BucketProblem {
  readonly problem: string;
}

/** Boundaries come as decimal text and limits as milliseconds divided: 0.2 and 200/1000 must meet. */
export const SAME_BOUNDARY = 1e-9;

/**
 * Buckets of one process at one instant against a limit in seconds. Example: limit 0.2, buckets 0.1:90 0.25:97 +Inf:100
 * gives 3 surely slow, at most 10, judged at 0.25.
 */
export function classicReading(buckets: readonly CumulativeBucket[], thresholdSeconds: number): LatencyReading | BucketProblem {
  const sorted = buckets.toSorted((a, b) => a.le - b.le);
  const last = sorted.at(-1);
  if (last === undefined) return { problem: "no buckets" };
  if (sorted.some(({ le, count }) => Number.isNaN(le) || !(count >= 0))) return { problem: "a bucket has no number" };
  if (last.le !== Infinity) return { problem: 'no bucket le="+Inf": the number of all requests is unknown' };
  const finite = sorted.filter(({ le }) => le !== Infinity);
  const upper = finite.find(({ le }) => le >= thresholdSeconds * (1 - SAME_BOUNDARY));
  if (upper === undefined) {
    const highest = finite.at(-1);
    return { problem: `limit ${thresholdSeconds} s is above the highest bucket (${highest === undefined ? "none" : `${highest.le} s`})` };
  }
  const total = last.count;
  const exact = upper.le <= thresholdSeconds * (1 + SAME_BOUNDARY);
  const lower = exact ? upper : finite.findLast(({ le }) => le < upper.le);
  const bad = Math.max(total - upper.count, 0);
  return { total, bad, badAtMost: Math.max(total - (lower?.count ?? 0), bad), judgedAt: exact ? thresholdSeconds : upper.le, exact };
}
