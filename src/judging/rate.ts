// The plain rule "rate over a window above the limit for a time". No bound on wrong breaches (docs/judging.md: plain rules).
import type { Ms } from "../model.ts";
import type { Verdict } from "../reason.ts";
import type { BlockCounts } from "./control.ts";
import { quietVerdict, type RatedState, type RateLimit, type RateStep, within } from "./rated.ts";
import { GAP_BLOCKS } from "./values.ts";

export interface RateRule extends RateLimit {
  readonly overMs: Ms;
  readonly forMs: Ms;
}

/** Blocks with requests in the window; since when the rate has been above the limit without a break; the last block that was judged. */
export interface RateMemory {
  readonly blocks: readonly BlockCounts[];
  readonly since: Ms | null;
  readonly through: Ms | null;
}

export const noRate: RateMemory = { blocks: [], since: null, through: null };

/**
 * One block with requests. A window with too few of them neither extends nor heals; after a gap longer than the window (at least two
 * blocks) the time begins anew. Over 1m, limit 1 %, at least 100 requests: blocks of 50 with 1 bad give 1 of 50 (too few), then 2 of
 * 100 = 2 %: above since that block.
 */
export function stepRate(memory: RateMemory, block: BlockCounts, rule: RateRule): RateStep<RateMemory> {
  const { blocks, total, bad } = within([...memory.blocks, block], rule.overMs);
  if (total < rule.minRequests) return { memory: { ...memory, blocks }, seen: total, outcome: "too-few" };
  const isAbove = bad / total > rule.limit;
  const goesOn = memory.through !== null && block.at - memory.through <= reachOf(rule);
  const since = goesOn ? (memory.since ?? block.at) : block.at;
  return { memory: { blocks, since: isAbove ? since : null, through: block.at }, seen: total, outcome: isAbove ? "breach" : "healthy" };
}

/** `breach` once the rate has been above the limit for `forMs`, `warn` on the way there. */
export function rateVerdict(state: RatedState<RateMemory>, rule: RateRule, signal: string, now: Ms, noDataAfterMs: Ms): Verdict {
  const { since, through, blocks } = state.memory;
  if (since === null || through === null || now - through > reachOf(rule)) return quietVerdict(state, rule, signal, now, noDataAfterMs);
  const { total, bad } = within(blocks, rule.overMs);
  const forMs = through - since;
  const { overMs, limit } = rule;
  const reason = { code: "rate", signal, badRatio: bad / total, bad, total, overMs, limit, forMs } as const;
  return { signal, state: forMs >= rule.forMs ? "breach" : "warn", because: [reason] };
}

/** As long as this the window still speaks of the time since it was last judged. */
function reachOf({ overMs, blockMs }: RateRule): Ms {
  return Math.max(overMs, GAP_BLOCKS * blockMs);
}
