import type { HistogramSeries, PrometheusApi, SampleSeries } from "../clients/prometheus/api.ts";
import type { Ms } from "../model.ts";
import { RearguardError } from "../errors.ts";
import { halvesOf, type InstantRange, rangesOf } from "./instants.ts";

export interface Answers {
  readonly series: readonly SampleSeries[];
  readonly histograms: readonly HistogramSeries[];
  readonly notes: readonly string[];
}

/** A query at every instant: one instant is an instant query, evenly spaced ones are a range query, in parts where it is too much at once. */
export async function evaluate(prometheus: PrometheusApi, promql: string, instants: readonly Ms[]): Promise<Answers> {
  const series: SampleSeries[] = [];
  const notes = new Set<string>();
  const histograms: HistogramSeries[] = [];
  const ranges = [...rangesOf(instants)];
  for (let range = ranges.shift(); range !== undefined; range = ranges.shift()) {
    const answer = await rangeAnswer(prometheus, promql, range);
    if ("tooLong" in answer) {
      ranges.unshift(...answer.tooLong);
      continue;
    }
    for (const one of answer.series) series.push(one);
    for (const one of answer.histograms) histograms.push(one);
    if (answer.note !== undefined) notes.add(answer.note);
  }
  return { series, histograms, notes: [...notes] };
}

/** Both halves where it is too much at once: after an outage everything since is asked for. */
async function rangeAnswer(prometheus: PrometheusApi, promql: string, range: InstantRange) {
  const { from, to, step } = range;
  try {
    return await (from === to ? instantAnswer(prometheus, promql, from) : prometheus.queryRange(promql, from, to, step));
  } catch (error) {
    const halves = error instanceof RearguardError && error.code === "PROMETHEUS_TOO_COSTLY" ? halvesOf(range) : undefined;
    if (halves === undefined) throw error;
    return { tooLong: halves };
  }
}

async function instantAnswer(prometheus: PrometheusApi, promql: string, at: Ms) {
  const { series, ...footnotes } = await prometheus.query(promql, at);
  return { ...footnotes, series: series.map(({ labels, value }): SampleSeries => ({ labels, points: [{ at, value }] })) };
}
