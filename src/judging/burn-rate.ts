// The plain two-window rule of the SRE workbook, scaled to a guard. No bound on wrong breaches (docs/judging.md: plain rules).
import type { Ms } from "../model.ts";
import type { Verdict } from "../reason.ts";
import type { BlockCounts } from "./control.ts";
import { quietVerdict, type RatedState, type RateLimit, type RateStep, within } from "./rated.ts";
import { GAP_BLOCKS } from "./values.ts";

/** Breach while the rates over `longMs` and over `shortMs` are both above `factor` x limit; shortMs < longMs. */
export interface BurnRateRule extends RateLimit {
  readonly factor: number;
  readonly longMs: Ms;
  readonly shortMs: Ms;
}

/** Blocks with requests in the long window, oldest first. */
export interface BurnRateMemory {
  readonly blocks: readonly BlockCounts[];
}

export const noBurnRate: BurnRateMemory = { blocks: [] };

/** One block with requests. Too few of them in the long window are not judged, and neither is a burst: blocks must span the short one. */
export function stepBurnRate(memory: BurnRateMemory, block: BlockCounts, rule: BurnRateRule): RateStep<BurnRateMemory> {
  const long = within([...memory.blocks, block], rule.longMs);
  const next = { blocks: long.blocks };
  if (long.total < rule.minRequests) return { memory: next, seen: long.total, outcome: "too-few" };
  return { memory: next, seen: long.total, outcome: block.bad / block.total > rule.factor * rule.limit ? "breach" : "healthy" };
}

/**
 * `breach` while both windows are above, `warn` while only the short one is. At 1 % and 3x, 26 of 612 requests in 5 min (4.2 %) and 8 of
 * 131 in the last minute (6.1 %) are both above 3 %: breach.
 */
export function burnRateVerdict(
  state: RatedState<BurnRateMemory>,
  rule: BurnRateRule,
  signal: string,
  now: Ms,
  noDataAfterMs: Ms,
): Verdict {
  const { factor, limit, longMs, shortMs, minRequests } = rule;
  const long = within(state.memory.blocks, longMs);
  const short = within(state.memory.blocks, shortMs);
  const [oldest] = long.blocks;
  const newest = long.blocks.at(-1);
  const isHeard = newest !== undefined && now - newest.at <= Math.max(shortMs, GAP_BLOCKS * rule.blockMs);
  const isAbove = (bad: number, total: number) => bad / total > factor * limit;
  if (!isHeard || oldest === undefined || long.total < minRequests || !isAbove(short.bad, short.total)) {
    return quietVerdict(state, { ...rule, overMs: longMs }, signal, now, noDataAfterMs);
  }
  const both = isAbove(long.bad, long.total) && newest.at - oldest.at >= shortMs;
  const reason = {
    code: "burn-rate",
    signal,
    factor,
    limit,
    longMs,
    longTotal: long.total,
    longBad: long.bad,
    shortMs,
    shortTotal: short.total,
    shortBad: short.bad,
  } as const;
  return { signal, state: both ? "breach" : "warn", because: [reason] };
}
