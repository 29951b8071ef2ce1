// Simulated streams of counted signals, and what must come of each: what docs/judging.md promises, and how long a rollback may take.
import type { EvidenceMode } from "../../src/model.ts";
import { allNew, rolling, type Shape, type Stream } from "./simulate.ts";

/** A row must hold, unless it is only shown: a false-rollback bound, or medians and a 95th percentile in seconds, or a share of guards that fire. */
export interface Row {
  readonly name: string;
  readonly stream: Stream;
  readonly runs: number;
  readonly rollbackAtMost?: number;
  readonly rollbackAtLeast?: number;
  readonly median?: number;
  readonly p95?: number;
  readonly brakeMedian?: number;
  readonly suspectAtLeast?: number;
  /** Share of guards that pass early, and the median in seconds from the start. */
  readonly passAtMost?: number;
  readonly passMedian?: number;
  /** Measured for the reader: what an approximate bound does not hold. */
  readonly shown?: true;
  /** Delays count from here. */
  readonly onset?: number;
}

const SHAPES: readonly Shape[] = ["iid", "shocks", "clumps"];
const FALSE_RUNS = 10_000;
const DELAY_RUNS = 1_000;
const PASS_RUNS = 4_000;

/** The other ways of weighing evidence, with m = 2: no old pods beside the new ones, and a baseline at 0.1 %, unless the name says otherwise. */
const modeRows: readonly Row[] = [
  ...fastDelays(10, "iid", [300, 60, 30]),
  ...fastDelays(100, "iid", [60, 30, 30]),
  ...fastDelays(1000, "iid", [30, 30, 30]),
  ...fastDelays(100, "shocks", [330, 75, 30]),
  ...[10, 100, 1000].map((rps) => falseRow(`fast 0.9 % iid ${rps} rps`, alike("fast", rps, "iid"), 0.002)),
  falseRow("fast 0.9 % shocks 100 rps", alike("fast", 100, "shocks"), 0.002),
  falseRow("fast 0.9 % clumps 10 rps", alike("fast", 10, "clumps"), 0.002),
  falseRow("fast 1 % iid 10 rps", judged("fast", 10, "iid", 0.01), 0.002),
  shown("fast 1 % shocks 100 rps", judged("fast", 100, "shocks", 0.01)),
  shown("fast 1 % strong shocks 100 rps", { ...judged("fast", 100, "shocks", 0.01), icc: 0.03 }),
  shown("fast 1 % clumps 10 rps", judged("fast", 10, "clumps", 0.01)),
  delay("fast 5 % 100 rps, old pods beside", { ...bad(100, 0.05), mode: "fast" }, 90),
  falseRow("fast outage during rollout 100 rps", { ...outage(100, 60), mode: "fast" }, 0.002),
  delay("independent 2 % iid 10 rps", judged("independent", 10, "iid", 0.02), 255),
  delay("independent 2 % iid 100 rps", judged("independent", 100, "iid", 0.02), 45),
  delay("independent 5 % iid 10 rps", judged("independent", 10, "iid", 0.05), 45),
  delay("independent 20 % iid 10 rps", judged("independent", 10, "iid", 0.2), 30),
  delay("independent 5 % / old 2 % 100 rps", { ...bad(100, 0.05), old: () => 0.02, mode: "independent" }, 210),
  ...[10, 100, 1000].map((rps) => falseRow(`independent 0.9 % iid ${rps} rps`, judged("independent", rps, "iid", 0.009), 0.002)),
  falseRow("independent 1 % iid 10 rps", judged("independent", 10, "iid", 0.01), 0.002),
  falseRow("independent outage during rollout 100 rps", { ...outage(100, 60), mode: "independent" }, 0.002),
  shown("independent 1 % strong shocks 100 rps", { ...judged("independent", 100, "shocks", 0.01), icc: 0.03 }),
  shown("independent 1 % clumps 10 rps", judged("independent", 10, "clumps", 0.01)),
  ...[10, 100, 1000].map((rps) => shown(`independent 0.9 % shocks ${rps} rps`, judged("independent", rps, "shocks", 0.009))),
];

