import { upperNormalQuantile } from "../../src/judging/normal.ts";
import type { Ms } from "../../src/model.ts";
import { presetOf } from "../../src/policies/presets.ts";

/** Seconds at the quantiles that the data gives, such as 0.9 and 0.99. */
export type Quantiles = Readonly<Record<number, number>>;

/** Cumulative histogram of one pod at its scrapes, oldest first: `slower[i][j]` of `total[i]` requests took longer than `bounds[j]` seconds. */
export interface Histogram {
  readonly at: readonly Ms[];
  readonly bounds: readonly number[];
  readonly total: readonly number[];
  readonly slower: readonly (readonly number[])[];
}

/** Bounds in seconds of the mesh that the policies of the benchmark name: nobody tuned them to the data. */
export const standardBounds = presetOf("istio").defaultBuckets;

/**
 * Share of requests that take longer than `seconds`: lognormal between neighbouring quantiles and beyond the outer ones, so that every
 * known quantile is met. With two it is the one lognormal through both: p90 1 s, p99 2 s: 0.1 above 1, 0.01 above 2, 0.0001 above 5.
 * Undefined where fewer than two quantiles are known.
 */
export function slowerThan(seconds: number, quantiles: Quantiles): number | undefined {
  let highest = 0;
  const points = Object.entries(quantiles)
    .filter(([, value]) => value > 0)
    .map(([share, value]) => ({ z: upperNormalQuantile(1 - Number(share)), value }))
    .toSorted((one, other) => one.z - other.z)
    // Some figures of the data are not in order: p95 below p90.
    .map(({ z, value }) => ({ z, log: Math.log((highest = Math.max(highest, value))) }));
  const log = Math.log(seconds);
  const above = points.findIndex((point, index) => index > 0 && (point.log >= log || index === points.length - 1));
  const [low, high] = [points[above - 1], points[above]];
  if (low === undefined || high === undefined) return undefined;
  if (high.log === low.log) return log < low.log ? upperTail(low.z) : log === low.log ? upperTail(high.z) : 0;
  return upperTail(low.z + ((log - low.log) / (high.log - low.log)) * (high.z - low.z));
}

/** P(Z > z) by Abramowitz and Stegun 26.2.17; off by less than 1e-7. */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const powers = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const sum = powers.reduceRight((value, coefficient) => (value + coefficient) * t, 0);
  const tail = (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
  return z >= 0 ? tail : 1 - tail;
}
