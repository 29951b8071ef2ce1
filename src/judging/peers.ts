// Did somebody else, who is not rolling out, suffer at the same time? The peer check of docs/judging.md: the formula.
import type { Ms } from "../model.ts";
import { sumOf } from "./counts.ts";
import { baselineOf } from "./baseline.ts";
import type { BlockCounts } from "./control.ts";
import { effectiveLimit } from "./limit.ts";

/** How sure the bound of what a peer did before must be. It decides nothing but a hold. */
const ALPHA = 0.01;
/** Fewer failures than the largest clump of errors assumed (docs/judging.md: the formula) are no trouble. */
const TELLING_ERRORS = 3;

export interface PeerCriterion {
  readonly limit: number;
  readonly worseThanOld: number;
}

/** What a peer did in the bad blocks of a guard, and what it may do at most; ratios 0 to 1. */
export interface Suffering {
  readonly ratio: number;
  readonly limit: number;
}

/**
 * `blocks`: the peer's counts, in order; `badAt`: ends of the blocks in which the guarded revision was bad. The peer suffers when in at
 * least half of these, of those in which it had requests, and over all of them together, it was over its own limit and over what it did
 * before the trouble began with the block `since`. Null when it does not.
 */
export function sufferingOf(blocks: readonly BlockCounts[], badAt: readonly Ms[], since: Ms, criterion: PeerCriterion): Suffering | null {
  const times = new Set(badAt);
  const before = baselineOf(
    blocks.filter((block) => block.at < since),
    { alpha: ALPHA, checks: 1, ...criterion },
  );
  const limit = effectiveLimit(criterion.limit, criterion.worseThanOld, before.upper, null).value;
  const during = blocks.filter((block) => times.has(block.at) && block.total > 0);
  const { total, bad } = sumOf(during);
  const over = during.filter((block) => block.bad / block.total > limit).length;
  if (bad < TELLING_ERRORS || 2 * over < during.length || bad / total <= limit) return null;
  return { ratio: bad / total, limit };
}
