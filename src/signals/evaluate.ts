import type { HistogramSeries, PrometheusApi, SampleSeries } from "../clients/prometheus/api.ts";
import type { Ms } from "../model.ts";
import { rangesOf } from "./instants.ts";

export interface Answers {
  readonly series: readonly SampleSeries[];
  readonly histograms: readonly HistogramSeries[];
  readonly notes: readonly string[];
}

/** A query at every instant: one instant is an instant query, evenly spaced ones are a range query. */
export async function evaluate(prometheus: PrometheusApi, promql: string, instants: readonly Ms[]): Promise<Answers> {
  const series: SampleSeries[] = [];
  const notes = new Set<string>();
  const histograms: HistogramSeries[] = [];
  for (const { from, to, step } of rangesOf(instants)) {
    const answer = from === to ? await instantAnswer(prometheus, promql, from) : await prometheus.queryRange(promql, from, to, step);
    for (const one of answer.series) series.push(one);
    for (const one of answer.histograms) histograms.push(one);
    if (answer.note !== undefined) notes.add(answer.note);
  }
  return { series, histograms, notes: [...notes] };
}

async function instantAnswer(prometheus: PrometheusApi, promql: string, at: Ms) {
  const { series, ...footnotes } = await prometheus.query(promql, at);
  return { ...footnotes, series: series.map(({ labels, value }): SampleSeries => ({ labels, points: [{ at, value }] })) };
}