export const rows: readonly Row[] = [
  ...atLimit("A1", "iid", 0.01, 0.01),
  ...atLimit("A2", "shocks", 0.01, 0.01),
  ...atLimit("A3", "iid", 0.001, 0.002),
  ...atLimit("A3", "shocks", 0.001, 0.002),
  ...[1, 10, 100, 1000].map((rps) => falseRow(`A4 clumps 0.9 % ${rps} rps`, { ...plain(rps, "clumps", 0.009), sustainMs: 0 }, 0.002)),
  ...[0.001, 0.009, 0.05].flatMap((rate) =>
    SHAPES.flatMap((shape) =>
      [1, 10, 100].map((rps) => falseRow(`A5 ${(rate * 100).toFixed(1)} % ${shape} ${rps} rps`, same(rps, shape, rate), 0.001)),
    ),
  ),
  ...[1, 10, 100].map((rps) => falseRow(`A6 7.5 % / 5 % ${rps} rps`, { ...same(rps, "iid", 0.05), fresh: () => 0.075 }, 0.002)),
  ...[10, 100, 1000].map((rps) => falseRow(`A7 outage during rollout ${rps} rps`, outage(rps, 60), 0.002)),
  ...[10, 100, 1000].map((rps) => falseRow(`A8 outage after rollout ${rps} rps`, outage(rps, 600), 0.005)),
  ...[100, 1000].map((rps) => ({ ...delay(`D1 100 % ${rps} rps`, bad(rps, 1), 45, 60), brakeMedian: 30 })),
  ...[10, 100].map((rps) => delay(`D2 20 % ${rps} rps`, bad(rps, 0.2), 60, 90)),
  delay("D3 5 % 100 rps", bad(100, 0.05), 90, 120),
  delay("D3 5 % 10 rps", bad(10, 0.05), 150, 225),
  { ...delay("D4 2 % 100 rps", bad(100, 0.02), 225), rollbackAtLeast: 0.99 },
  { ...delay("D4 2 % 10 rps", bad(10, 0.02), 480), rollbackAtLeast: 0.99 },
  { ...delay("D5 5 % 1 rps", bad(1, 0.05), 420), rollbackAtLeast: 0.99 },
  { ...delay("D6 20 % 10/min", bad(1 / 6, 0.2), 390), rollbackAtLeast: 0.99 },
  ...[10, 100].flatMap((rps) => [
    { ...delay(`D7 5 % from 10 min ${rps} rps`, late(rps, 0.05), 135), onset: 600 },
    { ...delay(`D7 20 % from 10 min ${rps} rps`, late(rps, 0.2), 90), onset: 600 },
  ]),
  delay("D8 20 % / old 5 % 100 rps", { ...bad(100, 0.2), old: () => 0.05 }, 165),
  ...[1, 10].map((rps) => delay(`D9 p95 20 % slow ${rps} rps`, slow(rps, 0.2), 120)),
  falseRow("D9 p95 4.5 % slow 10 rps", slow(10, 0.045), 0.002),
  delay("D10 log lines, clumps of 10, at 10 times", logLines(10), 105),
  falseRow("D10 log lines, clumps of 10, at 2 times = limit", logLines(2), 0.002),
  { name: "P1 pass early 0.1 % 10 rps", stream: { ...plain(10, "iid", 0.001), passEarly: true }, runs: PASS_RUNS, passMedian: 200 },
  { name: "P1 pass early 1 % 10 rps", stream: { ...plain(10, "iid", 0.01), passEarly: true }, runs: PASS_RUNS, passAtMost: 0.05 },
  {
    name: "P1 pass early 1 % shocks 100 rps",
    stream: { ...plain(100, "shocks", 0.01), passEarly: true },
    runs: PASS_RUNS,
    passAtMost: 0.05,
  },
  { name: "L1 one of 8 pods at 50 %", stream: eightPods(1, 0.5), runs: 500, rollbackAtMost: 0, suspectAtLeast: 0.99 },
  delay("L2 two of 8 pods at 50 %", eightPods(2, 0.5), 75),
  delay("L3 all 8 pods at 20 %", eightPods(8, 0.2), 60),
  delay("L3 all 8 pods at 5 %", eightPods(8, 0.05), 90),
  delay("M1 one of 4 signals at 5 % 100 rps", { ...bad(100, 0.05), signals: 4, others: 0.001 }, 120),
  falseRow("M1 4 signals at their limits 100 rps", { ...plain(100, "iid", 0.01), signals: 4, others: 0.01 }, 0.002),
  ...modeRows,
];

