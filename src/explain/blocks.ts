import type { BlockAudit } from "../model.ts";
import { count, evidenceOf, plain, timeOfDay } from "./numbers.ts";
import { POD_MINUTES } from "../judging/unit.ts";
import { shareOf } from "./share.ts";

const head = ["block ends", "new", "old", "limit", "before", "old now", "D", "burn", "m", "evidence", "outcome"] as const;

/**
 * Blocks of a signal as a table of text, oldest first, from which the arithmetic can be redone by hand: D is the largest of limit, `before`
 * (worseThanOld times U) and `old now` (worseThanOld times S), burn is the bad ratio of the new revision over D. `new` and `old` are bad of total. A dash: nothing to say.
 */
export function blockTable(blocks: readonly BlockAudit[], unit?: string): readonly string[] {
  const rows = [head, ...blocks.map((block) => rowOf(block, unit))];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === head.length - 1 ? cell : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function rowOf(block: BlockAudit, unit: string | undefined): readonly string[] {
  const total = (value: number) => (unit === POD_MINUTES ? plain(value) : count(value));
  return [
    timeOfDay(block.at),
    `${count(block.newBad)} of ${total(block.newTotal)}`,
    `${count(block.oldBad)} of ${total(block.oldTotal)}`,
    shareOf(block.limit, unit),
    block.baselineLimit === 0 ? "-" : shareOf(block.baselineLimit, unit),
    block.controlLimit === null ? "-" : shareOf(block.controlLimit, unit),
    shareOf(block.effectiveLimit, unit),
    block.burn === null ? "-" : plain(block.burn),
    String(block.sustainBlocks),
    evidenceOf(block.evidence),
    block.outcome,
  ];
}
