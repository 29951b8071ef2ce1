import { ResponseType } from "prometheus-query";
import type { InstantVector, Metric, QueryResult, RangeVector, SampleValue } from "prometheus-query";
import type { Answer, Labels, RangeAnswer, Sample, SampleSeries } from "./api.ts";
import type { Findings } from "./body.ts";
import { notNumbers } from "./not-numbers.ts";

/** @throws RearguardError PROMETHEUS_BAD_QUERY when the expression gives a string or a range of samples. */
export function toAnswer(result: QueryResult, findings: Findings, server: string): Answer {
  return { series: instantSeries(result, server), ...footnotes(findings) };
}

/** @throws RearguardError PROMETHEUS_BAD_QUERY when the answer is no matrix. */
export function toRangeAnswer(result: QueryResult, findings: Findings, server: string): RangeAnswer {
  if (result.resultType !== ResponseType.MATRIX) throw notNumbers(result.resultType, server);
  const vectors: readonly RangeVector[] = result.result;
  const series = vectors.map((vector): SampleSeries => {
    const values: readonly SampleValue[] = vector.values;
    return { labels: labelsOf(vector.metric), points: values.map(({ time, value }) => ({ at: time.getTime(), value })) };
  });
  return { series, ...footnotes(findings) };
}

function instantSeries(result: QueryResult, server: string): readonly Sample[] {
  if (result.resultType === ResponseType.SCALAR) {
    const [, text]: readonly unknown[] = result.result;
    return [{ labels: {}, value: parseFloat(String(text)) }];
  }
  if (result.resultType !== ResponseType.VECTOR) throw notNumbers(result.resultType, server);
  const vectors: readonly InstantVector[] = result.result;
  return vectors.map((vector) => {
    const { value }: SampleValue = vector.value;
    return { labels: labelsOf(vector.metric), value };
  });
}

function footnotes(findings: Findings): Pick<Answer, "histograms" | "note"> {
  const { histograms, notes } = findings;
  return notes.length > 0 ? { histograms, note: notes.join("; ") } : { histograms };
}

function labelsOf(metric: Metric | null): Labels {
  if (!metric) return {};
  const labels: Labels = Object.fromEntries(Object.entries(metric.labels));
  return metric.name === undefined ? labels : { __name__: metric.name, ...labels };
}
