import type { Ms } from "../model.ts";
import type { Block } from "./audit.ts";

/** Counts of new and old since the evidence last began to rise: what a breach is explained with. */
export interface Stretch {
  readonly from: Ms;
  readonly blocks: number;
  readonly newTotal: number;
  readonly newBad: number;
  readonly oldTotal: number;
  readonly oldBad: number;
}

/** Ends when evidence has gone and the block is clean; begins again with the next block over the limit. */
export function stretchAfter(before: Stretch | null, block: Block): Stretch | null {
  if (block.burn === null) return before;
  if (block.burn <= 1 && block.evidence <= 1) return null;
  return {
    from: before?.from ?? block.at,
    blocks: (before?.blocks ?? 0) + 1,
    newTotal: (before?.newTotal ?? 0) + block.fresh.total,
    newBad: (before?.newBad ?? 0) + block.fresh.bad,
    oldTotal: (before?.oldTotal ?? 0) + block.old.total,
    oldBad: (before?.oldBad ?? 0) + block.old.bad,
  };
}
