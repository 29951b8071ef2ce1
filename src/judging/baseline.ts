// What the old revision did before the rollout: judging.md 3.1.
import type { Ms } from "../model.ts";
import { byarUpper } from "./byar.ts";
import { pearsonDispersion } from "./dispersion.ts";
import { upperNormalQuantile } from "./normal.ts";

const BASELINE_SHARE = 0.1;
const FIRST_WINDOW: Ms = 1_800_000;

export interface BaselineRate {
  readonly total: number;
  readonly bad: number;
  /** Pearson dispersion of the blocks, at least 1. */
  readonly dispersion: number;
  /** Upper bound of the bad ratio; of too few requests the ratio itself. 0 means "no baseline". */
  readonly upper: number;
}

/**
 * `alpha` = 1 - confidence of the guard; `checks` = signals that share its tenth; `worseThanOld` = rho. `limit`: of the policy, 0 to 1, where
 * the baseline has a say only beside it.
 */
export interface BaselineShare {
  readonly alpha: number;
  readonly checks: number;
  readonly worseThanOld?: number;
  readonly limit?: number;
}

/**
 * Fewer than 30/limit requests, as after two rollouts in a row, show nothing but trouble: a wide bound must not excuse what was never seen.
 * None of 30 bad is U = 32 % at 99.9 %, and a new revision with 30 % errors would pass. So within the limit they count as none, which leaves
 * the limit, and above it their ratio stands without a bound: no worse than no baseline at all, of which a limit alone is judged too.
 * A share ends at 1: where rho U is no less, an old revision over its limit gives 1, against which nothing can be too bad, and any other none.
 */
export function baselineOf(
  blocks: readonly { readonly total: number; readonly bad: number }[],
  share: BaselineShare,
  of: "share" | "exposure" = "share",
): BaselineRate {
  let total = 0;
  let bad = 0;
  for (const block of blocks) {
    total += block.total;
    bad += block.bad;
  }
  const dispersion = pearsonDispersion(blocks, of);
  const upper = total > 0 ? upperOf({ total, bad, dispersion }, share) : 0;
  const { worseThanOld: rho = 0, limit = 1 } = share;
  if (of === "exposure" || rho * upper < 1) return { total, bad, dispersion, upper };
  return { total, bad, dispersion, upper: bad / total > limit ? 1 / rho : 0 };
}

function upperOf({ total, bad, dispersion }: Omit<BaselineRate, "upper">, { alpha, checks, limit }: BaselineShare): number {
  if (limit !== undefined && total < enoughFor(limit)) return bad / total > limit ? bad / total : 0;
  return byarUpper(bad / dispersion, total / dispersion, upperNormalQuantile((BASELINE_SHARE * alpha) / checks));
}

/** Requests from which the rate of the old revision can be told. */
export function enoughFor(limit: number): number {
  return Math.ceil(30 / limit);
}

/** Window to ask for next: 30 min first, doubled until 30/limit requests are in it; null when it will do or `longest` is reached. */
export function nextBaselineWindow(asked: Ms | null, total: number, limit: number, longest: Ms): Ms | null {
  if (asked === null) return Math.min(FIRST_WINDOW, longest);
  if (asked >= longest || total >= enoughFor(limit)) return null;
  return Math.min(asked * 2, longest);
}
