import { type BaselineShare, enoughFor } from "../judging/baseline.ts";
import { latencyReading, boundsOf } from "../judging/latency.ts";
import type { Measurement, Ms, ProcessReading } from "../model.ts";
import type { OwnBound } from "../reason.ts";
import type { Signal } from "../policies/signal.ts";
import { baselineFrom } from "./baseline.ts";
import type { Baseline, GuardRecord } from "./guard.ts";

type SlowerSignal = Extract<Signal, { kind: "http-slower" }>;

/**
 * Baseline of a latency that is judged against the old revision's own: at the smallest bucket bound that at most `limit` of its requests
 * were slower than (docs/judging.md: the formula). All bounds that might have been chosen share the confidence in it. Without `thresholdMs` where no
 * bound fits or too few requests were seen to choose one.
 */
export function ownBaseline(
  measurements: readonly Measurement[],
  limit: number,
  window: { readonly from: Ms; readonly to: Ms },
  share: BaselineShare,
  left?: Parameters<typeof baselineFrom>[3],
): Baseline {
  const bounds = commonBounds(measurements);
  const shared = { ...share, checks: share.checks * Math.max(1, bounds.length) };
  const at = (bound: number) =>
    baselineFrom(
      measurements.map((one) => countersAt(one, bound)),
      window,
      shared,
      left,
    );
  const last = bounds.at(-1);
  if (last === undefined) return baselineFrom([], window, share);
  const slowest = at(last);
  if (slowest.total < enoughFor(limit) || slowest.bad > limit * slowest.total) return slowest;
  // The higher a bound, the fewer are slower.
  let found = { bound: last, baseline: slowest };
  let [low, high] = [0, bounds.length - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const bound = bounds[middle] ?? last;
    const baseline = at(bound);
    if (baseline.bad <= limit * baseline.total) {
      found = { bound, baseline };
      high = middle;
    } else low = middle + 1;
  }
  return { ...found.baseline, thresholdMs: found.bound * 1000 };
}

/** The bound at which a signal is judged against the old revision's own latency; undefined for other signals and before it is known. */
export function ownBoundOf(signal: Signal | undefined, baseline: Baseline | undefined): OwnBound | undefined {
  if (signal?.kind !== "http-slower" || signal.thresholdMs !== null || baseline?.thresholdMs === undefined) return undefined;
  return { thresholdMs: baseline.thresholdMs, quantile: signal.quantile };
}

/** Why a latency cannot be judged against the old revision's own; undefined where it can, and for other signals. */
export function ownBoundMissing(signal: Signal, { rollout, baselines }: GuardRecord, name: string): string | undefined {
  if (signal.kind !== "http-slower" || signal.thresholdMs !== null) return undefined;
  if (signal.preset === null) return undefined;
  const quantile = quantileName(signal);
  if (rollout.old === undefined) return `${quantile} old: there is no old revision to compare with`;
  const baseline = baselines[name];
  if (baseline?.thresholdMs !== undefined) return undefined;
  if (baseline === undefined || baseline.total === 0) {
    return `${quantile} old: no request of the old revision was seen in ${signal.preset.buckets} before the rollout`;
  }
  const needed = enoughFor(signal.limit);
  if (baseline.total < needed) {
    return `${quantile} old: only ${baseline.total} requests of the old revision were seen before the rollout, ${needed} are needed to know its own ${quantile}`;
  }
  return `${quantile} old: the old revision's own ${quantile} is above every bucket of ${signal.preset.buckets}`;
}

function quantileName({ quantile }: SlowerSignal): string {
  return `p${Math.round(quantile * 100)}`;
}

/** Bounds that every process can tell, ascending: above the highest of one of them its slow requests are unknown. */
function commonBounds(measurements: readonly Measurement[]): readonly number[] {
  const all = new Set<number>();
  let highest = Infinity;
  for (const measurement of measurements) {
    if (measurement.kind !== "latencies") continue;
    for (const { latencies } of measurement.processes) {
      const bounds = boundsOf(latencies);
      for (const bound of bounds) all.add(bound);
      // What a native histogram has not seen lies below an end that is not listed.
      const isOpen = latencies.kind === "classic" || latencies.buckets.some(({ right }) => right === Infinity);
      if (isOpen) highest = Math.min(highest, Math.max(0, ...bounds));
    }
  }
  return [...all].filter((bound) => bound <= highest).toSorted((a, b) => a - b);
}

function countersAt(measurement: Measurement, bound: number): Measurement {
  if (measurement.kind !== "latencies") return measurement;
  const readings = measurement.processes.flatMap(({ latencies, ...identity }): ProcessReading[] => {
    const counts = latencyReading(latencies, bound);
    if ("problem" in counts) return [];
    const { total, bad, badAtMost } = counts;
    return [{ ...identity, total, bad, badAtMost }];
  });
  return { kind: "counters", at: measurement.at, readings };
}
