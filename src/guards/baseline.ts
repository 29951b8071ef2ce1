import { baselineOf } from "../judging/baseline.ts";
import { noCounters, takeDeltas } from "../judging/counts.ts";
import type { Measurement, Ms } from "../model.ts";
import type { Baseline } from "./guard.ts";

/**
 * Rate of the old revision before the rollout from its counters at aligned block ends (judging.md 3.1).
 * First values only set the base: nothing is known of what a pod did before the window.
 */
export function baselineFrom(
  measurements: readonly Measurement[],
  window: { readonly from: Ms; readonly to: Ms },
  share: { readonly alpha: number; readonly checks: number },
): Baseline {
  let memory = noCounters;
  const blocks: { total: number; bad: number }[] = [];
  for (const measurement of measurements) {
    if (measurement.kind !== "counters") continue;
    const step = takeDeltas(memory, measurement.readings, () => false);
    memory = step.memory;
    const total = step.deltas.reduce((sum, delta) => sum + delta.total, 0);
    const bad = step.deltas.reduce((sum, delta) => sum + delta.bad, 0);
    blocks.push({ total, bad });
  }
  return { ...window, ...baselineOf(blocks, share) };
}
