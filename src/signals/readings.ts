import type { HistogramSeries, Labels, SampleSeries } from "../clients/prometheus/api.ts";
import { latencyReading } from "../judging/latency.ts";
import { processName } from "../judging/process.ts";
import type { CumulativeBucket, Latencies, Measurement, Ms, NativeHistogram, ProcessLatencies, ProcessReading } from "../model.ts";
import type { Called, CounterAsk, CountersAsk } from "./ask.ts";
import { type CounterClass, podLabelOf, servicePattern } from "./counter-query.ts";

/** The answers that belong to one ask, by class. `note` is what the source said besides. */
export interface CounterAnswers {
  readonly series: Readonly<Partial<Record<CounterClass["name"], readonly SampleSeries[]>>>;
  readonly histograms: readonly HistogramSeries[];
  readonly note?: string;
}

/** Values of one process at each instant, in the order of the instants; NaN where it was not scraped. */
interface Process {
  readonly namespace: string;
  readonly pod: string;
  readonly process: string;
  readonly total: Float64Array;
  readonly bad: Float64Array;
  /** By upper bound. */
  readonly buckets: Map<number, Float64Array>;
  /** By the position of the instant. */
  readonly histograms: Map<number, NativeHistogram>;
}

/** One measurement for each instant, from what Prometheus answered about the pods of this ask. */
export function measureCounters(ask: CountersAsk, instants: readonly Ms[], answers: CounterAnswers): readonly Measurement[] {
  const processes = processesOf(ask.query, instants, answers);
  return instants.map((at, index) => measureAt(ask, at, index, processes, answers));
}

function measureAt(ask: CountersAsk, at: Ms, index: number, processes: readonly Process[], answers: CounterAnswers): Measurement {
  const readings: ProcessReading[] = [];
  const whole: ProcessLatencies[] = [];
  const notes = new Set(answers.note === undefined ? [] : [answers.note]);
  for (const process of processes) {
    const { namespace, pod } = process;
    const identity = { namespace, pod, process: process.process, ...(isOwn(ask) ? {} : { view: "callers" as const }) };
    if (ask.query.kind !== "slower") {
      const total = process.total[index] ?? NaN;
      const bad = process.bad[index] ?? NaN;
      // A process scraped in this block without a bad series has had no bad request yet.
      const known = Number.isFinite(bad) ? bad : 0;
      if (Number.isFinite(total)) readings.push({ ...identity, total, bad: known, badAtMost: known });
      continue;
    }
    const latencies = latenciesAt(process, index, ask.query.preset.unitSeconds);
    // Not scraped in this block: a gap, whose increment comes with the next reading.
    if (latencies === null) continue;
    if (ask.query.thresholdMs === null) {
      whole.push({ ...identity, latencies });
      continue;
    }
    const counts = latencyReading(latencies, ask.query.thresholdMs / 1000);
    if ("problem" in counts) return { kind: "error", at, because: cannotJudge(ask, pod, counts.problem, latencies) };
    const { total, bad, badAtMost, judgedAt, exact } = counts;
    // Of a native histogram an empty bucket is not listed: where the limit falls is known only while something lies beside it.
    readings.push({ ...identity, total, bad, badAtMost, ...(latencies.kind === "native" && exact ? {} : { judgedAt }) });
    if (!exact) notes.add(judgedElsewhere(ask, judgedAt));
  }
  if (whole.length > 0) return { kind: "latencies", at, processes: whole };
  if (readings.length === 0) return nothing(ask, at, answers.histograms.length);
  return { kind: "counters", at, readings, ...(notes.size > 0 ? { note: [...notes].join("; ") } : {}) };
}

/** The classic buckets, or else the native histogram: never both, which would count every request twice. */
function latenciesAt(process: Process, index: number, unitSeconds: number): Latencies | null {
  const buckets: CumulativeBucket[] = [];
  for (const [bound, counts] of process.buckets) {
    const count = counts[index] ?? NaN;
    if (Number.isFinite(count)) buckets.push({ le: bound * unitSeconds, count });
  }
  if (buckets.length > 0) return { kind: "classic", buckets };
  const histogram = process.histograms.get(index);
  if (histogram === undefined) return null;
  const inSeconds = histogram.buckets.map(({ left, right, count }) => ({ left: left * unitSeconds, right: right * unitSeconds, count }));
  return { kind: "native", count: histogram.count, buckets: inSeconds };
}

