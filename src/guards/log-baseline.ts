import { baselineOf, type BaselineShare } from "../judging/baseline.ts";
import type { Measurement, Ms } from "../model.ts";
import { isExcluded } from "./exclusions.ts";
import type { Baseline, Exclusion } from "./guard.ts";

/**
 * Rate of the old revision's log lines before the rollout. How many of its pods were ready then nobody has written down, and those that
 * logged are not all: taken are the pods wanted as the rollout began, from the first block on in which any line was seen. Empty without one.
 */
export function logBaseline(
  measurements: readonly Measurement[],
  window: { readonly from: Ms; readonly to: Ms },
  share: BaselineShare,
  of: { readonly desired: number; readonly blockMs: Ms; readonly excluded: readonly Exclusion[] },
): Baseline {
  const blocks: { total: number; bad: number }[] = [];
  const before = new Map<string, number>();
  for (const measurement of measurements) {
    if (measurement.kind !== "lines") continue;
    let bad = 0;
    for (const { pod, lines } of measurement.pods) {
      bad += Math.max(0, lines - (before.get(pod) ?? 0));
      before.set(pod, lines);
    }
    if (measurement.heard.length === 0 || isExcluded(measurement.at, of.blockMs, of.excluded)) continue;
    blocks.push({ total: (of.desired * of.blockMs) / 60_000, bad });
  }
  const excluded = of.excluded.length === 0 ? {} : { excluded: of.excluded };
  return { ...window, ...baselineOf(blocks, share, "exposure"), blocks: blocks.length, ...excluded };
}
