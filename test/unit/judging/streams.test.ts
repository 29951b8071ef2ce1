import { describe, expect, test } from "vitest";
import { rows } from "../../../bench/judging/rows.ts";
import { measure, misses } from "../../../bench/judging/streams.ts";

// The cheap rows with fewer runs; all of them, with all their runs: npm run bench:judging.
const here = [
  { name: "A3 iid 10 rps", runs: 800 },
  { name: "A3 shocks 10 rps", runs: 800 },
  { name: "A5 0.9 % shocks 100 rps", runs: 500 },
  { name: "A7 outage during rollout 100 rps", runs: 300 },
  { name: "D1 100 % 100 rps", runs: 200 },
  { name: "D2 20 % 10 rps", runs: 200 },
  { name: "D3 5 % 100 rps", runs: 200 },
  { name: "D3 5 % 10 rps", runs: 200 },
  { name: "L1 one of 8 pods at 50 %", runs: 60 },
  { name: "L3 all 8 pods at 20 %", runs: 60 },
  { name: "M1 one of 4 signals at 5 % 100 rps", runs: 60 },
  { name: "D10 log lines, clumps of 10, at 10 times", runs: 200 },
  { name: "D10 log lines, clumps of 10, at 2 times = limit", runs: 300 },
  { name: "P1 pass early 0.1 % 10 rps", runs: 200 },
  { name: "P1 pass early 1 % 10 rps", runs: 200 },
  { name: "fast 5 % iid 100 rps", runs: 100 },
  { name: "fast 0.9 % shocks 100 rps", runs: 300 },
  { name: "fast outage during rollout 100 rps", runs: 200 },
  { name: "independent 5 % iid 10 rps", runs: 200 },
  { name: "independent 0.9 % iid 100 rps", runs: 300 },
  { name: "independent outage during rollout 100 rps", runs: 200 },
];

describe("simulated guards", () => {
  test.each(here)("$name holds in $runs guards", ({ name, runs }) => {
    const row = rows.find((one) => one.name === name);
    if (row === undefined) throw new Error(`no row ${name}`);

    expect(misses(row, measure(row, runs))).toEqual([]);
  });

  test("under shocks evidence: independent rolls back more often than its bound says, as the docs warn", () => {
    const row = rows.find(({ name }) => name === "independent 0.9 % shocks 1000 rps");
    if (row === undefined) throw new Error("no row of independent under shocks");

    expect(measure(row, 200).rollbackShare).toBeGreaterThan(0.02);
  });

  test("the same seed gives the same guards", () => {
    const row = rows.find(({ name }) => name === "D3 5 % 10 rps");
    if (row === undefined) throw new Error("no row D3");

    expect(measure(row, 50, 7)).toEqual(measure(row, 50, 7));
    expect(measure(row, 50, 7)).not.toEqual(measure(row, 50, 8));
  });
});
