// A native histogram of Prometheus against a latency limit: docs/judging.md: the formula.
import type { NativeHistogram } from "../model.ts";
import { type BucketProblem, type LatencyReading, SAME_BOUNDARY } from "./buckets.ts";

/**
 * One process at one instant against a limit in the histogram's own unit. Only buckets that hold something are listed, custom ones
 * too, so a limit above them all is no problem unless the last one has no end. Example: limit 0.2, buckets (0.1, 0.19] 90,
 * (0.19, 0.21] 7, (0.4, 0.44] 3 gives 3 surely slow, at most 10, judged at 0.21.
 */
export function nativeReading(histogram: NativeHistogram, threshold: number): LatencyReading | BucketProblem {
  let bad = 0;
  let badAtMost = 0;
  let judgedAt = threshold;
  for (const { left, right, count } of histogram.buckets) {
    if (left >= threshold * (1 - SAME_BOUNDARY)) bad += count;
    else if (right > threshold * (1 + SAME_BOUNDARY)) judgedAt = right;
    else continue;
    badAtMost += count;
  }
  if (judgedAt === Infinity) return { problem: `limit ${threshold} s is above the highest bucket` };
  return { total: histogram.count, bad, badAtMost, judgedAt, exact: judgedAt === threshold };
}
