// npm run bench:judging: our judge and fixed rules on the very same simulated counters.
import { argoLike, type FixedRule, flaggerLike, twoWindows } from "./fixed-rules.ts";
import { seededRandom } from "./random.ts";
import { bad, outage, type Row, rows, same } from "./rows.ts";
import { type Outcome, type Sample, simulateGuard, type Stream } from "./simulate.ts";
import { choiceOf, type Measured, misses, summaryOf } from "./streams.ts";

const RUNS = 2_000;
const LIMIT = 0.01;

const fixedRules: readonly { readonly name: string; readonly rule: FixedRule }[] = [
  { name: "Argo-like", rule: argoLike },
  { name: "Flagger-like", rule: flaggerLike },
  { name: "two windows", rule: twoWindows },
];

interface Comparison {
  readonly name: string;
  readonly stream: Stream;
  readonly healthy: boolean;
  /** The row that ours is held against, where there is one. */
  readonly target?: Row;
}

/** Requests per second of both revisions. */
const traffics = [1, 10, 100];

const comparisons: readonly Comparison[] = [
  worse(0.02, 1),
  worse(0.02, 10, "D4 2 % 10 rps"),
  worse(0.02, 100, "D4 2 % 100 rps"),
  worse(0.05, 1, "D5 5 % 1 rps"),
  worse(0.05, 10, "D3 5 % 10 rps"),
  worse(0.05, 100, "D3 5 % 100 rps"),
  worse(0.2, 1),
  worse(0.2, 10, "D2 20 % 10 rps"),
  worse(0.2, 100, "D2 20 % 100 rps"),
  worse(1, 1),
  worse(1, 10),
  worse(1, 100, "D1 100 % 100 rps"),
  ...traffics.map((rps) => healthy(`N 0.1 % iid, ${rps} rps`, same(rps, "iid", 0.001), `A5 0.1 % iid ${rps} rps`)),
  ...traffics.map((rps) => healthy(`N 0.1 % shocks, ${rps} rps`, same(rps, "shocks", 0.001), `A5 0.1 % shocks ${rps} rps`)),
  ...traffics.map((rps) => healthy(`N 0.9 % iid, ${rps} rps`, same(rps, "iid", 0.009), `A5 0.9 % iid ${rps} rps`)),
  ...traffics.map((rps) => healthy(`N 0.9 % shocks, ${rps} rps`, same(rps, "shocks", 0.009), `A5 0.9 % shocks ${rps} rps`)),
  ...traffics.map((rps) => healthy(`N 5 % before and after, ${rps} rps`, same(rps, "iid", 0.05), `A5 5.0 % iid ${rps} rps`)),
  healthy("N 60 s outage during it, 1 rps", outage(1, 60)),
  healthy("N 60 s outage during it, 10 rps", outage(10, 60), "A7 outage during rollout 10 rps"),
  healthy("N 60 s outage during it, 100 rps", outage(100, 60), "A7 outage during rollout 100 rps"),
  healthy("N 60 s outage after it, 1 rps", outage(1, 600)),
  healthy("N 60 s outage after it, 10 rps", outage(10, 600), "A8 outage after rollout 10 rps"),
  healthy("N 60 s outage after it, 100 rps", outage(100, 600), "A8 outage after rollout 100 rps"),
];

/** Ours first, then the fixed rules, each over the same guards. */
export function compare(stream: Stream, runs: number, seed = 1): readonly { readonly name: string; readonly measured: Measured }[] {
  const random = seededRandom(seed);
  const judges = ["ours", ...fixedRules.map(({ name }) => name)].map((name) => ({ name, outcomes: [] as Outcome[] }));
  for (let i = 0; i < runs; i++) {
    const samples: Sample[] = [];
    const ours = simulateGuard(stream, random, (sample) => samples.push(sample));
    const theirs = fixedRules.map(({ rule }): Outcome => ({ brake: null, rollback: rule(samples, LIMIT), suspect: false, passed: null }));
    for (const [at, outcome] of [ours, ...theirs].entries()) judges[at]?.outcomes.push(outcome);
  }
  return judges.map(({ name, outcomes }) => ({ name, measured: summaryOf(outcomes) }));
}

/** `--runs 100` takes fewer or more guards, `--only N` only the rows whose name begins so. Returns whether ours met its targets. */
export function run(args: readonly string[]): boolean {
  const { runs = RUNS, only } = choiceOf(args);
  console.log(
    `${runs} guards a row, limit 1 %, rolling update of 3 min. Worse: delay median / p95 s, share taken back. Healthy: share taken back wrongly.`,
  );
  console.log(`${"".padEnd(32)}${["ours", ...fixedRules.map(({ name }) => name)].map((name) => name.padStart(20)).join("")}`);
  let held = true;
  for (const { name, stream, healthy: isHealthy, target } of comparisons.filter((one) => one.name.startsWith(only))) {
    const judged = compare(stream, runs);
    const missed = target === undefined || judged[0] === undefined ? [] : misses(target, judged[0].measured);
    held &&= missed.length === 0;
    const figures = judged.map(({ measured }) => (isHealthy ? share(measured) : `${delays(measured)}, ${share(measured)}`).padStart(20));
    const verdict = target === undefined ? "" : missed.length === 0 ? "  ok" : `  MISSED: ${missed.join(", ")}`;
    console.log(`${name.padEnd(32)}${figures.join("")}${verdict}`);
  }
  return held;
}

function worse(rate: number, rps: number, row?: string): Comparison {
  return { name: `N ${rate * 100} % / old 0.1 %, ${rps} rps`, stream: bad(rps, rate), healthy: false, ...targetOf(row) };
}

function healthy(name: string, stream: Stream, row?: string): Comparison {
  return { name, stream, healthy: true, ...targetOf(row) };
}

function targetOf(row: string | undefined): Pick<Comparison, "target"> {
  if (row === undefined) return {};
  const target = rows.find(({ name }) => name === row);
  if (target === undefined) throw new Error(`there is no row ${row}`);
  return { target };
}

function share({ rollbackShare }: Measured): string {
  return `${(rollbackShare * 100).toFixed(rollbackShare === 0 || rollbackShare === 1 ? 0 : 1)} %`;
}

function delays({ median, p95 }: Measured): string {
  return [median, p95].map((seconds) => (seconds === Infinity ? "–" : seconds)).join(" / ");
}
