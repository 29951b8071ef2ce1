// npm run bench:judging: every row of rows.ts, measured.
import { parseArgs } from "node:util";
import { seededRandom } from "./random.ts";
import { type Row, rows } from "./rows.ts";
import { type Outcome, simulateGuard } from "./simulate.ts";

export interface Measured {
  readonly runs: number;
  readonly rollbackShare: number;
  readonly suspectShare: number;
  readonly passedShare: number;
  /** Seconds; Infinity where fewer than half (or 95 %) of the guards fire. */
  readonly median: number;
  readonly p95: number;
  readonly brakeMedian: number;
  readonly passedMedian: number;
}

/** Runs a row with its own seed; `runs` overrides how often. */
export function measure(row: Row, runs: number, seed = 1): Measured {
  const random = seededRandom(seed);
  const outcomes: Outcome[] = [];
  for (let i = 0; i < runs; i++) outcomes.push(simulateGuard(row.stream, random));
  return summaryOf(outcomes, row.onset);
}

/** Delays count from `onset`, in seconds. */
export function summaryOf(outcomes: readonly Outcome[], onset = 0): Measured {
  const runs = outcomes.length;
  const delays = outcomes.map(({ rollback }) => (rollback === null ? Infinity : rollback - onset)).toSorted((a, b) => a - b);
  const brakes = outcomes.map(({ brake }) => (brake === null ? Infinity : brake - onset)).toSorted((a, b) => a - b);
  const passes = outcomes.map(({ passed }) => passed ?? Infinity).toSorted((a, b) => a - b);
  return {
    runs,
    rollbackShare: delays.filter((delay) => delay !== Infinity).length / runs,
    suspectShare: outcomes.filter(({ suspect }) => suspect).length / runs,
    passedShare: passes.filter((second) => second !== Infinity).length / runs,
    median: quantile(delays, 0.5),
    p95: quantile(delays, 0.95),
    brakeMedian: quantile(brakes, 0.5),
    passedMedian: quantile(passes, 0.5),
  };
}

/** What a row misses; shares are widened by three standard errors, so that fewer runs may be taken. */
export function misses(row: Row, measured: Measured): readonly string[] {
  const missed: string[] = [];
  const room = (share: number): number => 3 * Math.sqrt((share * (1 - share)) / measured.runs);
  const { rollbackAtMost, rollbackAtLeast, suspectAtLeast, passAtMost } = row;
  if (rollbackAtMost !== undefined && measured.rollbackShare > rollbackAtMost + room(rollbackAtMost)) missed.push("too many rollbacks");
  if (rollbackAtLeast !== undefined && measured.rollbackShare < rollbackAtLeast - room(rollbackAtLeast)) missed.push("too few rollbacks");
  if (suspectAtLeast !== undefined && measured.suspectShare < suspectAtLeast - room(suspectAtLeast)) missed.push("suspect pod not named");
  if (passAtMost !== undefined && measured.passedShare > passAtMost + room(passAtMost)) missed.push("too many early passes");
  if (row.passMedian !== undefined && measured.passedMedian > row.passMedian) missed.push(`early pass over ${row.passMedian} s`);
  if (row.median !== undefined && measured.median > row.median) missed.push(`median over ${row.median} s`);
  if (row.p95 !== undefined && measured.p95 > row.p95) missed.push(`p95 over ${row.p95} s`);
  if (row.brakeMedian !== undefined && measured.brakeMedian > row.brakeMedian) missed.push(`brake over ${row.brakeMedian} s`);
  return missed;
}

/** `--runs 100` takes fewer runs, `--only D` only the rows whose name begins so. Returns whether every row held. */
export function run(args: readonly string[]): boolean {
  const { runs, only } = choiceOf(args);
  let held = true;
  for (const row of rows.filter(({ name }) => name.startsWith(only))) {
    const measured = measure(row, runs ?? row.runs);
    const missed = misses(row, measured);
    held &&= missed.length === 0;
    const times = row.median === undefined ? "" : ` median ${measured.median} s, p95 ${measured.p95} s, brake ${measured.brakeMedian} s`;
    const early =
      row.stream.passEarly === true ? ` passed early ${percentOf(measured.passedShare)}, median ${measured.passedMedian} s` : "";
    const verdict = row.shown === true ? "shown, no target" : missed.length === 0 ? "ok" : `MISSED: ${missed.join(", ")}`;
    console.log(`${row.name.padEnd(48)} rollback ${percentOf(measured.rollbackShare).padStart(8)}${times}${early} ${verdict}`);
  }
  return held;
}

function percentOf(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Infinity;
}

/** `[--runs 100] [--only D]`. */
export function choiceOf(args: readonly string[]): { readonly runs: number | undefined; readonly only: string } {
  const { values } = parseArgs({ args: [...args], options: { runs: { type: "string" }, only: { type: "string", default: "" } } });
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && !(Number.isInteger(runs) && runs > 0)) {
    throw new RangeError(`--runs ${values.runs}: a whole number, at least 1, is wanted`);
  }
  return { runs, only: values.only };
}
