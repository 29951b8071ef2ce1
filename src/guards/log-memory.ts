import { foldFresh, foldOld, type LinesMemory, noLines } from "../judging/patterns/novelty.ts";
import type { LinesOrWhy, Measurement } from "../model.ts";

/** Of one signal: the lines that were read, and those that name no pod. */
export interface LogMemory {
  readonly lines: LinesMemory;
  /** The last time that there were any. */
  readonly podless: number;
}

/** After an answer; one that was not asked for lines, or could not read them, leaves what is known. */
export function foldLines(before: LogMemory | undefined, { read, podless }: Extract<Measurement, { kind: "lines" }>): LogMemory {
  const memory = before ?? { lines: noLines, podless: 0 };
  const lines = read === undefined ? memory.lines : foldSides(memory.lines, read.fresh, read.old);
  return { lines, podless: podless ?? memory.podless };
}

function foldSides(memory: LinesMemory, fresh: LinesOrWhy, old: LinesOrWhy | undefined): LinesMemory {
  const ofNew = "because" in fresh ? { ...memory, trouble: fresh.because } : foldFresh(memory, fresh);
  return old === undefined || "because" in old ? ofNew : foldOld(ofNew, old);
}
