import type { Labels } from "../clients/prometheus/api.ts";
import type { CountersAsk } from "./ask.ts";
import { basesOf, podBase } from "./pod-prefix.ts";

/** Finds the asks that a series belongs to, by its namespace and its pod's name. */
export function ownersOf(asks: readonly CountersAsk[], podLabel: string): (labels: Labels) => ReadonlySet<CountersAsk> {
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
