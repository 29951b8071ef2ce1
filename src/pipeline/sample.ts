import { sentence } from "../errors.ts";
import { linesWanted } from "../guards/log-evidence.ts";
import { ownBoundMissing, ownBoundOf } from "../guards/own-bound.ts";
import { heardOf, judge, judgedThrough, lagOf, judgedFrom, type GuardRun, withAsked } from "../guards/run.ts";
import { noElasticsearch } from "../guards/record.ts";
import { resourcesOf } from "../judging/resources.ts";
import { blockEnds } from "../judging/blocks.ts";
import type { Measurement, Ms, Revision } from "../model.ts";
import type { Signal } from "../policies/signal.ts";
import type { Ask } from "../signals/ask.ts";
import { counterAsk } from "../signals/counter-signal.ts";
import { promqlAsk } from "../signals/promql-signal.ts";
import { linesBudget } from "../signals/read-lines.ts";
import { ensureBaseline } from "./baseline.ts";
import type { PipelineSettings } from "./edges.ts";
import type { Flow } from "./flow.ts";
import { askPeers } from "./peers.ts";
import { ensurePresets, type WithoutPreset } from "./presets.ts";
import { persist } from "./write.ts";

/**
 * What is sampled beside each other, so that a source that is slow or hangs delays its own signals alone: counters and values of Prometheus,
 * the use of CPU and memory (whose queries read far more), and log lines.
 */
export const lanes = ["counters", "usage", "logs"] as const;
export type Lane = (typeof lanes)[number];

interface Due {
  readonly guard: string;
  readonly signal: string;
  readonly instants: readonly Ms[];
}

/** `ask` is the reason why nothing can be asked where it is a sentence. */
interface Ready extends Due {
  readonly ask: Ask | string;
}

/**
 * Asks for every block of this lane that has ended and was not judged: one block in the steady state, all since the opening after a
 * restart, the missed ones after an outage. Guards that are due at the same instants share their queries. Returns the guards that moved.
 *
 * Another lane may be at work on the same guard: whatever is changed in a guard is changed in the newest one, with no await between.
 */
export async function sampleGuards(lane: Lane, flow: Flow): Promise<ReadonlySet<string>> {
  const { book, edges, settings } = flow;
  const now = edges.now();
  const due = [...book.open.values()].flatMap((run) => dueOf(run, lane, now, settings));
  if (due.length === 0) return new Set();
  await edges.sleep(settleLeft(due, now, settings));
  const withoutPreset = lane === "counters" ? await presetsOf(due, flow) : noneMissing;
  const budget = linesBudget();
  const moved = new Set<string>();
  for (const together of inTurn(due)) {
    const [first] = together;
    if (first === undefined) continue;
    const ready = await readyToJudge(together, withoutPreset, flow);
    const asks = ready.flatMap(({ ask }) => (typeof ask === "string" ? [] : [ask]));
    const answers = await edges.sample(asks, first.instants, budget);
    let failed = false;
    for (const one of ready) {
      const { ask, instants } = one;
      const answer = typeof ask === "string" ? unasked(ask, instants) : (answers.get(ask.id) ?? []);
      failed ||= answer.some(({ kind }) => kind === "error");
      // Pods may have come or gone while it was asked for.
      if (!(await persist(one.guard, flow)) || flow.unsaved.has(one.guard)) continue;
      if (foldAnswer(one, answer, flow)) moved.add(one.guard);
    }
    for (const { guard, signal, instants } of together) {
      const run = book.open.get(guard);
      if (run !== undefined) book.open.set(guard, withAsked(run, signal, instants.at(-1) ?? 0));
    }
    // A slow source that hangs must cost a beat its time-out once: the other groups wait for the next one.
    if (failed && lane !== "counters") break;
  }
  await askPeers(moved, flow);
  return moved;
}

const noneMissing: ReadonlyMap<string, WithoutPreset> = new Map();

function presetsOf(due: readonly Due[], flow: Flow): Promise<ReadonlyMap<string, WithoutPreset>> {
  return ensurePresets(
    due.map(({ guard }) => guard),
    Math.max(...due.map(({ instants }) => instants.at(-1) ?? 0)),
    flow,
  );
}

/** What a block is judged with must be written down before: else a restart would judge it otherwise. */
async function readyToJudge(due: readonly Due[], withoutPreset: ReadonlyMap<string, WithoutPreset>, flow: Flow): Promise<readonly Ready[]> {
  const ready: Ready[] = [];
  for (const one of due) {
    const run = flow.book.open.get(one.guard);
    if (run === undefined) continue;
    const none = withoutPreset.get(one.guard)?.[one.signal];
    if (none?.kind === "no-data") ready.push({ ...one, ask: none.because });
    if (none?.kind === "error") flow.book.open.set(one.guard, judge(run, one.signal, { ...none, kind: "error", at: one.instants[0] ?? 0 }));
    if (none !== undefined) continue;
    const based = (await ensureBaseline(run, one.signal, flow)) && (await persist(one.guard, flow));
    const current = flow.book.open.get(one.guard);
    const ask = current === undefined ? undefined : askOf(current, one.signal, flow.settings);
    if (based && ask !== undefined) ready.push({ ...one, ask });
  }
  return ready;
}

type AskedOtherwise = Extract<Signal, { kind: "pods" | "probe" | "job" | "alert" }>;

