// Builders for tests of the judge: limits as in the defaults, pods whose counters grow by what a block says.
import type { BaselineRate } from "../../../src/judging/baseline.ts";
import { type BlockInput, judgeBlock, openSignal, type SignalLimits, type SignalState } from "../../../src/judging/signal.ts";
import type { Measurement, ProcessReading } from "../../../src/model.ts";

export const BLOCK = 15_000;

export const limits: SignalLimits = {
  limit: 0.01,
  worseThanOld: 1.5,
  phi: 3,
  alpha: 0.001,
  weight: 1,
  blockMs: BLOCK,
  sustainMs: 30_000,
  scrapeMs: 15_000,
  plannedBlocks: 120,
  baseline: null,
};

export function baseline(bad: number, total: number, upper: number): BaselineRate {
  return { bad, total, upper, dispersion: 1 };
}

/** Requests of a block by pod: [total, bad]. Pods called "old-…" are of the old revision, "other-…" of none. */
export type Traffic = Readonly<Record<string, readonly [total: number, bad: number]>>;

/** A block without an answer. */
export type Trouble = "error" | "no-data";

/** Measurements at the ends of consecutive blocks, counters summed up, old ones known from a first block with no request. */
export function measurements(blocks: readonly (Traffic | Trouble)[]): readonly Measurement[] {
  const sums = new Map<string, ProcessReading>();
  const named = [...new Set(blocks.flatMap((block) => (typeof block === "string" ? [] : Object.keys(block))))];
  const zero = named.filter((pod) => pod.startsWith("old")).map((pod) => reading(pod, 5000, 100));
  for (const one of zero) sums.set(one.pod, one);
  const answers = blocks.map((block, i): Measurement => {
    const at = (i + 1) * BLOCK;
    if (typeof block === "string") return { kind: block, at, because: `${block} for a test` };
    const readings = Object.entries(block).map(([pod, [total, bad]]) => {
      const sum = sums.get(pod);
      const next = reading(pod, (sum?.total ?? 0) + total, (sum?.bad ?? 0) + bad);
      sums.set(pod, next);
      return next;
    });
    return { kind: "counters", at, readings };
  });
  return zero.length > 0 ? [{ kind: "counters", at: 0, readings: zero }, ...answers] : answers;
}

export function inputOf(measurement: Measurement): BlockInput {
  return { at: measurement.at, measurement, side: ({ pod }) => sideOf(pod), bornInside: ({ pod }) => !pod.startsWith("old") };
}

export function judgeAll(blocks: readonly (Traffic | Trouble)[], over: Partial<SignalLimits> = {}): SignalState {
  return measurements(blocks).reduce((state, measurement) => judgeBlock(state, inputOf(measurement)), openSignal({ ...limits, ...over }));
}

export function times<T>(count: number, one: T): readonly T[] {
  return Array.from({ length: count }, () => one);
}

function sideOf(pod: string): "new" | "old" | "ignored" {
  if (pod.startsWith("old")) return "old";
  return pod.startsWith("new") ? "new" : "ignored";
}

function reading(pod: string, total: number, bad: number): ProcessReading {
  return { namespace: "shop", pod, process: `${pod}:80 web`, total, bad, badAtMost: bad };
}
