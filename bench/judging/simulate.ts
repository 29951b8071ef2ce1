// A guard over simulated Prometheus counters, judged by the same fold as a real one.
import { type BaselineRate, baselineOf, nextBaselineWindow } from "../../src/judging/baseline.ts";
import { combineEvidence } from "../../src/judging/combine.ts";
import { passesEarly } from "../../src/judging/pass-early.ts";
import { judgeBlock, openSignal, type SignalLimits, type SignalState, withoutOnePod } from "../../src/judging/signal.ts";
import type { EvidenceMode, ProcessReading } from "../../src/model.ts";
import { beta, binomial, geometric, poisson, type Random } from "./random.ts";

const BLOCK_MS = 15_000;
const BLOCK_S = 15;
const BLOCKS = 120;
const ICC = 0.01;
const CLUMP = 10;
/** As in src/guards/pass-early.ts. */
const QUIET = 2;
const LONGEST_BASELINE = 6 * 3_600_000;

export type Shape = "iid" | "shocks" | "clumps";

/** Rates are bad ratios by second since the start of the guard. `share` is the part of the traffic that the new revision serves. */
export interface Stream {
  readonly rps: number;
  readonly shape: Shape;
  readonly fresh: (second: number) => number;
  readonly old: (second: number) => number;
  readonly share: (second: number) => number;
  /** Bad ratio per new pod; one pod with the ratio of `fresh` when absent. */
  readonly pods?: readonly ((second: number) => number)[];
  /** Signals under one confidence; the others run at `others`. */
  readonly signals?: number;
  readonly others?: number;
  readonly limit?: number;
  readonly alpha?: number;
  readonly sustainMs?: number;
  readonly baseline?: boolean;
  readonly mode?: EvidenceMode;
  /** The guard ends as soon as every signal has passed early, without a least time. */
  readonly passEarly?: boolean;
  /** The total of every block, not by chance: pod-seconds, of which `rps` of a second then make up the total. */
  readonly exposure?: boolean;
  /** Intra-cluster correlation of the shocks; 0.01 when absent. */
  readonly icc?: number;
}

/** Seconds from the start of the guard; null: never. */
export interface Outcome {
  readonly brake: number | null;
  readonly rollback: number | null;
  readonly suspect: boolean;
  readonly passed: number | null;
}

/** The new revision's counters at the end of a block, `second` s after the start of the guard. */
export interface Sample {
  readonly second: number;
  readonly total: number;
  readonly bad: number;
}

/** 10 % to 100 % in three minutes, then the old pods are gone. */
export function rolling(second: number): number {
  return Math.min(1, 0.1 + (0.9 * second) / 180);
}

export function allNew(): number {
  return 1;
}

/** With `watch` the stream goes on to its end as if nobody had acted, so that other judges may see all of it. */
export function simulateGuard(stream: Stream, random: Random, watch?: (sample: Sample) => void): Outcome {
  const signals = stream.signals ?? 1;
  const limits = limitsOf(stream, random);
  let states: SignalState[] = [];
  const counters = Array.from({ length: signals }, () => ({
    old: counter("old"),
    fresh: (stream.pods ?? [stream.fresh]).map((_, i) => counter(`new-${i}`)),
  }));
  // The block that ends as the guard opens knows only old pods and sets their base, as in the daemon.
  for (const { old } of counters) states.push(judgeAt(openSignal(limits), 0, [{ ...old }]));
  let brake: number | null = null;
  let rollback: number | null = null;
  let passed: number | null = null;
  let suspect = false;
  for (let block = 0; block < BLOCKS; block++) {
    const second = block * BLOCK_S;
    const at = (block + 1) * BLOCK_MS;
    states = states.map((state, i) => {
      const rates = i === 0 ? stream : { ...stream, fresh: () => stream.others ?? 0, old: () => stream.others ?? 0 };
      const readings = serve(rates, counters[i] ?? fail(), second, random);
      return judgeAt(state, at, readings);
    });
    watch?.(sampleOf(at / 1000, counters[0]?.fresh ?? fail()));
    if (rollback !== null || passed !== null) continue;
    const shares = states.map((state, i) => ({
      signal: `signal-${i}`,
      weight: 1 / signals,
      evidence: state.evidence.e,
      withoutOnePod: withoutOnePod(state),
    }));
    const guard = combineEvidence(shares, limits.alpha);
    if (guard.firesBrake) brake ??= at / 1000;
    if (guard.firesRollback) rollback = at / 1000;
    else suspect ||= guard.firesFull;
    if (rollback === null && guard.evidence < QUIET && states.every(({ early }) => early !== null && passesEarly(early)))
      passed = at / 1000;
    if ((rollback ?? passed) !== null && watch === undefined) break;
  }
  return { brake, rollback, suspect, passed };
}

