import type { Ms } from "../../src/model.ts";
import type { PodTrouble } from "../../src/reason.ts";
import type { Scrapes } from "./counters.ts";
import type { Histogram } from "./latencies.ts";

/** How pods that never answered one request look to Kubernetes; the data does not say, so both are replayed. */
export type Trouble = Extract<PodTrouble, "crash-loop" | "never-ready">;

/** New pods created at `start` are ready at `done`; then the `gone` ones end. */
export interface Step {
  readonly start: Ms;
  readonly done: Ms;
  readonly fresh: readonly string[];
  readonly gone: readonly string[];
}

/** One rollout of a data set with its label. */
export interface ReplayRollout {
  readonly service: string;
  readonly bad: boolean;
  readonly tier: string;
  /** What a person should know beside the verdict, for the explanation only. */
  readonly about?: string;
  readonly t0: Ms;
  readonly replicas: number;
  /** Names of the two ReplicaSets. */
  readonly oldSet: string;
  readonly newSet: string;
  readonly oldPods: readonly string[];
  readonly steps: readonly Step[];
  readonly trouble: Trouble | null;
  readonly progressDeadline: Ms;
  /** What callers saw before and after the first new pod, for the explanation only. */
  readonly inbound: string;
}

/** A value that is no counter, at its scrapes. */
export interface Gauge {
  readonly at: readonly Ms[];
  readonly values: readonly number[];
}

/** Rollouts that happen in one cluster at one time, and the counters of their pods. */
export interface ReplayCase {
  readonly set: string;
  readonly name: string;
  /** By pod. */
  readonly latencies?: ReadonlyMap<string, Histogram>;
  /** What every query of the user's own is answered with. */
  readonly gauge?: Gauge;
  readonly from: Ms;
  readonly until: Ms;
  readonly rollouts: readonly ReplayRollout[];
  readonly counters: ReadonlyMap<string, Scrapes>;
  /** What the callers of each service count of their calls to it, by calling pod. */
  readonly callers?: ReadonlyMap<string, ReadonlyMap<string, Scrapes>>;
}
