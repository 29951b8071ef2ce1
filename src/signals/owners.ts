import type { Labels } from "../clients/prometheus/api.ts";
import type { CountersAsk } from "./ask.ts";
import { type CalledLabels, calledLabels, podLabelOf, servicePattern, soughtBy } from "./counter-query.ts";
import { basesOf, podBase } from "./pod-prefix.ts";

/** Finds the asks that a series of theirs belongs to; all asks read the same classes. */
export function ownersOf(asks: readonly CountersAsk[]): (labels: Labels) => ReadonlySet<CountersAsk> {
  const [first] = asks;
  if (first === undefined) return () => nobody;
  const called = calledLabels(first.query);
  if (called === undefined) return ownersOfPods(asks, podLabelOf(first.query));
  if (servicePattern(first) !== undefined) return ownersOfServices(asks, called);
  const byName = Map.groupBy(
    asks.flatMap((ask) => soughtBy(ask).map((name) => ({ ask, key: `${ask.namespace}/${name}` }))),
    ({ key }) => key,
  );
  return (labels) => new Set(byName.get(`${labels[called.namespace ?? ""] ?? ""}/${labels[called.workload] ?? ""}`)?.map(({ ask }) => ask));
}

/** By the name under which the Service is counted. */
function ownersOfServices(asks: readonly CountersAsk[], called: CalledLabels): (labels: Labels) => ReadonlySet<CountersAsk> {
  const patterns = asks.map((ask) => ({ ask, value: new RegExp(`^(?:${servicePattern(ask) ?? ""})$`) }));
  const known = new Map<string, ReadonlySet<CountersAsk>>();
  return (labels) => {
    const namespace = called.namespace === undefined ? undefined : (labels[called.namespace] ?? "");
    const name = labels[called.workload] ?? "";
    const key = `${namespace ?? ""}/${name}`;
    const found = patterns.filter(({ ask, value }) => value.test(name) && (namespace === undefined || namespace === ask.namespace));
    const owners = known.get(key) ?? new Set(found.map(({ ask }) => ask));
    known.set(key, owners);
    return owners;
  };
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
