import type { SeriesLabels, StoredSeries } from "../scrapes.ts";
import { applyBinary } from "./binary.ts";
import { histogramQuantile } from "./histogram-quantile.ts";
import type { CumulativeBucket } from "./histogram-quantile.ts";
import { keep, textOf, withoutName } from "./labels.ts";
import { increase } from "./rate.ts";
import { QueryRefused } from "./refusal.ts";
import type { RangeSeries, Value, VectorSample } from "./value.ts";
import type { AggregateName, Expression, FunctionName, Selector } from "./tree.ts";

/** Finds stored series for a selector; asked once per selector and instant. */
export type SelectSeries = (selector: Selector) => readonly StoredSeries[];

const lookbackMs = 300_000;

/** Value of an expression at an instant (ms since the epoch). @throws QueryRefused. */
export function evaluate(expression: Expression, at: number, select: SelectSeries): Value {
  switch (expression.kind) {
    case "number":
      return { type: "scalar", value: expression.value };
    case "string":
      return { type: "string", value: expression.value };
    case "selector":
      return selectAt(expression, at, select);
    case "negative": {
      const of = evaluate(expression.of, at, select);
      if (of.type === "scalar") return { type: "scalar", value: -of.value };
      return vector(samplesOf(of).map(({ labels, value }) => ({ labels: withoutName(labels), value: -value })));
    }
    case "aggregate": {
      const groups = Map.groupBy(samplesOf(evaluate(expression.of, at, select)), ({ labels }) => textOf(keep(labels, expression.by)));
      return vector([...groups.values()].map((group) => aggregate(expression.name, group, keep(group[0]?.labels ?? {}, expression.by))));
    }
    case "call":
      return unambiguous(call(expression.name, expression.arguments, at, select));
    case "binary":
      return unambiguous(applyBinary(expression, evaluate(expression.left, at, select), evaluate(expression.right, at, select)));
  }
}

function selectAt(selector: Selector, at: number, select: SelectSeries): Value {
  const found = select(selector);
  if (selector.rangeMs !== undefined) {
    const series = found.map((stored) => within(stored, at - (selector.rangeMs ?? 0), at)).filter(({ times }) => times.length > 0);
    return { type: "matrix", series, rangeMs: selector.rangeMs };
  }
  return vector(
    found.flatMap(({ labels, times, values, gaps }) => {
      const index = lastAtOrBefore(times, at);
      const time = times[index];
      const value = values[index];
      if (time === undefined || value === undefined || time <= at - lookbackMs) return [];
      return gaps.some((gap) => gap > time && gap <= at) ? [] : [{ labels, value }];
    }),
  );
}

/** Samples in (from, to], as Prometheus 3 has it. */
function within({ labels, times, values }: StoredSeries, from: number, to: number): RangeSeries {
  const start = lastAtOrBefore(times, from) + 1;
  const end = lastAtOrBefore(times, to) + 1;
  return { labels, times: times.slice(start, end), values: values.slice(start, end) };
}

function lastAtOrBefore(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function call(name: FunctionName, given: readonly Expression[], at: number, select: SelectSeries): Value {
  const [first, second] = given.map((argument) => evaluate(argument, at, select));
  if (name === "histogram_quantile") {
    const quantile = first?.type === "scalar" ? first.value : NaN;
    const groups = Map.groupBy(second ? samplesOf(second) : [], ({ labels }) => textOf(keep(labels, { how: "except", labels: ["le"] })));
    return vector([...groups.values()].flatMap((group) => quantileOf(quantile, group)));
  }
  if (first?.type !== "matrix") return vector([]);
  const { rangeMs, series } = first;
  if (name === "last_over_time") return vector(series.map(({ labels, values }) => ({ labels, value: values.at(-1) ?? NaN })));
  return vector(
    series.flatMap(({ labels, times, values }) => {
      const grown = increase(times, values, at - rangeMs, at);
      if (grown === undefined) return [];
      return [{ labels: withoutName(labels), value: name === "rate" ? grown / (rangeMs / 1000) : grown }];
    }),
  );
}

function quantileOf(quantile: number, group: readonly VectorSample[]): readonly VectorSample[] {
  const buckets = group.flatMap(({ labels, value }): CumulativeBucket[] => {
    const le = labels["le"];
    const upper = le === "+Inf" ? Infinity : Number(le ?? NaN);
    return Number.isNaN(upper) ? [] : [{ upper, count: value }];
  });
  if (buckets.length === 0) return [];
  return [{ labels: keep(group[0]?.labels ?? {}, { how: "except", labels: ["le"] }), value: histogramQuantile(quantile, buckets) }];
}

function aggregate(name: AggregateName, group: readonly VectorSample[], labels: SeriesLabels): VectorSample {
  const values = group.map(({ value }) => value);
  const sum = () => values.reduce((total, value) => total + value, 0);
  // NaN loses against any number.
  const best = (better: (a: number, b: number) => boolean) =>
    values.reduce((kept, value) => (Number.isNaN(kept) || better(value, kept) ? value : kept), NaN);
  switch (name) {
    case "sum":
      return { labels, value: sum() };
    case "avg":
      return { labels, value: sum() / values.length };
    case "count":
      return { labels, value: values.length };
    case "max":
      return { labels, value: best((a, b) => a > b) };
    case "min":
      return { labels, value: best((a, b) => a < b) };
  }
}

function samplesOf(value: Value): readonly VectorSample[] {
  return value.type === "vector" ? value.samples : [];
}

function vector(samples: readonly VectorSample[]): Value {
  return { type: "vector", samples };
}

function unambiguous(value: Value): Value {
  const samples = samplesOf(value);
  if (new Set(samples.map(({ labels }) => textOf(labels))).size === samples.length) return value;
  throw new QueryRefused("execution", "vector cannot contain metrics with the same labelset");
}
