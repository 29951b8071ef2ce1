// Builder for tests of the rules on requests: blocks of 15 s of one new pod and one old one.
import type { RateStep, RatedState } from "../../../src/judging/rated.ts";
import { foldRated, openRated } from "../../../src/judging/rated.ts";
import type { BlockCounts } from "../../../src/judging/control.ts";
import type { Measurement, ProcessReading } from "../../../src/model.ts";

export const BLOCK = 15_000;

/** Bad of total of the new pod in a block; null: nobody asked. */
export type Block = readonly [bad: number, total: number] | "error" | "no-data" | null;

/** Folds the blocks, which end at 15 s, 30 s …; counters go on while nobody asks, and so come with the next answer. */
export function foldBlocks<Memory>(
  memory: Memory,
  blocks: readonly Block[],
  step: (memory: Memory, block: BlockCounts) => RateStep<Memory>,
): RatedState<Memory> {
  let state = openRated(memory);
  let total = 0;
  let bad = 0;
  for (const [i, block] of blocks.entries()) {
    const at = (i + 1) * BLOCK;
    if (block === null) continue;
    if (typeof block !== "string") {
      bad += block[0];
      total += block[1];
    }
    const reading = (pod: string): ProcessReading => ({ namespace: "shop", pod, process: pod, total, bad, badAtMost: bad });
    const measurement: Measurement =
      typeof block === "string"
        ? { kind: block, at, because: "for a test" }
        : { kind: "counters", at, readings: [reading("new"), reading("old")] };
    state = foldRated(state, { at, measurement, side: ({ pod }) => (pod === "new" ? "new" : "old"), bornInside: () => true }, step);
  }
  return state;
}

export function times(count: number, block: Block): readonly Block[] {
  return Array.from({ length: count }, () => block);
}
