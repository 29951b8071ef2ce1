// One block with everything needed to redo its arithmetic by hand: docs/judging.md: reading the audit.
import type { BlockAudit, Ms, Outcome } from "../model.ts";
import type { RateCounts } from "./counts.ts";
import type { EffectiveLimit } from "./limit.ts";

export interface Block {
  readonly at: Ms;
  /** Counts of the new and of the old revision. */
  readonly fresh: RateCounts;
  readonly old: RateCounts;
  readonly limit: EffectiveLimit;
  readonly burn: number | null;
  /** Blocks that must agree. */
  readonly m: number;
  readonly evidence: number;
  readonly outcome: Outcome;
}

export function auditOf(block: Block, limit: number): BlockAudit {
  return {
    at: block.at,
    newTotal: block.fresh.total,
    newBad: block.fresh.bad,
    oldTotal: block.old.total,
    oldBad: block.old.bad,
    limit,
    baselineLimit: block.limit.baseline,
    controlLimit: block.limit.control,
    effectiveLimit: block.limit.value,
    limitSource: block.limit.source,
    burn: block.burn,
    sustainBlocks: block.m,
    evidence: block.evidence,
    outcome: block.outcome,
  };
}

/** Keeps the last `keep` blocks; a block that was unanswered at first and is judged now takes the place of its earlier lines. */
export function auditAfter(before: readonly BlockAudit[], audit: BlockAudit, keep: number): readonly BlockAudit[] {
  let end = before.length;
  while (end > 0 && (before[end - 1]?.at ?? 0) >= audit.at) end--;
  return keep < 1 ? [] : [...before.slice(Math.max(0, end - keep + 1), end), audit];
}
