import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FailuresRule, failuresVerdict, foldFailures, noFailures } from "../../../src/judging/failures.ts";
import type { Measurement } from "../../../src/model.ts";

const BLOCK = 15_000;
const threeOfFive: FailuresRule = { comparison: "above", limit: 100, failures: 3, of: 5, blockMs: BLOCK };

type Sample = number | "error" | "no-data" | null;

/** One sample every 15 s; null: nobody asked. An error is answered a second later in a real source; here it is not. */
function fold(samples: readonly Sample[], rule: FailuresRule) {
  let state = noFailures;
  for (const [i, sample] of samples.entries()) {
    const at = i * BLOCK;
    if (sample === null) continue;
    const measurement: Measurement =
      typeof sample === "string"
        ? { kind: sample, at, because: "for a test" }
        : { kind: "values", at, values: [{ labels: { queue: "mail" }, value: sample }] };
    state = foldFailures(state, measurement, rule);
  }
  return state;
}

function verdict(samples: readonly Sample[], over: Partial<FailuresRule> = {}, laterMs = 0) {
  const rule = { ...threeOfFive, ...over };
  return failuresVerdict(fold(samples, rule), rule, "queue", (samples.length - 1) * BLOCK + laterMs, 300_000);
}

const bad = 101;
const good = 100;
const gap = (blocks: number): readonly Sample[] => Array.from({ length: blocks }, () => null);

describe("3 of 5", () => {
  test.each<{ readonly name: string; readonly samples: readonly Sample[]; readonly state: string }>([
    { name: "three of five", samples: [bad, good, bad, good, bad], state: "breach" },
    { name: "three before five were seen", samples: [bad, bad, bad], state: "breach" },
    { name: "two of five", samples: [bad, good, good, good, bad], state: "warn" },
    { name: "three, but the first is out of the window", samples: [bad, good, good, bad, good, bad], state: "warn" },
    { name: "exactly at the limit does not fail", samples: [good, good, good, good, good], state: "pass" },
    {
      name: "no-data is neither failed nor good, and does not move the window",
      samples: [bad, "no-data", bad, "error", bad],
      state: "breach",
    },
    { name: "two failures and silence are not three", samples: [bad, bad, "no-data", "error"], state: "warn" },
    { name: "not a number is no sample", samples: [bad, Number.NaN, bad, Number.NaN, Number.NaN, bad], state: "breach" },
    { name: "a gap of five blocks keeps the window", samples: [bad, bad, ...gap(4), bad], state: "breach" },
    { name: "a gap of more empties it", samples: [bad, bad, ...gap(5), bad], state: "warn" },
    { name: "four answers are too few for a pass", samples: [good, good, good, good], state: "inconclusive" },
    { name: "silence does not make them five", samples: [good, good, good, good, "no-data", "no-data"], state: "inconclusive" },
    { name: "nothing was ever answered", samples: ["no-data", "error"], state: "inconclusive" },
  ])("$name: $state", ({ samples, state }) => {
    expect(verdict(samples).state).toBe(state);
  });

  test("says how many, of how many, and the newest value beyond", () => {
    expect(verdict([bad, 150, good, 120, good]).because).toEqual([
      { code: "failures", signal: "queue", value: 120, comparison: "above", limit: 100, failed: 3, of: 5, series: '{queue="mail"}' },
    ]);
    expect(verdict([good, good]).because).toEqual([{ code: "rule-blind", signal: "queue", seen: 2, needed: 5, overMs: null }]);
  });

  test("one of one decides at once, three of three only in a row", () => {
    expect(verdict([bad], { failures: 1, of: 1 }).state).toBe("breach");
    expect(verdict([bad, bad, good, bad, bad], { failures: 3, of: 3 }).state).toBe("warn");
    expect(verdict([good, bad, bad, bad], { failures: 3, of: 3 }).state).toBe("breach");
  });

  test("a series that was not heard for two blocks says nothing about now", () => {
    expect(verdict([bad, bad, bad, good, good], {}, 30_000).state).toBe("breach");
    expect(verdict([bad, bad, bad, good, good], {}, 30_001).state).toBe("pass");
  });
});

const rules = fc.integer({ min: 1, max: 8 }).chain((of) => fc.record({ failures: fc.integer({ min: 1, max: of }), of: fc.constant(of) }));

test("values within the limit never breach, whatever is missing between them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom("error" as const, "no-data" as const, null))),
      rules,
      (samples, rule) => {
        expect(["pass", "inconclusive"]).toContain(verdict(samples, rule).state);
      },
    ),
  );
});

test("silence changes nothing of what was counted", () => {
  const samples = fc.array(fc.integer({ min: 90, max: 110 }), { minLength: 1 });
  fc.assert(
    fc.property(
      samples,
      fc.array(fc.constantFrom("error" as const, "no-data" as const), { maxLength: 6 }),
      rules,
      (heard, silent, over) => {
        const rule = { ...threeOfFive, ...over };
        expect(fold([...heard, ...silent], rule).series).toEqual(fold(heard, rule).series);
      },
    ),
  );
});
