import type { SampleSeries } from "../clients/prometheus/api.ts";
import type { Measurement, Ms, SeriesValue } from "../model.ts";

/** Each series is judged and remembered on its own: a query that answers with thousands of them was not meant so. */
const mostOfUsers = 1000;

/**
 * One measurement for each instant from a user's own query. NaN (0/0) is no value: where nothing else is left it is no-data. An
 * infinite value (x/0) is a value like any other.
 */
export function measureValues(
  instants: readonly Ms[],
  series: readonly SampleSeries[],
  histograms: number,
  mostSeries = mostOfUsers,
): readonly Measurement[] {
  const values = new Map<Ms, SeriesValue[]>(instants.map((at) => [at, []]));
  const undefinedAt = new Set<Ms>();
  for (const { labels, points } of series) {
    for (const { at, value } of points) {
      if (Number.isNaN(value)) undefinedAt.add(at);
      else values.get(at)?.push({ labels, value });
    }
  }
  return instants.map((at): Measurement => {
    const found = values.get(at) ?? [];
    if (found.length > mostSeries) return { kind: "error", at, because: tooMany(found.length, mostSeries) };
    if (found.length > 0) return { kind: "values", at, values: found };
    if (undefinedAt.has(at)) return { kind: "no-data", at, because: "the query answers NaN (nothing divided by nothing)" };
    if (histograms > 0) return { kind: "error", at, because: "the query answers native histograms where numbers are needed" };
    return { kind: "no-data", at, because: "the query answers with no series" };
  });
}

function tooMany(series: number, most: number): string {
  return `the query answers with ${series} series, at most ${most} are judged: aggregate them, as in max by (pod) (…)`;
}
