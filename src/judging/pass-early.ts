// Evidence that a revision is within its limit, so that a guard may end before its window does (docs/judging.md: passing early).
import type { Ms } from "../model.ts";
import { reaches } from "./combine.ts";
import { factorOf } from "./mixture.ts";

/** What each bet takes the rate to be, as a share of the limit. */
const SHARES_OF_LIMIT = [0.05, 0.15, 0.3, 0.5, 0.7].map((share) => ({ share, logShare: Math.log(share) }));
/** P(a revision at its limit or above passes early) where requests fail independently. */
const BETA = 0.05;
const LEAST_BLOCKS = 8;
const LEAST_TIME: Ms = 120_000;

/** Evidence at which a signal passes early. */
export const EARLY_PASS_NEEDED = 1 / BETA;

/** Money on the five bets, which all began with a fifth, and its sum. */
export interface EarlyPass {
  readonly wealth: readonly number[];
  readonly e: number;
}

export interface EarlyPassBlock {
  readonly total: number;
  /** Upper bound where a histogram has no bucket at the limit: what may be bad counts as bad here. */
  readonly badAtMost: number;
  readonly limit: number;
  readonly blockMs: Ms;
}

export function startEarlyPass(): EarlyPass {
  return { wealth: SHARES_OF_LIMIT.map(() => 1 / SHARES_OF_LIMIT.length), e: 1 };
}

/**
 * One block. Gains are capped, so that eight good blocks and two minutes are the least; losses are not, so that one bad block
 * weighs more than a good one. Example: limit 1 %, blocks of 150 without a bad request: 1.45 a block to the cap 20^(1/8), passed after 8.
 */
export function stepEarlyPass(before: EarlyPass, { total, badAtMost, limit, blockMs }: EarlyPassBlock): EarlyPass {
  // Nothing is left of it after a long time over the limit, and it does not begin again.
  if (total <= 0 || before.e <= 0 || limit >= 1) return before;
  let e = 0;
  const wealth = SHARES_OF_LIMIT.map(({ share, logShare }, i) => {
    const log = badAtMost * logShare + (total - badAtMost) * Math.log((1 - share * limit) / (1 - limit));
    const grown = (before.wealth[i] ?? 0) * factorOf(log);
    e += grown;
    return grown;
  });
  const blocks = Math.max(LEAST_BLOCKS, Math.ceil(LEAST_TIME / blockMs));
  const cap = Math.pow(EARLY_PASS_NEEDED, 1 / blocks);
  if (e <= before.e * cap) return { wealth, e };
  const shrink = (before.e * cap) / e;
  return { wealth: wealth.map((money) => money * shrink), e: e * shrink };
}

export function passesEarly({ e }: EarlyPass): boolean {
  return reaches(e, EARLY_PASS_NEEDED);
}
