import type { SelectSeries } from "./promql/evaluate.ts";
import type { Selector } from "./promql/tree.ts";
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

function find(scrapes: Pick<Scrapes, "seriesOf" | "all">, { matchers }: Selector): readonly StoredSeries[] {
  const named = matchers.find(({ label, operator }) => label === "__name__" && operator === "=");
  const candidates = named ? scrapes.seriesOf(named.value) : scrapes.all();
  // An absent label is the empty string.
  return candidates.filter(({ labels }) => matchers.every(({ label, matches }) => matches(labels[label] ?? "")));
}
