import { baselineOf, type BaselineShare } from "../judging/baseline.ts";
import { noCounters, type RateCounts, sumOf, takeDeltas } from "../judging/counts.ts";
import type { Measurement, Ms } from "../model.ts";
import { isExcluded } from "./exclusions.ts";
import type { Baseline, Exclusion } from "./guard.ts";

/**
 * Rate of the old revision before the rollout from its counters at aligned block ends (docs/judging.md: the formula).
 * First values only set the base: nothing is known of what a pod did before the window. What was counted in an excluded block
 * is left out, and the next block counts from its end.
 */
export function baselineFrom(
  measurements: readonly Measurement[],
  window: { readonly from: Ms; readonly to: Ms },
  share: BaselineShare,
  left: { readonly out: readonly Exclusion[]; readonly blockMs: Ms } = { out: [], blockMs: 0 },
): Baseline {
  let memory = noCounters;
  let seen = 0;
  const blocks: RateCounts[] = [];
  for (const measurement of measurements) {
    if (measurement.kind !== "counters") continue;
    const step = takeDeltas(memory, measurement.readings, () => false);
    memory = step.memory;
    if (isExcluded(measurement.at, left.blockMs, left.out)) continue;
    if (step.deltas.length > 0) seen++;
    blocks.push(sumOf(step.deltas));
  }
  const excluded = left.out.length === 0 ? {} : { excluded: left.out };
  return { ...window, ...baselineOf(blocks, share), blocks: seen, ...excluded };
}