function atLimit(row: string, shape: Shape, alpha: number, bound: number): readonly Row[] {
  return [1, 10, 100].map((rps) => falseRow(`${row} ${shape} ${rps} rps`, { ...plain(rps, shape, 0.01), alpha, sustainMs: 0 }, bound));
}

function falseRow(name: string, stream: Stream, rollbackAtMost: number): Row {
  return { name, stream, runs: FALSE_RUNS, rollbackAtMost };
}

function delay(name: string, stream: Stream, median: number, p95?: number): Row {
  return p95 === undefined ? { name, stream, runs: DELAY_RUNS, median } : { name, stream, runs: DELAY_RUNS, median, p95 };
}

/** No old revision at all: limit only. */
function plain(rps: number, shape: Shape, rate: number): Stream {
  return { rps, shape, fresh: () => rate, old: () => rate, share: allNew, baseline: false };
}

export function same(rps: number, shape: Shape, rate: number): Stream {
  return { rps, shape, fresh: () => rate, old: () => rate, share: rolling };
}

export function bad(rps: number, rate: number): Stream {
  return { ...same(rps, "iid", 0.001), fresh: () => rate };
}

function late(rps: number, rate: number): Stream {
  return { ...same(rps, "iid", 0.001), fresh: (second) => (second >= 600 ? rate : 0.001) };
}

export function outage(rps: number, from: number): Stream {
  const rate = (second: number): number => (second >= from && second < from + 60 ? 0.3 : 0.001);
  return { rps, shape: "iid", fresh: rate, old: rate, share: rolling };
}

function judged(mode: EvidenceMode, rps: number, shape: Shape, rate: number): Stream {
  return { ...plain(rps, shape, rate), old: () => 0.001, baseline: true, sustainMs: 0, mode };
}

/** As bad before the rollout as after it, and within the limit. */
function alike(mode: EvidenceMode, rps: number, shape: Shape): Stream {
  return { ...judged(mode, rps, shape, 0.009), old: () => 0.009 };
}

function fastDelays(rps: number, shape: Shape, medians: readonly number[]): readonly Row[] {
  return [0.02, 0.05, 0.2].map((rate, i) =>
    delay(`fast ${rate * 100} % ${shape} ${rps} rps`, judged("fast", rps, shape, rate), medians[i] ?? 0),
  );
}

function shown(name: string, stream: Stream): Row {
  return { name, stream, runs: FALSE_RUNS, shown: true };
}

/** Usually 5 lines a block of one pod, counted against its milliseconds; the limit is twice that. */
function logLines(level: number): Stream {
  const usual = 5 / 15_000;
  return { ...plain(1000, "clumps", level * usual), limit: 2 * usual, sustainMs: 0, exposure: true };
}

/** sustain 0 with 15 s scrapes and blocks: m = 2. */
function slow(rps: number, rate: number): Stream {
  return { ...plain(rps, "iid", rate), limit: 0.05, sustainMs: 0 };
}

function eightPods(ill: number, rate: number): Stream {
  const pods = Array.from({ length: 8 }, (_, i) => () => (i < ill ? rate : 0.001));
  return { ...plain(100, "iid", 0.001), pods };
}
