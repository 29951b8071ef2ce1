// What the old revision did before the rollout: docs/judging.md: the formula.
import type { Ms } from "../model.ts";
import { byarUpper } from "./byar.ts";
import { reaches } from "./combine.ts";
import { sumOf } from "./counts.ts";
import { pearsonDispersion } from "./dispersion.ts";
import { upperNormalQuantile } from "./normal.ts";

const BASELINE_SHARE = 0.1;
const FIRST_WINDOW: Ms = 1_800_000;
/** One failure among fewer requests than these would excuse nearly everything. */
const FEWEST = 30;

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
 * the limit, and above it their ratio stands without a bound, unless there are hardly any.
 * A share ends at 1: where rho U is no less, rho U is 1, against which nothing can be too bad. A guard that can see nothing takes nothing back.
 */
export function baselineOf(
  blocks: readonly { readonly total: number; readonly bad: number }[],
  share: BaselineShare,
  of: "share" | "exposure" = "share",
): BaselineRate {
  const { total, bad } = sumOf(blocks);
  const dispersion = pearsonDispersion(blocks, of);
  const upper = total > 0 ? upperOf({ total, bad, dispersion }, share) : 0;
  const { worseThanOld: rho = 0 } = share;
  return { total, bad, dispersion, upper: of === "exposure" || rho * upper < 1 ? upper : 1 / rho };
}

function upperOf({ total, bad, dispersion }: Omit<BaselineRate, "upper">, { alpha, checks, limit }: BaselineShare): number {
  if (limit !== undefined && total < enoughFor(limit)) return total >= FEWEST && bad / total > limit ? bad / total : 0;
  return byarUpper(bad / dispersion, total / dispersion, upperNormalQuantile((BASELINE_SHARE * alpha) / checks));
}

/** Requests from which the rate of the old revision can be told. */
export function enoughFor(limit: number): number {
  return Math.ceil(30 / limit);
}

/** What has been asked for so far, and what was found in it. */
export interface AskedBaseline {
  readonly window: Ms;
  readonly total: number;
  readonly upper: number;
}

/**
 * Window to ask for next: 30 min first, doubled until 30/limit requests are in it and their bound leaves something to be seen; null when it
 * will do or `longest` is reached. `worseThanOld` absent: nothing can be blind, as with a rate over time.
 */
export function nextBaselineWindow(
  asked: AskedBaseline | null,
  { limit, worseThanOld = 0 }: { readonly limit: number; readonly worseThanOld?: number },
  longest: Ms,
): Ms | null {
  if (asked === null) return Math.min(FIRST_WINDOW, longest);
  const isEnough = asked.total >= enoughFor(limit) && !reaches(worseThanOld * asked.upper, 1);
  if (asked.window >= longest || isEnough) return null;
  return Math.min(asked.window * 2, longest);
}
