import type { HistogramSeries, PrometheusApi, SampleSeries } from "../clients/prometheus/api.ts";
import { sentence } from "../errors.ts";
import type { Measurement, Ms } from "../model.ts";
import type { Ask, CountersAsk, ValuesAsk } from "./ask.ts";
import { joinViews, viewsOf } from "./callers.ts";
import { chunksOf, classesOf, counterQuery, nativeClassOf } from "./counter-query.ts";
import type { CounterClass } from "./counter-query.ts";
import { evaluate } from "./evaluate.ts";
import { ownersOf } from "./owners.ts";
import type { LinesBudget } from "./read-lines.ts";
import { measureCounters } from "./readings.ts";
import { createSaid, type SourceLog } from "./said.ts";
import { measureValues } from "./values.ts";

/** Asks every question at every instant; the answer holds one measurement per instant, in their order, under each ask's id. */
export type Sample = (
  asks: readonly Ask[],
  instants: readonly Ms[],
  budget?: LinesBudget,
) => Promise<ReadonlyMap<string, readonly Measurement[]>>;

export interface SamplerParts {
  readonly prometheus: PrometheusApi;
  readonly log: SourceLog;
}

/** What belongs to one ask. */
interface Rows {
  readonly series: Partial<Record<CounterClass["name"], SampleSeries[]>>;
  readonly histograms: HistogramSeries[];
}

interface Found {
  readonly byAsk: Map<CountersAsk, Rows>;
  readonly notes: Set<string>;
}

/** Part of a sample: measurements of some asks. Never rejects. */
type Job = { readonly asks: readonly Ask[]; readonly run: () => Promise<ReadonlyMap<string, readonly Measurement[]>> };

// Each needs up to two of the client's ten connections, and two are for the use of CPU and memory (sample-usage.ts): a query's deadline
// must not run out while it waits for one.
const atOnce = 4;

/** Signals of guards, old ones forgotten first: to forget one costs one query. */
const mostRemembered = 10_000;

/**
 * Asks Prometheus for all guards together: one query per preset, class and block (chunked), one per query of the user's own. Where a
 * latency has no classic buckets, the native histogram is asked for, and asked first from then on. One instant is an instant query,
 * evenly spaced ones are a range query, in parts where
 * it is too much at once. A query that fails makes `error` measurements of its own asks alone.
 */
export function createSampler({ prometheus, log }: SamplerParts): Sample {
  const say = createSaid(log);
  /** Asks that were answered with native histograms last. */
  const nativeAsks = new Set<string>();

  /** Asks for the classes and hands each series to the asks that it belongs to. */
  async function read(
    classes: readonly CounterClass[],
    asks: readonly CountersAsk[],
    instants: readonly Ms[],
    found: Found,
  ): Promise<void> {
    const [first] = asks;
    if (first === undefined) return;
    const answers = await Promise.all(
      classes.map((counter) => evaluate(prometheus, counterQuery(counter, asks, first.query.block), instants)),
    );
    const owners = ownersOf(asks);
    for (const [index, { name }] of classes.entries()) {
      const answer = answers[index];
      for (const note of answer?.notes ?? []) found.notes.add(note);
      for (const series of answer?.series ?? []) {
        for (const owner of owners(series.labels)) (rowsOf(found, owner).series[name] ??= []).push(series);
      }
      for (const series of answer?.histograms ?? [])
        for (const owner of owners(series.labels)) rowsOf(found, owner).histograms.push(series);
    }
  }

  /** `otherwise` takes the asks that found nothing; without it nothing is what they found. */
  async function sampleCounters(
    classes: readonly CounterClass[],
    asks: readonly CountersAsk[],
    instants: readonly Ms[],
    otherwise?: (unanswered: readonly CountersAsk[]) => void,
  ) {
    const found: Found = { byAsk: new Map(), notes: new Set() };
    await read(classes, asks, instants, found);
    const unanswered = otherwise === undefined ? [] : asks.filter((ask) => !found.byAsk.has(ask));
    if (unanswered.length > 0) otherwise?.(unanswered);
    const note = [...found.notes].join("; ");
    const measured = new Map<string, readonly Measurement[]>();
    for (const ask of asks) {
      if (unanswered.includes(ask)) continue;
      const rows = found.byAsk.get(ask);
      remember(ask, rows);
      const { series, histograms } = rows ?? { series: {}, histograms: [] };
      measured.set(ask.id, measureCounters(ask, instants, { series, histograms, ...(note ? { note } : {}) }));
    }
    return measured;
  }

  /** The second way to read the same is a job of its own: where it fails, those that were answered keep their answers. */
  function counterJob(asks: readonly CountersAsk[], instants: readonly Ms[], jobs: Job[]): Job {
    const [first] = asks;
    const classic = first === undefined ? [] : classesOf(first.query);
    const native = first === undefined ? null : nativeClassOf(first.query);
    if (first === undefined || native === null) return { asks, run: () => sampleCounters(classic, asks, instants) };
    const [one, other] = nativeAsks.has(first.id) ? [[native], classic] : [classic, [native]];
    const otherwise = (left: readonly CountersAsk[]) => jobs.push({ asks: left, run: () => sampleCounters(other, left, instants) });
    return { asks, run: () => sampleCounters(one, asks, instants, otherwise) };
  }

  /** So that from the second block on one query is enough. What nothing is known of stays as it is. */
  function remember({ id }: CountersAsk, rows: Rows | undefined): void {
    if (rows === undefined) return;
    nativeAsks.delete(id);
    if (rows.histograms.length > 0) nativeAsks.add(id);
    const [oldest] = nativeAsks;
    if (nativeAsks.size > mostRemembered && oldest !== undefined) nativeAsks.delete(oldest);
  }

  async function sampleValues(asks: readonly ValuesAsk[], instants: readonly Ms[]) {
    const answers = await evaluate(prometheus, asks[0]?.query.promql ?? "", instants);
    const measurements = measureValues(instants, answers.series, answers.histograms.length, asks[0]?.query.mostSeries);
    return new Map(asks.map((ask) => [ask.id, measurements] as const));
  }

  return async (asks, instants) => {
    const jobs: Job[] = [];
    const views = asks.flatMap(viewsOf);
    for (const group of groupsOf(views.filter(asksCounters), (ask) => `${nativeAsks.has(ask.id)} ${counterKey(ask)}`)) {
      for (const chunk of chunksOf(group)) jobs.push(counterJob(chunk.asks, instants, jobs));
    }
    for (const group of groupsOf(views.filter(asksValues), ({ query }) => query.promql)) {
      jobs.push({ asks: group, run: () => sampleValues(group, instants) });
    }
    const result = new Map<string, readonly Measurement[]>();
    const failures = new Set<string>();
    const work = async () => {
      // Taken one by one, since a job may add another.
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift())
        for (const [id, measurements] of await answered(job, instants, (because) => failures.add(because))) result.set(id, measurements);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    say(failures);
    return new Map(asks.map((ask) => [ask.id, joinViews(ask, result)] as const));
  };
}

function rowsOf({ byAsk }: Found, ask: CountersAsk): Rows {
  const rows = byAsk.get(ask) ?? { series: {}, histograms: [] };
  byAsk.set(ask, rows);
  return rows;
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

function counterKey(ask: CountersAsk): string {
  return JSON.stringify([classesOf(ask.query), ask.query.block]);
}

function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(items, keyOf).values()];
}

function asksCounters(ask: Ask): ask is CountersAsk {
  return !["promql", "logs", "usage"].includes(ask.query.kind);
}

function asksValues(ask: Ask): ask is ValuesAsk {
  return ask.query.kind === "promql";
}
