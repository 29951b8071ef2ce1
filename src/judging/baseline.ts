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
  /** Upper bound of the bad ratio; 0 means "no baseline": no request, or too few to bound it. */
  readonly upper: number;
}

/** `alpha` = 1 - confidence of the guard; `checks` = signals that share its tenth; `worseThanOld` = rho. */
export interface BaselineShare {
  readonly alpha: number;
  readonly checks: number;
  readonly worseThanOld?: number;
}

/**
 * From so few requests that rho U is no less than 1, nothing could ever be too bad: then it is as if nothing were known. Example: none of 9
 * bad gives U = 107 % at 99.9 %.
 */
export function baselineOf(blocks: readonly { readonly total: number; readonly bad: number }[], share: BaselineShare): BaselineRate {
  let total = 0;
  let bad = 0;
  for (const block of blocks) {
    total += block.total;
    bad += block.bad;
  }
  const dispersion = pearsonDispersion(blocks);
  if (total <= 0) return { total, bad, dispersion, upper: 0 };
  const z = upperNormalQuantile((BASELINE_SHARE * share.alpha) / share.checks);
  const upper = byarUpper(bad / dispersion, total / dispersion, z);
  return { total, bad, dispersion, upper: (share.worseThanOld ?? 0) * upper < 1 ? upper : 0 };
}

/** Window to ask for next: 30 min first, doubled until 30/limit requests are in it; null when it will do or `longest` is reached. */
export function nextBaselineWindow(asked: Ms | null, total: number, limit: number, longest: Ms): Ms | null {
  if (asked === null) return Math.min(FIRST_WINDOW, longest);
  if (asked >= longest || total >= 30 / limit) return null;
  return Math.min(asked * 2, longest);
}
