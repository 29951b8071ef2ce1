import type { PrometheusApi, SampleSeries } from "../clients/prometheus/api.ts";
import { sentence } from "../errors.ts";
import type { Measurement, Ms } from "../model.ts";
import type { Ask, CountersAsk, ValuesAsk } from "./ask.ts";
import { joinViews, viewsOf } from "./callers.ts";
import { chunksOf, classesOf, counterQuery } from "./counter-query.ts";
import type { CounterClass } from "./counter-query.ts";
import { rangesOf } from "./instants.ts";
import { ownersOf } from "./owners.ts";
import { measureCounters } from "./readings.ts";
import { measureValues } from "./values.ts";

/** Asks every question at every instant; the answer holds one measurement per instant, in their order, under each ask's id. */
export type Sample = (asks: readonly Ask[], instants: readonly Ms[]) => Promise<ReadonlyMap<string, readonly Measurement[]>>;

export interface SamplerParts {
  readonly prometheus: PrometheusApi;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

interface Answers {
  readonly series: readonly SampleSeries[];
  readonly nativeHistograms: number;
  readonly notes: readonly string[];
}

/** Part of a sample: measurements of some asks. Never rejects. */
type Job = { readonly asks: readonly Ask[]; readonly run: () => Promise<ReadonlyMap<string, readonly Measurement[]>> };

// Each needs up to two of the client's eight connections: a query's deadline must not run out while it waits for one.
const atOnce = 4;

/**
 * Asks Prometheus for all guards together: one query per preset, class and block (chunked), one per query of the user's own. One instant
 * is an instant query, evenly spaced ones are a range query. A query that fails makes `error` measurements of its own asks alone.
 */
export function createSampler({ prometheus, log }: SamplerParts): Sample {
  let said: ReadonlySet<string> = new Set();

  async function evaluate(promql: string, instants: readonly Ms[]): Promise<Answers> {
    const series: SampleSeries[] = [];
    const notes = new Set<string>();
    let nativeHistograms = 0;
    for (const { from, to, step } of rangesOf(instants)) {
      const answer = from === to ? await instantAnswer(prometheus, promql, from) : await prometheus.queryRange(promql, from, to, step);
      for (const one of answer.series) series.push(one);
      nativeHistograms += answer.nativeHistograms;
      if (answer.note !== undefined) notes.add(answer.note);
    }
    return { series, nativeHistograms, notes: [...notes] };
  }

  async function sampleCounters(asks: readonly CountersAsk[], instants: readonly Ms[]) {
    const [first] = asks;
    if (!first) return new Map<string, readonly Measurement[]>();
    const classes = classesOf(first.query);
    const answers = await Promise.all(classes.map((counter) => evaluate(counterQuery(counter, asks, first.query.block), instants)));
    const note = unique(answers.flatMap(({ notes }) => notes)).join("; ");
    const nativeHistograms = answers.reduce((sum, one) => sum + one.nativeHistograms, 0);
    const owners = ownersOf(asks);
    const split = new Map(asks.map((ask) => [ask, new Map<CounterClass["name"], SampleSeries[]>()]));
    for (const [index, counter] of classes.entries()) {
      for (const series of answers[index]?.series ?? []) {
        for (const owner of owners(series.labels)) {
          const rows = split.get(owner);
          const row = rows?.get(counter.name);
          if (row) row.push(series);
          else rows?.set(counter.name, [series]);
        }
      }
    }
    return new Map(
      asks.map((ask) => {
        const series = Object.fromEntries(split.get(ask) ?? []);
        return [ask.id, measureCounters(ask, instants, { series, nativeHistograms, ...(note ? { note } : {}) })] as const;
      }),
    );
  }

  async function sampleValues(asks: readonly ValuesAsk[], instants: readonly Ms[]) {
    const answers = await evaluate(asks[0]?.query.promql ?? "", instants);
    const measurements = measureValues(instants, answers.series, answers.nativeHistograms);
    return new Map(asks.map((ask) => [ask.id, measurements] as const));
  }

  return async (asks, instants) => {
    const jobs: Job[] = [];
    const views = asks.flatMap(viewsOf);
    for (const group of groupsOf(views.filter(asksCounters), counterKey)) {
      for (const chunk of chunksOf(group)) jobs.push({ asks: chunk.asks, run: () => sampleCounters(chunk.asks, instants) });
    }
    for (const group of groupsOf(views.filter(asksValues), ({ query }) => query.promql)) {
      jobs.push({ asks: group, run: () => sampleValues(group, instants) });
    }
    const result = new Map<string, readonly Measurement[]>();
    const failures = new Set<string>();
    const waiting = jobs.values();
    const work = async () => {
      for (const job of waiting)
        for (const [id, measurements] of await answered(job, instants, (because) => failures.add(because))) result.set(id, measurements);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    // A source that stays down is news once, not at every block.
    for (const because of failures) if (!said.has(because)) log.warn({ because }, "sampling failed; guards wait for a proper answer");
    if (failures.size === 0 && said.size > 0) log.info({}, "sampling works again");
    said = failures;
    return new Map(asks.map((ask) => [ask.id, joinViews(ask, result)] as const));
  };
}

async function answered(
  job: Job,
  instants: readonly Ms[],
  failed: (because: string) => void,
): Promise<ReadonlyMap<string, readonly Measurement[]>> {
  try {
    return await job.run();
  } catch (error) {
    const because = sentence(error);
    failed(because);
    const measurements = instants.map((at): Measurement => ({ kind: "error", at, because }));
    return new Map(job.asks.map((ask) => [ask.id, measurements]));
  }
}

async function instantAnswer(prometheus: PrometheusApi, promql: string, at: Ms) {
  const { series, ...footnotes } = await prometheus.query(promql, at);
  return { ...footnotes, series: series.map(({ labels, value }): SampleSeries => ({ labels, points: [{ at, value }] })) };
}

function counterKey(ask: CountersAsk): string {
  return JSON.stringify([classesOf(ask.query), ask.query.block]);
}

function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(items, keyOf).values()];
}

function asksCounters(ask: Ask): ask is CountersAsk {
  return ask.query.kind !== "promql";
}

function asksValues(ask: Ask): ask is ValuesAsk {
  return ask.query.kind === "promql";
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
