import type { SelectSeries } from "./promql/evaluate.ts";
import type { Selector } from "./promql/tree.ts";
import { QueryRefused } from "./promql/refusal.ts";
import type { Scrapes, StoredSeries } from "./scrapes.ts";

/** Looks series up for the length of one query: each selector once, however many steps a range has. */
export function selectFrom(scrapes: Pick<Scrapes, "seriesOf" | "all">): SelectSeries {
  const known = new Map<Selector, readonly StoredSeries[]>();
  return (selector) => {
    const found = known.get(selector) ?? find(scrapes, selector);
    known.set(selector, found);
    return found;
  };
}

/**
 * The same, refused when more samples than this are read or answered. Prometheus counts those in memory at a time, so that its limit is
 * met a little later than this one.
 */
export function atMost(mostSamples: number, select: SelectSeries): SelectSeries {
  let samples = 0;
  return (selector) => {
    const found = select(selector);
    for (const { times } of found) samples += selector.rangeMs === undefined ? 1 : times.length;
    if (samples <= mostSamples) return found;
    throw new QueryRefused("execution", "query processing would load too many samples into memory in query execution");
  };
}

function find(scrapes: Pick<Scrapes, "seriesOf" | "all">, { matchers }: Selector): readonly StoredSeries[] {
  const named = matchers.find(({ label, operator }) => label === "__name__" && operator === "=");
  const candidates = named ? scrapes.seriesOf(named.value) : scrapes.all();
  // An absent label is the empty string.
  return candidates.filter(({ labels }) => matchers.every(({ label, matches }) => matches(labels[label] ?? "")));
}
