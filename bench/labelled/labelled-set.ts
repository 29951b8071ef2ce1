import type { Policy } from "../../src/policies/policy.ts";
import type { ReplayCase } from "./replay-case.ts";
import type { Line } from "./report.ts";

/** One pass over a set. */
export interface LabelledRun {
  readonly title: string;
  /** Name of the file of decisions, without its ending. */
  readonly file: string;
  readonly lines: readonly Line[];
  /** Whether its targets decide the outcome of the benchmark. */
  readonly counts: boolean;
  /** Made one by one: their counters are large. */
  readonly cases: () => Iterable<LabelledCase>;
}

export interface LabelledCase {
  readonly given: ReplayCase;
  readonly policy: Policy;
}

/** A data set in one folder beside the others. */
export interface LabelledSet {
  readonly folder: string;
  readonly runs: (folder: string) => Promise<readonly LabelledRun[]>;
}
