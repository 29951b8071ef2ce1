import type { PrometheusApi, SampleSeries } from "../clients/prometheus/api.ts";
import { isSilent, sentence } from "../errors.ts";
import type { ContainerUsage, Measurement, Ms } from "../model.ts";
import type { UsageAsk } from "./ask.ts";
import { eachOf } from "./each-of.ts";
import { evaluate } from "./evaluate.ts";
import { createSaid, type SourceLog } from "./said.ts";
import { usageMetrics, usageOwners, usageQuery } from "./usage-query.ts";

type Answers = ReadonlyMap<string, readonly Measurement[]>;
type Resource = keyof typeof usageMetrics;

/** Bound on the text of one query, and on what it answers: the hour before a rollout has 240 instants. */
const mostPrefixes = 50;
/** Few: these queries read much, and connections must be left to the counters (sample.ts). */
const atOnce = 2;

/**
 * Asks Prometheus for the CPU and memory of all guards' containers: one query per resource (chunked). One that fails makes `error`
 * measurements of its own asks alone; after one without an answer no more are asked. Never rejects.
 */
export function createUsageSampler({ prometheus, log }: { readonly prometheus: PrometheusApi; readonly log: SourceLog }) {
  const say = createSaid(log);

  async function measured(asks: readonly UsageAsk[], instants: readonly Ms[]): Promise<Answers> {
    const resources = asks[0]?.query.resources ?? [];
    const found = new Map<UsageAsk, Map<Resource, SampleSeries[]>>();
    const owners = usageOwners(asks);
    for (const resource of resources) {
      const { series } = await evaluate(prometheus, usageQuery(resource, asks), instants);
      for (const one of series) {
        for (const ask of owners(one.labels)) {
          const rows = found.get(ask) ?? new Map<Resource, SampleSeries[]>();
          found.set(ask, rows.set(resource, [...(rows.get(resource) ?? []), one]));
        }
      }
    }
    return new Map(asks.map((ask) => [ask.id, measureUsage(ask, instants, found.get(ask) ?? new Map<Resource, SampleSeries[]>())]));
  }

  return async (asks: readonly UsageAsk[], instants: readonly Ms[]): Promise<Answers> => {
    const result = new Map<string, readonly Measurement[]>();
    const failures = new Set<string>();
    let silent: string | undefined;
    const groups = Map.groupBy(asks, ({ query }) => query.resources.join());
    await eachOf([...groups.values()].flatMap(chunksOf), atOnce, async (chunk) => {
      const asked = silent === undefined ? measured(chunk, instants) : Promise.reject(new Error(silent));
      const answers = await asked.catch((error: unknown): Answers => {
        const because = sentence(error);
        if (isSilent(error)) silent ??= because;
        failures.add(because);
        return new Map(chunk.map((ask) => [ask.id, instants.map((at) => ({ kind: "error", at, because }) as const)]));
      });
      for (const [id, measurements] of answers) result.set(id, measurements);
    });
    say(failures);
    return result;
  };
}

/** One measurement for each instant, from the series of this ask's pods. */
export function measureUsage(
  ask: UsageAsk,
  instants: readonly Ms[],
  series: ReadonlyMap<Resource, readonly SampleSeries[]>,
): readonly Measurement[] {
  const byInstant = new Map<Ms, Map<string, ContainerUsage>>(instants.map((at) => [at, new Map()]));
  for (const [resource, rows] of series) {
    const key = resource === "cpu" ? "cpuCores" : "memoryBytes";
    for (const { labels, points } of rows) {
      const { pod = "", container = "", id = "" } = labels;
      for (const { at, value } of points) {
        if (!Number.isFinite(value)) continue;
        const found = byInstant.get(at);
        found?.set(`${pod} ${container} ${id}`, { pod, container, id, ...found.get(`${pod} ${container} ${id}`), [key]: value });
      }
    }
  }
  const pods = ask.prefixes.map((prefix) => `${prefix}-*`).join(", ") || "no pods";
  const metrics = ask.query.resources.map((resource) => usageMetrics[resource]).join(" and no ");
  const because = `no ${metrics} of the containers of pods ${pods} in namespace ${ask.namespace}: Prometheus must scrape the kubelets' /metrics/cadvisor`;
  return [...byInstant].map(([at, found]): Measurement => {
    const containers = [...found.values()];
    return containers.length === 0 ? { kind: "no-data", at, because } : { kind: "usage", at, containers };
  });
}

/** An ask is never cut in two. */
function chunksOf(asks: readonly UsageAsk[]): readonly (readonly UsageAsk[])[] {
  const chunks: UsageAsk[][] = [];
  let prefixes = 0;
  for (const ask of asks) {
    const open = chunks.at(-1);
    if (open === undefined || prefixes + ask.prefixes.length > mostPrefixes) {
      chunks.push([ask]);
      prefixes = ask.prefixes.length;
    } else {
      open.push(ask);
      prefixes += ask.prefixes.length;
    }
  }
  return chunks;
}
