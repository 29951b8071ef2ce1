import type { SeriesLabels } from "../scrapes.ts";

export interface VectorSample {
  readonly labels: SeriesLabels;
  readonly value: number;
}

export interface RangeSeries {
  readonly labels: SeriesLabels;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

export type Value =
  | { readonly type: "scalar"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "vector"; readonly samples: readonly VectorSample[] }
  | { readonly type: "matrix"; readonly series: readonly RangeSeries[]; readonly rangeMs: number };