/** Not by blocks: pods are watched, probes and jobs have a beat of their own, alerts are told to us. */
function isAskedOtherwise(signal: Signal): signal is AskedOtherwise {
  return signal.kind === "pods" || signal.kind === "probe" || signal.kind === "job" || signal.kind === "alert";
}

function laneOf(signal: Signal): Lane | undefined {
  if (isAskedOtherwise(signal)) return undefined;
  if (signal.kind === "logs") return "logs";
  return signal.kind === "resources" ? "usage" : "counters";
}

function dueOf(run: GuardRun, lane: Lane, now: Ms, settings: PipelineSettings): readonly Due[] {
  const { record } = run;
  if (record.pods.length === 0) return [];
  return Object.entries(run.signals).flatMap(([signal, kind]): Due[] => {
    if (laneOf(kind) !== lane) return [];
    const instants = blockEnds(judgedThrough(run, signal), now - lagOf(run, signal), settings.pace.blockMs);
    // A source that failed is asked again when the next block has ended, not at every beat.
    const isRested = heardOf(run, signal)?.outcome !== "error" || run.askedThrough[signal] !== instants.at(-1);
    return instants.length === 0 || !isRested ? [] : [{ guard: record.name, signal, instants }];
  });
}

/** Only with its baseline is it known what to ask of a latency that is judged against the old revision's own. */
function askOf(run: GuardRun, signal: string, settings: PipelineSettings): Ask | string | undefined {
  const { record } = run;
  const kind = run.signals[signal];
  if (kind === undefined || isAskedOtherwise(kind)) return undefined;
  if (kind.kind === "logs" && settings.pace.logLagMs === undefined) return noElasticsearch;
  const missing = ownBoundMissing(kind, record, signal);
  if (missing !== undefined) return missing;
  const query = queryOf(run, signal, kind, settings);
  return { id: `${record.name}/${signal}`, namespace: record.namespace, prefixes: revisionsOf(run).map((one) => one.name), query };
}

function queryOf(run: GuardRun, signal: string, kind: Exclude<Signal, AskedOtherwise>, settings: PipelineSettings): Ask["query"] {
  const { record } = run;
  if (kind.kind === "logs") {
    const { index, fields } = kind;
    return { kind: "logs", block: settings.pace.blockMs, index, fields, from: judgedFrom(run), read: linesWanted(run, signal, kind) };
  }
  if (kind.kind === "promql") {
    return promqlAsk(kind, {
      namespace: record.namespace,
      name: record.rollout.workload.name,
      newPods: podNames(run, record.rollout.new),
      oldPods: podNames(run, record.rollout.old),
    });
  }
  if (kind.kind === "resources") return { kind: "usage", source: kind.source, resources: resourcesOf(kind) };
  return counterAsk(kind, settings.pace.blockMs, { called: record.rollout.workload, own: ownBoundOf(kind, record.baselines[signal]) });
}

function unasked(because: string, instants: readonly Ms[]): readonly Measurement[] {
  return instants.map((at) => ({ kind: "no-data", at, because }));
}

function revisionsOf(run: GuardRun): readonly Revision[] {
  const { new: fresh, old } = run.record.rollout;
  const target = run.standing.rollback?.target;
  const all = [fresh, ...(old === undefined ? [] : [old]), ...(target === undefined ? [] : [target])];
  return all.filter((revision, index) => all.findIndex((one) => one.name === revision.name) === index);
}

function podNames(run: GuardRun, revision: Revision | undefined): readonly string[] {
  return run.record.pods
    .filter((pod) => pod.podTemplateHash === revision?.podTemplateHash && pod.gone === undefined)
    .map((pod) => pod.name);
}

function settleLeft(due: readonly Due[], now: Ms, settings: PipelineSettings): Ms {
  const newest = Math.max(...due.map((one) => one.instants.at(-1) ?? 0));
  return Math.max(0, newest + settings.settleMs - now);
}

/** In groups of the same instants: what has just ended before what is caught up with. */
function inTurn(due: readonly Due[]): Iterable<readonly Due[]> {
  const ordered = due.toSorted((one, other) => one.instants.length - other.instants.length);
  return Map.groupBy(ordered, ({ instants }) => `${instants[0]}-${instants.at(-1)}`).values();
}

function foldAnswer(one: Due, answer: readonly Measurement[], { book, edges }: Flow): boolean {
  let moved = false;
  for (const measurement of answer) {
    const run = book.open.get(one.guard);
    // Read again meanwhile, after leadership or a conflict: blocks are judged in their order, and this one is asked for again.
    if (run === undefined || measurement.at - judgedThrough(run, one.signal) > run.pace.blockMs) return moved;
    try {
      const judged = judge(run, one.signal, measurement);
      book.open.set(one.guard, judged);
      const outcome = heardOf(judged, one.signal)?.outcome;
      const kind = judged.signals[one.signal]?.kind;
      if (outcome !== null && outcome !== undefined && kind !== undefined) edges.observe.sampled(outcome, kind);
    } catch (error) {
      edges.log.error({ guard: one.guard, signal: one.signal, error: sentence(error) }, "a block could not be judged");
      return moved;
    }
    moved = true;
    // Blocks are judged in their order: what failed is asked again before what came after it.
    if (measurement.kind === "error") return moved;
  }
  return moved;
}
