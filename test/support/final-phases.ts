import type { FinalPhase } from "../../src/entry.ts";

const ends: Readonly<Record<FinalPhase, true>> = {
  passed: true,
  restored: true,
  unresolved: true,
  inconclusive: true,
  superseded: true,
  aborted: true,
};

/** Phases in which a guard has ended. */
export const finalPhases: ReadonlySet<string> = new Set(Object.keys(ends));
