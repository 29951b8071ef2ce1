import type { NativeBucket, NativeHistogram } from "../../model.ts";
import type { HistogramSeries, Labels } from "./api.ts";

/**
 * A series' native histograms as Prometheus writes them: `histogram: [time, {count, sum, buckets: [[rule, left, right, count], …]}]`, or
 * `histograms` with one of these per point. Undefined for a series without any, null for one that cannot be read: to leave a bucket
 * out would be to count too little.
 */
export function histogramSeries(series: Readonly<Record<string, unknown>>): HistogramSeries | null | undefined {
  const { metric, histogram, histograms } = series;
  if (histogram === undefined && histograms === undefined) return undefined;
  const written: readonly unknown[] = Array.isArray(histograms) ? histograms : [histogram];
  const points: { at: number; histogram: NativeHistogram }[] = [];
  for (const point of written) {
    if (!Array.isArray(point)) return null;
    const [seconds, value]: readonly unknown[] = point;
    const read = histogramOf(value);
    if (typeof seconds !== "number" || read === null) return null;
    points.push({ at: Math.round(seconds * 1000), histogram: read });
  }
  return { labels: labelsOf(metric), points };
}

function histogramOf(value: unknown): NativeHistogram | null {
  if (typeof value !== "object" || value === null) return null;
  const { count, buckets } = value as { readonly count?: unknown; readonly buckets?: unknown };
  const read: NativeBucket[] = [];
  // Absent where nothing was observed yet.
  for (const bucket of Array.isArray(buckets) ? buckets : []) {
    if (!Array.isArray(bucket)) return null;
    const [, left, right, inside]: readonly unknown[] = bucket;
    read.push({ left: numberOf(left), right: numberOf(right), count: numberOf(inside) });
  }
  const total = numberOf(count);
  const numbers = read.flatMap(({ left, right, count: inside }) => [left, right, inside]);
  return [total, ...numbers].some(Number.isNaN) ? null : { count: total, buckets: read };
}

function numberOf(text: unknown): number {
  if (text === "+Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  return typeof text === "string" && text !== "" ? Number(text) : NaN;
}

function labelsOf(metric: unknown): Labels {
  return Object.fromEntries(Object.entries(metric ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}
