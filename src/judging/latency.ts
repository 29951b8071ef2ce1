// Histograms of both kinds against a latency limit: docs/judging.md: the formula.
import type { Latencies } from "../model.ts";
import { type BucketProblem, classicReading, type LatencyReading } from "./buckets.ts";
import { nativeReading } from "./native.ts";

/** Slow requests of one process against a limit in seconds. */
export function latencyReading(latencies: Latencies, thresholdSeconds: number): LatencyReading | BucketProblem {
  return latencies.kind === "native" ? nativeReading(latencies, thresholdSeconds) : classicReading(latencies.buckets, thresholdSeconds);
}

/** Bounds in seconds at which slow requests can be told from others, in any order; of a native histogram those it lists. */
export function boundsOf(latencies: Latencies): readonly number[] {
  const all =
    latencies.kind === "native" ? latencies.buckets.flatMap(({ left, right }) => [left, right]) : latencies.buckets.map(({ le }) => le);
  const bounds = all.filter((bound) => bound > 0 && bound !== Infinity);
  const [first] = bounds;
  return first === undefined || "problem" in latencyReading(latencies, first) ? [] : bounds;
}
