import { evaluate } from "./promql/evaluate.ts";
import type { Value } from "./promql/value.ts";
import { textOf } from "./promql/labels.ts";
import { parse } from "./promql/parse.ts";
import { QueryRefused } from "./promql/refusal.ts";
import { typeOf } from "./promql/tree.ts";
import type { Scrapes, SeriesLabels } from "./scrapes.ts";
import { atMost, selectFrom } from "./select.ts";

/** `data` of an answer, as Prometheus writes it. */
export interface QueryData {
  readonly resultType: "scalar" | "string" | "vector" | "matrix";
  readonly result: readonly unknown[];
}

type Stored = Pick<Scrapes, "seriesOf" | "all">;

const mostPoints = 11_000;

/** `/api/v1/query` at an instant in ms. @throws QueryRefused. */
export function instantQuery(stored: Stored, promql: string, at: number, mostSamples = Infinity): QueryData {
  return instantData(evaluate(parse(promql), at, atMost(mostSamples, selectFrom(stored))), at);
}

/** `/api/v1/query_range` from `from` to `to` inclusive by `step`, all in ms. @throws QueryRefused. */
export function rangeQuery(stored: Stored, promql: string, from: number, to: number, step: number, mostSamples = Infinity): QueryData {
  if (to < from) throw new QueryRefused("bad_data", 'invalid parameter "end": end timestamp must not be before start time');
  if (!(step > 0)) {
    throw new QueryRefused(
      "bad_data",
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    );
  }
  if ((to - from) / step > mostPoints) {
    throw new QueryRefused(
      "bad_data",
      "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    );
  }
  const expression = parse(promql);
  const type = typeOf(expression);
  if (type === "range vector" || type === "string") {
    throw new QueryRefused(
      "bad_data",
      `invalid parameter "query": invalid expression type "${type}" for range query, must be Scalar or instant Vector`,
    );
  }
  const select = atMost(mostSamples, selectFrom(stored));
  const series = new Map<string, { readonly metric: SeriesLabels; readonly values: [number, string][] }>();
  for (let at = from; at <= to; at += step) {
    const value = evaluate(expression, at, select);
    const samples = value.type === "scalar" ? [{ labels: {}, value: value.value }] : value.type === "vector" ? value.samples : [];
    for (const sample of samples) {
      const key = textOf(sample.labels);
      const row = series.get(key) ?? { metric: sample.labels, values: [] };
      series.set(key, row);
      row.values.push([at / 1000, numberText(sample.value)]);
    }
  }
  return { resultType: "matrix", result: [...series.values()] };
}

function instantData(value: Value, at: number): QueryData {
  switch (value.type) {
    case "scalar":
      return { resultType: "scalar", result: [at / 1000, numberText(value.value)] };
    case "string":
      return { resultType: "string", result: [at / 1000, value.value] };
    case "vector":
      return {
        resultType: "vector",
        result: value.samples.map(({ labels, value: number }) => ({ metric: labels, value: [at / 1000, numberText(number)] })),
      };
    case "matrix":
      return {
        resultType: "matrix",
        result: value.series.map(({ labels, times, values }) => ({
          metric: labels,
          values: times.map((time, index) => [time / 1000, numberText(values[index] ?? NaN)]),
        })),
      };
  }
}

/** As Go writes a float64: infinities with a sign, two digits of exponent. */
export function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}
