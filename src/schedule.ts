// Schedules of remediations: nouns. Like model.ts: imports nothing but nouns, does nothing.
import type { Ms } from "./model.ts";

/** When a remediation is due. */
export interface Schedule {
  /** Name of its policy. */
  readonly policy: string;
  readonly cron: string;
  readonly timeZone: string;
}

/** Why a run did not take place. */
export type MissedWhy =
  /** No Rearguard was running. */
  | "down"
  /** This one was running, and none led. */
  | "not-leading"
  /** This one led and was not there in time: it stood still, or could not write down that it begins. */
  | "late"
  /** For a workload, the run before is still under way. */
  | "overlap";

/** Runs of one schedule that did not take place for one cause. */
export interface MissedRuns {
  readonly why: MissedWhy;
  readonly count: number;
  readonly first: Ms;
  readonly last: Ms;
}

export type ScheduleOutcome = "begun" | MissedWhy;
