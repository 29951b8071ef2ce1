export interface CumulativeBucket {
  readonly upper: number;
  readonly count: number;
}

/** Linear interpolation inside the bucket that holds the quantile (Prometheus, promql/quantile.go, classic histograms). */
export function histogramQuantile(quantile: number, unsorted: readonly CumulativeBucket[]): number {
  if (Number.isNaN(quantile)) return NaN;
  if (quantile < 0) return -Infinity;
  if (quantile > 1) return Infinity;
  const buckets = unsorted.toSorted((a, b) => a.upper - b.upper);
  const top = buckets.at(-1);
  if (!top || top.upper !== Infinity || buckets.length < 2 || top.count === 0) return NaN;
  const rank = quantile * top.count;
  const index = buckets.findIndex(({ count }) => count >= rank);
  const bucket = buckets[index];
  if (!bucket) return NaN;
  // Above the highest finite bound nothing is known but that bound.
  if (bucket.upper === Infinity) return buckets.at(-2)?.upper ?? NaN;
  if (index === 0 && bucket.upper <= 0) return bucket.upper;
  const before = buckets[index - 1];
  const from = before?.upper ?? 0;
  const below = before?.count ?? 0;
  return from + (bucket.upper - from) * ((rank - below) / (bucket.count - below));
}
