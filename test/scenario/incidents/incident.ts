import type { World, WorldOptions } from "../../support/world.ts";
import type { Onset } from "./onset.ts";

/** One way in which an incident goes, and what must come of it; played with many seeds. */
export interface Case {
  /** What is special about this one: "0.4 of the requests at 40/s". */
  readonly name: string;
  readonly options: Omit<WorldOptions, "seed">;
  /** Begins the rollout of `web` and all that goes wrong with it. */
  readonly begin: (world: World) => void | Promise<void>;
  readonly expected: Expected;
}

export interface Incident {
  readonly id: string;
  readonly title: string;
  readonly cases: readonly Case[];
}

export type Expected = TakenBack | LeftAlone;

/** The old template is back in time and the guard ends `restored`. */
export interface TakenBack {
  readonly action: "rollback";
  readonly onset: Onset;
  /** Seconds after the onset; a rollback before it is in time. */
  readonly withinS: number;
  /** Seconds after the rollout began until which the onset must have come. */
  readonly onsetWithinS?: number;
  readonly emits: Emits;
}

/** Never a rollback of `web`, and people know what they must. */
export interface LeftAlone {
  readonly action: "none";
  /** How its guard must end; absent: it need not have ended. */
  readonly phase?: "passed" | "inconclusive";
  readonly emits?: Emits;
  /** The play is over this many seconds after the rollout began, when its guard has not ended before. */
  readonly untilS: number;
  /** Another workload, which must be taken back instead. */
  readonly insteadOf?: string;
}

/** What people must have been told: words about `web`, or a kind of message. */
export type Emits = RegExp | { readonly kind: "held" };
