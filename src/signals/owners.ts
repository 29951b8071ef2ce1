import type { Labels } from "../clients/prometheus/api.ts";
import type { CountersAsk } from "./ask.ts";
import { calledLabels, podLabelOf, soughtBy } from "./counter-query.ts";
import { basesOf, podBase } from "./pod-prefix.ts";

/** Finds the asks that a series of theirs belongs to; all asks read the same classes. */
export function ownersOf(asks: readonly CountersAsk[]): (labels: Labels) => ReadonlySet<CountersAsk> {
  const [first] = asks;
  if (first === undefined) return () => nobody;
  const called = calledLabels(first.query);
  if (called === undefined) return ownersOfPods(asks, podLabelOf(first.query));
  const byName = Map.groupBy(
    asks.flatMap((ask) => soughtBy(ask).map((name) => ({ ask, key: `${ask.namespace}/${name}` }))),
    ({ key }) => key,
  );
  return (labels) => new Set(byName.get(`${labels[called.namespace] ?? ""}/${labels[called.workload] ?? ""}`)?.map(({ ask }) => ask));
}

/** By a series' namespace and its pod's name. */
function ownersOfPods(asks: readonly CountersAsk[], podLabel: string): (labels: Labels) => ReadonlySet<CountersAsk> {
  const byBase = new Map<string, Set<CountersAsk>>();
  for (const ask of asks) {
    for (const prefix of ask.prefixes) {
      const key = `${ask.namespace}/${podBase(prefix)}`;
      const owners = byBase.get(key) ?? new Set();
      byBase.set(key, owners.add(ask));
    }
  }
  return (labels) => {
    const found = basesOf(labels[podLabel] ?? "").map((base) => byBase.get(`${labels["namespace"] ?? ""}/${base}`));
    return found.find((owners) => owners !== undefined) ?? nobody;
  };
}

const nobody: ReadonlySet<CountersAsk> = new Set();
