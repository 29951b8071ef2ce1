import type { SampleSeries } from "../clients/prometheus/api.ts";
import { latencyReading } from "../judging/buckets.ts";
import type { Bucket } from "../judging/buckets.ts";
import { processName } from "../judging/process.ts";
import type { Measurement, Ms, ProcessReading } from "../model.ts";
import type { Called, CountersAsk } from "./ask.ts";
import type { CounterClass } from "./counter-query.ts";

/** The answers that belong to one ask, by class. `note` is what the source said besides. */
export interface CounterAnswers {
  readonly series: Readonly<Partial<Record<CounterClass["name"], readonly SampleSeries[]>>>;
  readonly nativeHistograms: number;
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
}

/** One measurement for each instant, from what Prometheus answered about the pods of this ask. */
export function measureCounters(ask: CountersAsk, instants: readonly Ms[], answers: CounterAnswers): readonly Measurement[] {
  const processes = processesOf(ask.query.preset.podLabel, instants, answers);
  return instants.map((at, index) => measureAt(ask, at, index, processes, answers));
}

function measureAt(ask: CountersAsk, at: Ms, index: number, processes: readonly Process[], answers: CounterAnswers): Measurement {
  const readings: ProcessReading[] = [];
  const notes = new Set(answers.note === undefined ? [] : [answers.note]);
  for (const process of processes) {
    const { namespace, pod } = process;
    const identity = { namespace, pod, process: process.process, ...(callersOf(ask) === undefined ? {} : { view: "callers" as const }) };
    if (ask.query.kind === "errors") {
      const total = process.total[index] ?? NaN;
      const bad = process.bad[index] ?? NaN;
      // A process scraped in this block without a bad series has had no bad request yet.
      const known = Number.isFinite(bad) ? bad : 0;
      if (Number.isFinite(total)) readings.push({ ...identity, total, bad: known, badAtMost: known });
      continue;
    }
    const buckets = bucketsAt(process, index, ask.query.preset.unitSeconds);
    // Not scraped in this block: a gap, whose increment comes with the next reading.
    if (buckets.length === 0) continue;
    const counts = latencyReading(buckets, ask.query.thresholdMs / 1000);
    if ("problem" in counts) return { kind: "error", at, because: cannotJudge(ask, pod, counts.problem, buckets) };
    const { total, bad, badAtMost } = counts;
    readings.push({ ...identity, total, bad, badAtMost });
    if (!counts.exact) notes.add(judgedElsewhere(ask, counts.judgedAt));
  }
  if (readings.length === 0) return nothing(ask, at, answers.nativeHistograms);
  return { kind: "counters", at, readings, ...(notes.size > 0 ? { note: [...notes].join("; ") } : {}) };
}

/** Cumulative counts of one process at one instant, bounds in seconds. */
function bucketsAt(process: Process, index: number, unitSeconds: number): readonly Bucket[] {
  const buckets: Bucket[] = [];
  for (const [bound, counts] of process.buckets) {
    const count = counts[index] ?? NaN;
    if (Number.isFinite(count)) buckets.push({ le: bound * unitSeconds, count });
  }
  return buckets;
}

function processesOf(podLabel: string, instants: readonly Ms[], answers: CounterAnswers): readonly Process[] {
  const position = new Map(instants.map((at, index) => [at, index]));
  const processes = new Map<string, Process>();
  const empty = () => new Float64Array(instants.length).fill(NaN);
  for (const name of ["total", "bad", "buckets"] as const) {
    for (const { labels, points } of answers.series[name] ?? []) {
      const pod = labels[podLabel] ?? "";
      const namespace = labels["namespace"] ?? "";
      const process = processName(labels["instance"] ?? "", labels["job"] ?? "");
      const key = `${pod} ${process}`;
      const known = processes.get(key) ?? {
        namespace,
        pod,
        process,
        total: empty(),
        bad: empty(),
        buckets: new Map<number, Float64Array>(),
      };
      processes.set(key, known);
      const row = name === "buckets" ? bucketRow(known, labels["le"], empty) : known[name];
      for (const { at, value } of points) {
        const index = position.get(at);
        if (index !== undefined) row[index] = value;
      }
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

function nothing(ask: CountersAsk, at: Ms, nativeHistograms: number): Measurement {
  const { query } = ask;
  const metric = query.kind === "errors" ? query.preset.requests : query.preset.buckets;
  if (nativeHistograms > 0) {
    return { kind: "error", at, because: `${metric} is a native histogram in Prometheus; only classic buckets can be judged so far` };
  }
  const label = query.kind === "errors" ? ` with a label ${query.preset.statusLabel}` : "";
  const called = callersOf(ask);
  if (called !== undefined) {
    const what = `no caller counted ${metric}${label} of calls to ${called.kind} ${called.name} in namespace ${ask.namespace}`;
    return { kind: "no-data", at, because: `${what} in the last ${query.block / 1000} s` };
  }
  const pods = ask.prefixes.length > 0 ? ask.prefixes.map((prefix) => `${prefix}-*`).join(", ") : "no pods";
  return {
    kind: "no-data",
    at,
    because: `no ${metric}${label} of pods ${pods} in namespace ${ask.namespace} in the last ${query.block / 1000} s`,
  };
}

function callersOf({ query }: CountersAsk): Called | undefined {
  return query.kind === "errors" ? query.callersOf : undefined;
}

function cannotJudge(ask: CountersAsk, pod: string, problem: string, buckets: readonly Bucket[]): string {
  const bounds = buckets.map(({ le }) => le).filter((le) => le !== Infinity);
  const known = bounds.toSorted((a, b) => a - b).map(milliseconds);
  return `${problem}; ${ask.query.preset.buckets} of pod ${pod} has ${known.length > 0 ? `buckets at ${known.join(", ")}` : "no finite bucket"}`;
}

function judgedElsewhere(ask: CountersAsk, bound: number): string {
  const wanted = ask.query.kind === "slower" ? ask.query.thresholdMs : 0;
  return `no bucket of ${ask.query.preset.buckets} ends at ${wanted} ms: judged at ${milliseconds(bound)}`;
}

function milliseconds(seconds: number): string {
  return `${Number((seconds * 1000).toPrecision(6))} ms`;
}
