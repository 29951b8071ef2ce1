import type { LogFields, Ms, WorkloadRef } from "../model.ts";
import type { Preset } from "../policies/presets.ts";
import type { MetricSelector } from "../policies/selector.ts";

/** Cumulative counters of each process, read at block ends (judging.md 1.1). `thresholdMs` null: the histograms whole, as `latencies`. */
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
  readonly index: string;
  readonly fields: LogFields;
  readonly from: Ms;
}

/** One question of one guard. */
export interface Ask {
  /** Unique among the asks of one call: guard and signal. */
  readonly id: string;
  readonly namespace: string;
  /** Names of the ReplicaSets (or other owners) whose pods are meant. */
  readonly prefixes: readonly string[];
  readonly query: CounterAsk | PromqlAsk | LogLinesAsk;
}

/** An ask for counters. */
export type CountersAsk = Ask & { readonly query: CounterAsk };

/** An ask for log lines. */
export type LogsAsk = Ask & { readonly query: LogLinesAsk };

/** An ask for values. */
export type ValuesAsk = Ask & { readonly query: PromqlAsk };
