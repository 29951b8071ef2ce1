// How the neighbours judge, on the counters of the new revision alone. They promise no bound.
import type { Sample } from "./simulate.ts";

const MINUTE = 60;

/** Seconds after the start at which it takes the revision back; null: never. `samples`: one a block, oldest first, counting from 0. */
export type FixedRule = (samples: readonly Sample[], limit: number) => number | null;

/** Argo Rollouts: query rate[5m] each 60 s, failureLimit 3: the 4th failure aborts, whenever it comes. First measurement at 60 s. */
export function argoLike(samples: readonly Sample[], limit: number): number | null {
  return nthFailure(samples, limit, 5 * MINUTE, 4);
}

/** Flagger: interval 1 m, rate[1m], threshold 5; its count of failed checks only grows. */
export function flaggerLike(samples: readonly Sample[], limit: number): number | null {
  return nthFailure(samples, limit, MINUTE, 5);
}

/** Burn rate of 5 m and of 1 m both above 3 times the limit, looked at after each block from the first whole minute on. */
export function twoWindows(samples: readonly Sample[], limit: number): number | null {
  const isOver = (at: number, window: number): boolean => (ratioOver(samples, at, window) ?? 0) > 3 * limit;
  const at = samples.findIndex(({ second }, i) => second >= MINUTE && isOver(i, 5 * MINUTE) && isOver(i, MINUTE));
  return samples[at]?.second ?? null;
}

/** Of checks each minute. One without requests is none: what the tools then do depends on how the query is written. */
function nthFailure(samples: readonly Sample[], limit: number, window: number, nth: number): number | null {
  let failures = 0;
  for (const [i, { second }] of samples.entries()) {
    if (second % MINUTE !== 0) continue;
    if ((ratioOver(samples, i, window) ?? 0) > limit) failures += 1;
    if (failures === nth) return second;
  }
  return null;
}

/** Bad of total in the last `window` seconds, first values included, which `rate()` would lose; null without requests. */
function ratioOver(samples: readonly Sample[], at: number, window: number): number | null {
  const now = samples[at];
  if (now === undefined) return null;
  const base = samples.findLast(({ second }) => second <= now.second - window) ?? { total: 0, bad: 0 };
  const total = now.total - base.total;
  return total > 0 ? (now.bad - base.bad) / total : null;
}
