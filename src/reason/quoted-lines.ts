// Log lines as nouns. Like model.ts: imports nothing but nouns, does nothing.
import type { Ms } from "../model.ts";

/** Log lines that are alike but for their values, as people are shown them. */
export interface QuotedLines {
  readonly pattern: string;
  readonly lines: number;
  /** Those that logged it most, of so many. */
  readonly pods: readonly string[];
  readonly of: number;
  readonly last: Ms;
}