function sampleOf(second: number, pods: readonly Counter[]): Sample {
  const total = pods.reduce((sum, pod) => sum + pod.total, 0);
  const bad = pods.reduce((sum, pod) => sum + pod.bad, 0);
  return { second, total, bad };
}

function judgeAt(state: SignalState, at: number, readings: readonly ProcessReading[]): SignalState {
  return judgeBlock(state, { at, measurement: { kind: "counters", at, readings }, side: sideOf, bornInside: isNew });
}

interface Counter {
  readonly namespace: string;
  readonly pod: string;
  readonly process: string;
  total: number;
  bad: number;
  badAtMost: number;
}

function counter(pod: string): Counter {
  return { namespace: "sim", pod, process: pod, total: 0, bad: 0, badAtMost: 0 };
}

function fail(): never {
  throw new Error("no counters");
}

function sideOf(reading: ProcessReading): "new" | "old" {
  return isNew(reading) ? "new" : "old";
}

function isNew(reading: ProcessReading): boolean {
  return reading.pod !== "old";
}

/** One block of traffic; old pods that get none any more are gone. */
function serve(
  stream: Stream,
  counters: { readonly old: Counter; readonly fresh: readonly Counter[] },
  second: number,
  random: Random,
): readonly ProcessReading[] {
  const share = stream.share(second);
  const oldRate = stream.old(second);
  const freshRate = stream.fresh(second);
  const oldNow = shocked(stream, oldRate, random);
  // Equal rates mean one common cause: both revisions are hit by the same shock.
  const freshNow = freshRate === oldRate ? oldNow : shocked(stream, freshRate, random);
  const readings: ProcessReading[] = [];
  if (share < 1) {
    grow(counters.old, requestsOf(stream, stream.rps * BLOCK_S * (1 - share), random), oldNow, stream.shape, random);
    readings.push({ ...counters.old });
  }
  for (const [i, fresh] of counters.fresh.entries()) {
    const rate = stream.pods === undefined ? freshNow : (stream.pods[i]?.(second) ?? 0);
    grow(fresh, requestsOf(stream, (stream.rps * BLOCK_S * share) / counters.fresh.length, random), rate, stream.shape, random);
    readings.push({ ...fresh });
  }
  return readings;
}

function requestsOf({ exposure = false }: Stream, mean: number, random: Random): number {
  return exposure ? mean : poisson(random, mean);
}

function grow(counter: Counter, requests: number, rate: number, shape: Shape, random: Random): void {
  const bad = badOf(requests, rate, shape, random);
  counter.total += requests;
  counter.bad += bad;
  counter.badAtMost += bad;
}

/** Beta-distributed in each block. */
function shocked({ shape, icc = ICC }: Stream, rate: number, random: Random): number {
  if (shape !== "shocks" || rate <= 0 || rate >= 1) return rate;
  const size = 1 / icc - 1;
  return beta(random, rate * size, (1 - rate) * size);
}

function badOf(requests: number, rate: number, shape: Shape, random: Random): number {
  if (shape !== "clumps") return binomial(random, requests, rate);
  let bad = 0;
  for (let clumps = poisson(random, (requests * rate) / CLUMP); clumps > 0; clumps--) bad += geometric(random, CLUMP);
  return Math.min(bad, requests);
}

function limitsOf(stream: Stream, random: Random): SignalLimits {
  const limit = stream.limit ?? 0.01;
  const alpha = stream.alpha ?? 0.001;
  const signals = stream.signals ?? 1;
  return {
    limit,
    worseThanOld: 1.5,
    phi: 3,
    alpha,
    weight: 1 / signals,
    blockMs: BLOCK_MS,
    sustainMs: stream.sustainMs ?? 30_000,
    scrapeMs: 15_000,
    plannedBlocks: BLOCKS,
    baseline: stream.baseline === false ? null : history(stream, limit, alpha, signals, random),
    auditBlocks: 1,
    mode: stream.mode ?? "burn",
    passEarly: stream.passEarly ?? false,
  };
}

function history(stream: Stream, limit: number, alpha: number, checks: number, random: Random): BaselineRate {
  const blocks: { total: number; bad: number }[] = [];
  const rate = () => baselineOf(blocks, { alpha, checks, worseThanOld: 1.5, limit });
  for (let window = nextBaselineWindow(null, { limit, worseThanOld: 1.5 }, LONGEST_BASELINE); window !== null;) {
    while (blocks.length < window / BLOCK_MS) {
      const requests = poisson(random, stream.rps * BLOCK_S);
      blocks.push({ total: requests, bad: badOf(requests, shocked(stream, stream.old(0), random), stream.shape, random) });
    }
    window = nextBaselineWindow({ window, ...rate() }, { limit, worseThanOld: 1.5 }, LONGEST_BASELINE);
  }
  return rate();
}
