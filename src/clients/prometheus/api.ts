import type { Ms, NativeHistogram } from "../../model.ts";

export type Labels = Readonly<Record<string, string>>;

/** One series at one instant. `value` may be NaN, Infinity or -Infinity: all three are told apart. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** One series over a range. */
export interface SampleSeries {
  readonly labels: Labels;
  readonly points: readonly { readonly at: Ms; readonly value: number }[];
}

/** One series of native histograms, at one instant or over a range. */
export interface HistogramSeries {
  readonly labels: Labels;
  readonly points: readonly { readonly at: Ms; readonly histogram: NativeHistogram }[];
}

interface Footnotes {
  /** Samples that are native histograms; not in `series`, since they carry no single number. */
  readonly histograms: readonly HistogramSeries[];
  /** What Prometheus says besides; never a sign of partial data. */
  readonly note?: string;
}

export interface Answer extends Footnotes {
  readonly series: readonly Sample[];
}

export interface RangeAnswer extends Footnotes {
  readonly series: readonly SampleSeries[];
}

/** The two questions Rearguard asks of Prometheus (or Thanos, Mimir, VictoriaMetrics behind the same API). */
export interface PrometheusApi {
  /**
   * Evaluates at one instant; a scalar comes back as one series without labels, no data as no series.
   * @throws RearguardError PROMETHEUS_UNREACHABLE, _REFUSED, _TIMEOUT, _BAD_QUERY, _TOO_COSTLY, _NOT_JSON or _PARTIAL, its sentence free of credentials.
   */
  query(promql: string, at: Ms): Promise<Answer>;
  /**
   * Evaluates at `from`, `from + step` … up to `to`; Prometheus refuses more than 11,000 of them.
   * @throws as `query` does.
   */
  queryRange(promql: string, from: Ms, to: Ms, step: Ms): Promise<RangeAnswer>;
  /** Ends idle connections. */
  close(): void;
}
