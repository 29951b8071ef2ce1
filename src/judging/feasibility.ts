// What a guard can see at the traffic it has: docs/judging.md: what a guard says at its start, computed with the very process that decides.
import type { Ms } from "../model.ts";
import { reaches } from "./combine.ts";
import type { RateCounts } from "./counts.ts";
import type { Evidence } from "./mixture.ts";
import { upperNormalQuantile } from "./normal.ts";

export interface Traffic {
  readonly requestsPerBlock: number;
  /** max(limit, rho * U), 0 to 1. */
  readonly effectiveLimit: number;
  /** The process of the guard: how it begins, what a block of the new revision alone does to it, and where it decides. */
  readonly start: Evidence;
  readonly step: (before: Evidence, counts: RateCounts) => Evidence;
  readonly mark: number;
}

/** Least bad ratio that is looked for, and how exactly: a thousandth of itself. */
const PRECISION = 1.001;
const NORMAL_FROM = 25;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Blocks until a revision with this bad ratio is taken back; null when not within `most`. The log of the evidence is a sum over blocks, so
 * its usual course is that of blocks with each number of errors as often as chance gives it (binomial), in a fixed and well mixed order.
 * Worked example, limit 1 %, m = 4, alphaE = 0.0009: at 2.5 requests a block, 5 % bad take 109 blocks.
 */
export function blocksToDecide(badRatio: number, traffic: Traffic, most: number): number | null {
  const { requestsPerBlock, mark } = traffic;
  let evidence = traffic.start;
  let requests = 0;
  for (let block = 1; block <= most; block++) {
    const requestsNow = Math.floor(block * requestsPerBlock + 0.5);
    const total = requestsNow - requests;
    requests = requestsNow;
    evidence = traffic.step(evidence, { total, bad: binomialQuantile(total, badRatio, mixed(block)) });
    if (reaches(evidence.e, mark)) return block;
  }
  return null;
}

/** Smallest bad ratio that is found within so many blocks, by bisection; null when not even a total failure is. */
export function smallestVisible(traffic: Traffic, blocks: number): number | null {
  if (blocksToDecide(1, traffic, blocks) === null) return null;
  let blind = Math.min(traffic.effectiveLimit, 1);
  let seen = 1;
  while (seen / blind > PRECISION) {
    const middle = Math.sqrt(blind * seen);
    if (blocksToDecide(middle, traffic, blocks) === null) blind = middle;
    else seen = middle;
  }
  return seen;
}

/** Time to a decision at one bad ratio. */
export interface Delay {
  readonly ratio: number;
  /** Null: not within the time that was looked at. */
  readonly afterMs: Ms | null;
}

const MULTIPLES = [20, 5, 2];

/** Of a total failure, and of 20, 5 and 2 times the effective limit; what is as good as a total failure is not said twice. */
export function delaysOf(traffic: Traffic, blockMs: Ms, mostBlocks: number): readonly Delay[] {
  const ratios = MULTIPLES.map((times) => times * traffic.effectiveLimit).filter((ratio) => ratio < 0.9);
  return [1, ...ratios].map((ratio) => {
    const blocks = blocksToDecide(ratio, traffic, mostBlocks);
    return { ratio, afterMs: blocks === null ? null : blocks * blockMs };
  });
}

/** Multiples of the golden ratio without their whole part fill (0, 1) evenly at every length, in step with no rhythm of the requests. */
function mixed(nth: number): number {
  return (0.5 + nth * GOLDEN) % 1;
}

/** Number of errors in `total` requests that is not exceeded with this probability; the normal curve where there are many of both. */
function binomialQuantile(total: number, ratio: number, probability: number): number {
  if (ratio >= 1) return total;
  if (ratio > 0.5) return total - binomialQuantile(total, 1 - ratio, 1 - probability);
  const variance = total * ratio * (1 - ratio);
  if (variance > NORMAL_FROM) {
    const errors = Math.round(total * ratio + upperNormalQuantile(1 - probability) * Math.sqrt(variance));
    return Math.min(Math.max(errors, 0), total);
  }
  let share = (1 - ratio) ** total;
  let errors = 0;
  for (let sum = share; sum < probability && errors < total; sum += share) {
    share *= ((total - errors) / (errors + 1)) * (ratio / (1 - ratio));
    errors++;
  }
  return errors;
}
