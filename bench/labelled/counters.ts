import type { Ms } from "../../src/model.ts";

/** Cumulative counters of one pod at its scrapes, oldest first. */
export interface Scrapes {
  readonly at: readonly Ms[];
  readonly total: readonly number[];
  readonly bad: readonly number[];
}

/** One minute of one edge into one pod: `requests` of it (a fraction is carried over), `success` 0–1. */
export interface MinuteValue {
  readonly pod: string;
  readonly edge: string;
  /** End of the minute. */
  readonly at: Ms;
  readonly requests: number;
  readonly success: number;
}

const SCRAPES = 4;
const MINUTE: Ms = 60_000;
/** 0.1 + 0.2 is more than 0.3 in binary, and 30 x 0.1 less than 3: a request must not come a scrape late for that. */
const EPSILON = 1e-9;

/**
 * Each minute value becomes four scrapes 15 s apart: whole requests as they add up, errors as their fraction adds up. A minute without
 * a value has no scrape: never zero errors. 10 requests a minute at 75 % success: 2, 3, 2, 3 requests, 0, 1, 0, 1 of them bad.
 */
export function scrapesOf(values: readonly MinuteValue[]): ReadonlyMap<string, Scrapes> {
  const increments = new Map<string, Map<Ms, { total: number; bad: number }>>();
  const carried = new Map<string, { requests: number; errors: number }>();
  for (const { pod, edge, at, requests, success } of values.toSorted((one, other) => one.at - other.at)) {
    const carry = carried.get(`${pod} ${edge}`) ?? { requests: 0, errors: 0 };
    carried.set(`${pod} ${edge}`, carry);
    const scrapes = increments.get(pod) ?? new Map<Ms, { total: number; bad: number }>();
    increments.set(pod, scrapes);
    for (let scrape = 1; scrape <= SCRAPES; scrape++) {
      const when = at - MINUTE + (scrape * MINUTE) / SCRAPES;
      const total = whole(carry, "requests", requests / SCRAPES);
      const bad = whole(carry, "errors", total * (1 - success));
      const sum = scrapes.get(when) ?? { total: 0, bad: 0 };
      scrapes.set(when, { total: sum.total + total, bad: sum.bad + bad });
    }
  }
  return new Map([...increments].map(([pod, scrapes]) => [pod, cumulative(scrapes)]));
}

/** Adds `more` to what is carried and takes the whole part of it. */
export function whole<Key extends string>(carry: Record<Key, number>, key: Key, more: number): number {
  const sum = carry[key] + more;
  const full = Math.floor(sum + EPSILON);
  carry[key] = sum - full;
  return full;
}

function cumulative(scrapes: ReadonlyMap<Ms, { readonly total: number; readonly bad: number }>): Scrapes {
  const ordered = [...scrapes].toSorted(([one], [other]) => one - other);
  let total = 0;
  let bad = 0;
  const sums = ordered.map(([at, more]) => ({ at, total: (total += more.total), bad: (bad += more.bad) }));
  return { at: sums.map((sum) => sum.at), total: sums.map((sum) => sum.total), bad: sums.map((sum) => sum.bad) };
}

/** Index of the last scrape in `(after, upTo]`, or undefined: what `last_over_time` over a block finds. */
export function lastScrape({ at }: Pick<Scrapes, "at">, after: Ms, upTo: Ms): number | undefined {
  let low = 0;
  let high = at.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((at[middle] ?? Infinity) <= upTo) low = middle + 1;
    else high = middle;
  }
  const found = low - 1;
  return (at[found] ?? -Infinity) > after ? found : undefined;
}
