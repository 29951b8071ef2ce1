import { describe, expect, test } from "vitest";
import { foldThreshold, noThreshold, type ThresholdRule, thresholdVerdict } from "../../../src/judging/threshold.ts";
import type { Measurement } from "../../../src/model.ts";

const rule: ThresholdRule = { comparison: "above", limit: 0.9, forMs: 60_000, blockMs: 15_000 };

type Sample = Readonly<Record<string, number>> | "error" | "no-data" | null;

/** One sample every 15 s; null: nobody asked. */
function verdict(samples: readonly Sample[], over: Partial<ThresholdRule> = {}, laterMs = 0) {
  const used = { ...rule, ...over };
  let state = noThreshold;
  for (const [i, sample] of samples.entries()) {
    const at = i * 15_000;
    if (sample === null) continue;
    const measurement: Measurement =
      typeof sample === "string"
        ? { kind: sample, at, because: "for a test" }
        : { kind: "values", at, values: Object.entries(sample).map(([pod, value]) => ({ labels: { pod, job: "web" }, value })) };
    state = foldThreshold(state, measurement, used);
  }
  return thresholdVerdict(state, used, "cpu", (samples.length - 1) * 15_000 + laterMs, 300_000);
}

const high = { a: 0.95 };
const low = { a: 0.5 };

describe("above a limit for a minute", () => {
  test.each<{ readonly name: string; readonly samples: readonly Sample[]; readonly state: string }>([
    { name: "a minute above", samples: [high, high, high, high, high], state: "breach" },
    { name: "not yet a minute", samples: [high, high, high, high], state: "warn" },
    { name: "never above", samples: [low, low, low, low, low], state: "pass" },
    { name: "exactly at the limit is not above", samples: [{ a: 0.9 }, { a: 0.9 }, { a: 0.9 }, { a: 0.9 }, { a: 0.9 }], state: "pass" },
    { name: "a good sample begins anew", samples: [high, high, low, high, high, high], state: "warn" },
    { name: "an error neither ends the run nor is part of it", samples: [high, high, "error", high, high], state: "breach" },
    { name: "a run that ends in errors has not grown", samples: [high, high, high, "error", "error"], state: "warn" },
    { name: "no-data does not heal", samples: [high, high, "no-data", high, high], state: "breach" },
    { name: "a gap of more than two blocks begins anew", samples: [high, high, high, null, null, high, high], state: "warn" },
    { name: "a gap of two blocks does not", samples: [high, high, null, high, high], state: "breach" },
    { name: "not a number is no-data", samples: [high, { a: Number.NaN }, high, high, high], state: "breach" },
    { name: "infinite is above any limit", samples: [1, 2, 3, 4, 5].map(() => ({ a: Infinity })), state: "breach" },
    {
      name: "two series take turns, none lasts",
      samples: [
        { a: 1, b: 0 },
        { a: 0, b: 1 },
        { a: 1, b: 0 },
        { a: 0, b: 1 },
        { a: 1, b: 0 },
      ],
      state: "warn",
    },
    { name: "one of two series lasts", samples: [1, 2, 3, 4, 5].map(() => ({ a: 0, b: 1 })), state: "breach" },
    { name: "a series that is gone is forgotten", samples: [high, high, high, high, high, { b: 0 }, { b: 0 }, { b: 0 }], state: "pass" },
    { name: "nothing was ever answered", samples: ["no-data", "error"], state: "inconclusive" },
  ])("$name: $state", ({ samples, state }) => {
    expect(verdict(samples).state).toBe(state);
  });

  test("says which series, how much and for how long", () => {
    expect(verdict([high, high, high, high, { a: 0.97 }]).because).toEqual([
      { code: "threshold", signal: "cpu", value: 0.97, comparison: "above", limit: 0.9, forMs: 60_000, series: '{job="web", pod="a"}' },
    ]);
  });

  test("below works the other way round", () => {
    expect(verdict([low, low, low, low, low], { comparison: "below" }).state).toBe("breach");
    expect(verdict([high, high, high, high, high], { comparison: "below" }).state).toBe("pass");
  });

  test("for no time at all the first sample decides", () => {
    expect(verdict([high], { forMs: 0 }).state).toBe("breach");
  });

  test("an old breach says nothing about now", () => {
    expect(verdict([high, high, high, high, high], {}, 31_000).state).toBe("pass");
  });

  test("silence for five minutes cannot tell", () => {
    expect(verdict([low, ...Array.from({ length: 20 }, () => "error" as const)])).toMatchObject({
      state: "inconclusive",
      because: [{ code: "no-usable-data", outcome: "error", forMs: 300_000 }],
    });
  });
});
