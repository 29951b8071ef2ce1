import type { BlockAudit } from "../model.ts";
import { count, evidenceOf, percent, plain, timeOfDay } from "./numbers.ts";

const head = ["block ends", "new", "old", "limit", "rho U", "rho S", "D", "burn", "m", "evidence", "outcome"] as const;

/**
 * Blocks of a signal as a table of text, oldest first, from which the arithmetic can be redone by hand: D is the largest of limit, rho U
 * and rho S, burn is the bad ratio of the new revision over D. `new` and `old` are bad of total. A dash: nothing to say.
 */
export function blockTable(blocks: readonly BlockAudit[]): readonly string[] {
  const rows = [head, ...blocks.map(rowOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === head.length - 1 ? cell : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function rowOf(block: BlockAudit): readonly string[] {
  return [
    timeOfDay(block.at),
    `${count(block.newBad)} of ${count(block.newTotal)}`,
    `${count(block.oldBad)} of ${count(block.oldTotal)}`,
    percent(block.limit),
    block.baselineLimit === 0 ? "-" : percent(block.baselineLimit),
    block.controlLimit === null ? "-" : percent(block.controlLimit),
    percent(block.effectiveLimit),
    block.burn === null ? "-" : plain(block.burn),
    String(block.sustainBlocks),
    evidenceOf(block.evidence),
    block.outcome,
  ];
}
