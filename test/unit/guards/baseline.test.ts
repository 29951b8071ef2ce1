import { describe, expect, test } from "vitest";
import { baselineFrom } from "../../../src/guards/baseline.ts";
import type { Measurement } from "../../../src/model.ts";
import { BLOCK, START } from "./a-guard.ts";

const window = { from: START - 4 * BLOCK, to: START };
const share = { alpha: 0.001, checks: 1 };

function counters(nth: number, total: number, bad: number, name = "web-1"): Measurement {
  return {
    kind: "counters",
    at: START - (4 - nth) * BLOCK,
    readings: [{ namespace: "shop", pod: name, process: name, total, bad, badAtMost: bad }],
  };
}

describe("the baseline", () => {
  test.each<[string, readonly Measurement[], object]>([
    [
      "counts what grew in the window, not what was there before",
      [counters(1, 5000, 500), counters(2, 5100, 501), counters(3, 5200, 501)],
      { total: 200, bad: 1 },
    ],
    [
      "bridges a block without an answer",
      [counters(1, 1000, 0), { kind: "no-data", at: START - 2 * BLOCK, because: "" }, counters(3, 1300, 3)],
      { total: 300, bad: 3 },
    ],
    ["begins anew where a counter was reset", [counters(1, 1000, 10), counters(2, 50, 0), counters(3, 80, 2)], { total: 30, bad: 2 }],
    ["without any request has no bound", [counters(1, 1000, 10), counters(2, 1000, 10)], { total: 0, bad: 0, upper: 0 }],
    ["without any answer has no bound", [], { total: 0, bad: 0, upper: 0, from: window.from, to: window.to }],
  ])("%s", (_, measurements, wanted) => {
    expect(baselineFrom(measurements, window, share)).toMatchObject(wanted);
  });

  test("its bound lies above the rate, and higher for less confidence in it", () => {
    const seen = [counters(1, 0, 0), counters(2, 5000, 50), counters(3, 10_000, 100)];
    const [one, four] = [1, 4].map((checks) => baselineFrom(seen, window, { alpha: 0.001, checks }).upper);

    expect(one).toBeGreaterThan(0.01);
    expect(four).toBeGreaterThan(one ?? Infinity);
  });
});
