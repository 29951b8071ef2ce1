import type { Labels } from "../clients/prometheus/api.ts";
import type { Ms } from "../model.ts";
import type { UsageAsk } from "./ask.ts";
import { durationText } from "./counter-query.ts";
import { basesOf, escapeRegex, podBase, podPattern } from "./pod-prefix.ts";

/** What cAdvisor in the kubelet calls it. */
export const usageMetrics = { cpu: "container_cpu_usage_seconds_total", memory: "container_memory_working_set_bytes" } as const;

/** A kubelet is scraped as seldom as once a minute, and a rate needs two scrapes. */
const WINDOW_MS: Ms = 120_000;

/**
 * PromQL of one resource for all asks of a chunk, container by container. The whole pod (no container) and its sandbox (POD) are left out.
 * `max`: where two jobs scrape the same kubelet each value is there twice. `id` tells a container from the one before its restart, which
 * lingers; without it they are one.
 */
export function usageQuery(resource: "cpu" | "memory", asks: readonly UsageAsk[]): string {
  const namespaces = unique(asks.map(({ namespace }) => escapeRegex(namespace)));
  const pods = unique(asks.flatMap(({ prefixes }) => prefixes.map(podPattern)));
  const matchers = [`namespace=~${quoted(namespaces.join("|"))}`, `pod=~${quoted(pods.join("|"))}`, 'container!=""', 'container!="POD"'];
  const range = `${usageMetrics[resource]}{${matchers.join(", ")}}[${durationText(WINDOW_MS)}]`;
  // By core where a kubelet tells the cores apart.
  const value = resource === "cpu" ? `sum without (cpu) (rate(${range}))` : `last_over_time(${range})`;
  return `max by (namespace, pod, container, id) (${value})`;
}

/** Finds the asks that a series belongs to. */
export function usageOwners(asks: readonly UsageAsk[]): (labels: Labels) => readonly UsageAsk[] {
  const byBase = Map.groupBy(
    asks.flatMap((ask) => ask.prefixes.map((prefix) => ({ ask, key: `${ask.namespace}/${podBase(prefix)}` }))),
    ({ key }) => key,
  );
  return (labels) => {
    const found = basesOf(labels["pod"] ?? "").map((base) => byBase.get(`${labels["namespace"] ?? ""}/${base}`));
    return found.find((owners) => owners !== undefined)?.map(({ ask }) => ask) ?? [];
  };
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, "\\$&")}"`;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}