function processesOf(query: CounterAsk, instants: readonly Ms[], answers: CounterAnswers): readonly Process[] {
  const podLabel = podLabelOf(query);
  const serviceLabel = query.kind === "ratio" || query.service === undefined ? undefined : query.preset.service?.serviceLabel;
  const position = new Map(instants.map((at, index) => [at, index]));
  const processes = new Map<string, Process>();
  const empty = () => new Float64Array(instants.length).fill(NaN);
  const processOf = (labels: Labels): Process => {
    const pod = labels[podLabel] ?? "";
    const namespace = labels["namespace"] ?? "";
    // A Service may be counted by port: each of them is a counter of its own.
    const service = serviceLabel === undefined ? "" : `/${labels[serviceLabel] ?? ""}`;
    const process = processName(`${labels["instance"] ?? ""}${service}`, labels["job"] ?? "");
    const key = `${pod} ${process}`;
    const known = processes.get(key) ?? {
      namespace,
      pod,
      process,
      total: empty(),
      bad: empty(),
      buckets: new Map<number, Float64Array>(),
      histograms: new Map<number, NativeHistogram>(),
    };
    processes.set(key, known);
    return known;
  };
  for (const name of ["total", "bad", "buckets"] as const) {
    for (const { labels, points } of answers.series[name] ?? []) {
      const known = processOf(labels);
      const row = name === "buckets" ? bucketRow(known, labels["le"], empty) : known[name];
      for (const { at, value } of points) {
        const index = position.get(at);
        if (index !== undefined) row[index] = value;
      }
    }
  }
  for (const { labels, points } of answers.histograms) {
    const known = processOf(labels);
    for (const { at, histogram } of points) {
      const index = position.get(at);
      if (index !== undefined) known.histograms.set(index, histogram);
    }
  }
  return [...processes.values()];
}

/** Prometheus 3 writes `le="1.0"` where Prometheus 2 wrote `le="1"`: only the number counts. */
function bucketRow(process: Process, le: string | undefined, empty: () => Float64Array): Float64Array {
  const bound = le === "+Inf" ? Infinity : Number(le);
  const row = process.buckets.get(bound) ?? empty();
  if (!Number.isNaN(bound)) process.buckets.set(bound, row);
  return row;
}

function nothing(ask: CountersAsk, at: Ms, histograms: number): Measurement {
  const { query } = ask;
  const metric = metricOf(query);
  if (histograms > 0 && query.kind !== "slower") {
    return { kind: "error", at, because: `${metric} is a native histogram in Prometheus where a counter is needed` };
  }
  const label = query.kind === "errors" ? ` with a label ${query.preset.statusLabel}` : "";
  const called = callersOf(ask);
  if (called !== undefined) {
    const what = `no caller counted ${metric}${label} of calls to ${called.kind} ${called.name} in namespace ${ask.namespace}`;
    return { kind: "no-data", at, because: `${what} in the last ${query.block / 1000} s` };
  }
  if (query.kind !== "ratio" && query.service !== undefined) return noService(ask, at, `${metric}${label}`);
  const pods = ask.prefixes.length > 0 ? ask.prefixes.map((prefix) => `${prefix}-*`).join(", ") : "no pods";
  const usually = query.kind === "slower" && query.preset.withoutBuckets !== undefined ? `; ${query.preset.withoutBuckets}` : "";
  return {
    kind: "no-data",
    at,
    because: `no ${metric}${label} of pods ${pods} in namespace ${ask.namespace} in the last ${query.block / 1000} s${usually}`,
  };
}

function noService(ask: CountersAsk, at: Ms, what: string): Measurement {
  const { namespace, query } = ask;
  const view = query.kind === "ratio" ? undefined : query.preset.service;
  const inNamespace = view?.namespaceLabel === undefined ? "" : `, ${view.namespaceLabel}="${namespace}"`;
  const where = `${view?.serviceLabel}=~"${servicePattern(ask)}"${inNamespace}`;
  return { kind: "no-data", at, because: `no ${what} of the Service in the last ${query.block / 1000} s (looked for ${where})` };
}

/** Counted by the workload's own pods. */
function isOwn(ask: CountersAsk): boolean {
  return callersOf(ask) === undefined && (ask.query.kind === "ratio" || ask.query.service === undefined);
}

function callersOf({ query }: CountersAsk): Called | undefined {
  return query.kind === "errors" ? query.callersOf : undefined;
}

function metricOf(query: CounterAsk): string {
  if (query.kind === "errors") return query.preset.requests;
  if (query.kind === "slower") return query.preset.buckets;
  const { metric, matchers } = query.total;
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(", ")}}`;
}

function cannotJudge(ask: CountersAsk, pod: string, problem: string, latencies: Latencies): string {
  const bounds =
    latencies.kind === "native" ? latencies.buckets.flatMap(({ left, right }) => [left, right]) : latencies.buckets.map(({ le }) => le);
  const known = [...new Set(bounds)]
    .filter((bound) => Math.abs(bound) !== Infinity)
    .toSorted((a, b) => a - b)
    .map(milliseconds);
  return `${problem}; ${metricOf(ask.query)} of pod ${pod} has ${known.length > 0 ? `buckets at ${known.join(", ")}` : "no finite bucket"}`;
}

function judgedElsewhere(ask: CountersAsk, bound: number): string {
  const wanted = ask.query.kind === "slower" ? (ask.query.thresholdMs ?? 0) : 0;
  return `no bucket of ${metricOf(ask.query)} ends at ${milliseconds(wanted / 1000)}: judged at ${milliseconds(bound)}`;
}

function milliseconds(seconds: number): string {
  return `${Number((seconds * 1000).toPrecision(6))} ms`;
}
