import type { LogFields, Ms, WorkloadRef } from "../model.ts";
import type { Preset } from "../policies/presets.ts";
import type { MetricSelector } from "../policies/selector.ts";

/** Cumulative counters of each process, read at block ends (docs/judging.md: the formula). `thresholdMs` null: the histograms whole, as `latencies`. */
export type CounterAsk =
  | {
      readonly kind: "errors";
      readonly preset: Preset;
      readonly block: Ms;
      /** Read also what the callers of this workload (in the ask's namespace) count; needs a preset with `callers`. */
      readonly callersOf?: Called;
      /** Read what is counted of this whole Service (in the ask's namespace); needs a preset with `service`. */
      readonly service?: string;
    }
  | { readonly kind: "slower"; readonly preset: Preset; readonly block: Ms; readonly thresholdMs: Ms | null; readonly service?: string }
  | {
      readonly kind: "ratio";
      readonly bad: MetricSelector;
      readonly total: MetricSelector;
      readonly podLabel: string;
      readonly block: Ms;
    };

export type Called = Pick<WorkloadRef, "kind" | "name">;

/** A query of the user's own, its placeholders filled. */
export interface PromqlAsk {
  readonly kind: "promql";
  readonly promql: string;
  /** More than a user's query may answer with; 1,000 unless told. */
  readonly mostSeries?: number;
}

/** Log lines of each pod after `from`, summed up to each instant. */
export interface LogLinesAsk {
  readonly kind: "logs";
  readonly block: Ms;
  readonly index: string;
  readonly fields: LogFields;
  readonly from: Ms;
  /** Absent: they are counted, and not read. */
  readonly read?: LinesWanted;
}

/** Which lines are to be read themselves, up to the last instant. They are read only where new pods logged any at all. */
export interface LinesWanted {
  /** Owner of the new pods. */
  readonly fresh: string;
  readonly freshAfter: Ms;
  /** Owners of the old pods; absent where nothing is compared with them. */
  readonly old?: OldLines;
}

/** Lines of the pods that a workload had before: of these owners, and of any other revision of the Deployment of this name. */
export interface OldLines {
  readonly owners: readonly string[];
  readonly workload: string;
  readonly after: Ms;
  /** To be looked for by themselves since `from`: patterns, and words that all lines of each have. */
  readonly doubts?: { readonly from: Ms; readonly patterns: readonly { readonly pattern: string; readonly phrase: string }[] };
}

/** CPU and memory of each container. */
export interface ContainerUsageAsk {
  readonly kind: "usage";
  readonly source: "prometheus" | "metrics-api";
  readonly resources: readonly ("cpu" | "memory")[];
}

/** One question of one guard. */
export interface Ask {
  /** Unique among the asks of one call: guard and signal. */
  readonly id: string;
  readonly namespace: string;
  /** Names of the ReplicaSets (or other owners) whose pods are meant. */
  readonly prefixes: readonly string[];
  readonly query: CounterAsk | PromqlAsk | LogLinesAsk | ContainerUsageAsk;
}

/** An ask for counters. */
export type CountersAsk = Ask & { readonly query: CounterAsk };

/** An ask for log lines. */
export type LogsAsk = Ask & { readonly query: LogLinesAsk };

/** An ask for values. */
export type ValuesAsk = Ask & { readonly query: PromqlAsk };

/** An ask for the use of CPU and memory. */
export type UsageAsk = Ask & { readonly query: ContainerUsageAsk };
