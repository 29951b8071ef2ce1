import type { QueryData } from "./query.ts";
import type { SeriesLabels } from "./scrapes.ts";

/** A series of a vector or of a matrix, as Prometheus writes them. */
interface Series {
  readonly metric: SeriesLabels;
  readonly value?: Point;
  readonly values?: readonly Point[];
}

type Point = readonly [seconds: number, value: string];

interface Bucket {
  readonly le: number;
  readonly count: number;
}

const counterQuery = /^sum by \(([^)]*)\) \(last_over_time\((\w+)(\{.*\})?\[(\w+)\]\)\)$/;

/**
 * As a Prometheus answers that stores classic histograms as native ones with custom buckets (`convert_classic_histograms_to_nhcb`), for
 * queries of the form `sum by (…) (last_over_time(metric[…]))`: nothing for `metric_bucket`, and histograms for `metric`. Other queries
 * are answered as ever. `answer` evaluates a query on what is stored, which is classic.
 */
export function answerNative(promql: string, answer: (promql: string) => QueryData): QueryData {
  const [shape, by, metric = "", matchers = "", range] = counterQuery.exec(promql) ?? [];
  if (shape === undefined) return answer(promql);
  if (metric.endsWith("_bucket")) return { ...answer(promql), result: [] };
  const classic = answer(`sum by (${by}, le) (last_over_time(${metric}_bucket${matchers}[${range}]))`);
  if (classic.result.length === 0) return answer(promql);
  const processes = new Map<string, { readonly metric: SeriesLabels; readonly at: Map<number, Bucket[]> }>();
  for (const { metric: labels, value, values } of classic.result as readonly Series[]) {
    const { le = "", ...rest } = labels;
    const key = JSON.stringify(rest);
    const process = processes.get(key) ?? { metric: rest, at: new Map<number, Bucket[]>() };
    processes.set(key, process);
    for (const [seconds, count] of value === undefined ? (values ?? []) : [value]) {
      const buckets = process.at.get(seconds) ?? [];
      process.at.set(seconds, buckets);
      buckets.push({ le: le === "+Inf" ? Infinity : Number(le), count: Number(count) });
    }
  }
  const result = [...processes.values()].map(({ metric: labels, at }) => {
    const points = [...at].map(([seconds, buckets]) => [seconds, histogramOf(buckets)] as const);
    return classic.resultType === "vector" ? { metric: labels, histogram: points[0] } : { metric: labels, histograms: points };
  });
  return { ...classic, result };
}

/** Disjoint buckets from cumulative ones, those that hold nothing left out. */
function histogramOf(cumulative: readonly Bucket[]): object {
  let below: Bucket = { le: -Infinity, count: 0 };
  const buckets: (readonly [number, string, string, string])[] = [];
  for (const bucket of cumulative.toSorted((a, b) => a.le - b.le)) {
    if (bucket.count > below.count) buckets.push([0, boundText(below.le), boundText(bucket.le), String(bucket.count - below.count)]);
    below = bucket;
  }
  return { count: String(below.count), sum: "NaN", buckets };
}

function boundText(bound: number): string {
  return Math.abs(bound) === Infinity ? `${bound > 0 ? "+" : "-"}Inf` : String(bound);
}
