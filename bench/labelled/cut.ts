// A service of which only its own series is known, as a rollout: at t0 one new pod takes the place of the one old pod.
import type { Ms } from "../../src/model.ts";
import { type Scrapes, whole } from "./counters.ts";
import { type Histogram, type Quantiles, slowerThan, standardBounds } from "./latencies.ts";
import type { ReplayCase } from "./replay-case.ts";

/** What a service did in `(from, to]`. */
export interface ServiceValue {
  readonly from: Ms;
  readonly to: Ms;
  readonly requests: number;
  /** 0–1; null where the data does not say: then its pods count no errors at all. */
  readonly success: number | null;
  readonly quantiles: Quantiles;
}

export interface Cut {
  readonly set: string;
  readonly name: string;
  readonly service: string;
  readonly bad: boolean;
  readonly tier: string;
  readonly t0: Ms;
  readonly until: Ms;
  /** Oldest first; from before `t0` and after it. */
  readonly values: readonly ServiceValue[];
}

/** A guard's window, and what it takes to open and to end it. */
export const GUARD: Ms = 32 * 60_000;
/** From one healthy rollout of a service to its next: its guards never overlap. */
export const EVERY: Ms = 35 * 60_000;

/** The judge looks back so far at most, and a new pod is watched from shortly before it comes. */
const HISTORY: Ms = 6 * 3_600_000;
const SCRAPE: Ms = 15_000;

/**
 * Nothing is running beside the new pod, so there is no live control; what was before is the baseline. Each value becomes scrapes 15 s
 * apart. A value over t0 mixes both revisions: what of it comes after t0 is the new pod's, and the old pod has no scrape in it, because
 * nobody knows how much of the fault it must not have had.
 */
export function cutCase({ set, name, service, bad, tier, t0, until, values }: Cut): ReplayCase {
  const [oldSet, newSet] = [`${service}-old`, `${service}-new`];
  const [oldPod, newPod] = [`${oldSet}-0`, `${newSet}-0`];
  const shown = values.filter(({ from, to }) => to > t0 - HISTORY - SCRAPE && from < until);
  const pods = [
    { pod: oldPod, ...scrapesAfter(before(t0, shown), -Infinity) },
    { pod: newPod, ...scrapesAfter(shown, t0) },
  ];
  return {
    set,
    name,
    from: Math.floor(t0 / SCRAPE - 4) * SCRAPE,
    until,
    rollouts: [
      {
        service,
        bad,
        tier,
        t0,
        replicas: 1,
        oldSet,
        newSet,
        oldPods: [oldPod],
        steps: [{ start: t0, done: t0, fresh: [newPod], gone: [oldPod] }],
        trouble: null,
        progressDeadline: 600_000,
        inbound: "",
      },
    ],
    counters: new Map(pods.flatMap(({ pod, counters }) => (counters.at.length === 0 ? [] : [[pod, counters] as const]))),
    latencies: new Map(pods.flatMap(({ pod, latencies }) => (latencies.at.length === 0 ? [] : [[pod, latencies] as const]))),
  };
}

/** Values that end before the rollout starts: all that may be known of the old revision. */
export function before(t0: Ms, values: readonly ServiceValue[]): readonly ServiceValue[] {
  return values.filter(({ to }) => to <= t0);
}

/**
 * Scrapes of one pod, those later than `after`. Counts are whole; the fraction is carried over to the next scrape. 10 requests in
 * five minutes, 30 % of them slower than a bound: one request every second scrape, three of the ten slow.
 */
function scrapesAfter(values: readonly ServiceValue[], after: Ms): { readonly counters: Scrapes; readonly latencies: Histogram } {
  const counters = { at: [] as Ms[], total: [] as number[], bad: [] as number[] };
  const latencies = { at: [] as Ms[], bounds: standardBounds, total: [] as number[], slower: [] as number[][] };
  const carry = { requests: 0, errors: 0 };
  const slowCarry = standardBounds.map(() => ({ slow: 0 }));
  for (const { from, to, requests, success, quantiles } of values) {
    const shares = standardBounds.map((bound) => slowerThan(bound, quantiles));
    const first = Math.floor(Math.max(from, after) / SCRAPE + 1) * SCRAPE;
    for (let at = first; at <= to; at += SCRAPE) {
      const total = whole(carry, "requests", (requests * SCRAPE) / (to - from));
      if (success !== null) {
        counters.at.push(at);
        counters.total.push((counters.total.at(-1) ?? 0) + total);
        counters.bad.push((counters.bad.at(-1) ?? 0) + whole(carry, "errors", total * (1 - success)));
      }
      if (requests > 0 && shares.includes(undefined)) continue;
      const last = latencies.slower.at(-1);
      latencies.at.push(at);
      latencies.total.push((latencies.total.at(-1) ?? 0) + total);
      latencies.slower.push(slowCarry.map((slow, bound) => (last?.[bound] ?? 0) + whole(slow, "slow", total * (shares[bound] ?? 0))));
    }
  }
  return { counters, latencies };
}
