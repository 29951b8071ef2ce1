// evidence: fast. Half of the money bets on the burn rate, half on a likelihood ratio with estimated clumps (docs/judging.md: ways of weighing evidence).
import type { RateCounts } from "./counts.ts";
import { BURN_PRIOR, burnFactors } from "./evidence.ts";
import { factorOf } from "./mixture.ts";

/** How many times worse than the limit the likelihood bets take the new revision to be. */
const TIMES_WORSE = [1.5, 2, 3, 4].map((r) => ({ r, logR: Math.log(r) }));
const CLUMP_MARGIN = 2;

export const FAST_PRIOR: readonly number[] = [...BURN_PRIOR.map((share) => share / 2), ...TIMES_WORSE.map(() => 0.5 / TIMES_WORSE.length)];

/** Clumps of errors assumed of the new revision: twice the dispersion that the old one's blocks had before the rollout. */
export function clumpsAssumed(dispersion: number): number {
  return CLUMP_MARGIN * Math.max(1, dispersion);
}

/**
 * `likely` null leaves the likelihood bets out of this block: they compare with a fixed limit D, which means nothing while the old pods
 * are worse than it, and nothing without an estimate of the clumps. exp((k ln r - n D (r - 1)) / phi) is not expected above 1 for clumps
 * of at most phi at a rate of at most D. Example: 10 bad of 150, D 1 %, phi 2, r 4: exp((13.86 - 4.5) / 2) = 108.
 */
export function fastFactors(
  burn: number,
  { total, bad }: RateCounts,
  likely: { readonly limit: number; readonly phi: number } | null,
): number[] {
  const factors = burnFactors(burn);
  for (const { r, logR } of TIMES_WORSE) {
    factors.push(likely === null ? 1 : factorOf((bad * logR - total * likely.limit * (r - 1)) / likely.phi));
  }
  return factors;
}
