import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../src/policies/duration.ts";
import { nearest } from "../../../src/policies/nearest.ts";
import { formatPercent, formatTimes, parsePercent, parseTimes } from "../../../src/policies/ratio.ts";

describe("durations", () => {
  test.each([
    ["0s", 0],
    ["500ms", 500],
    ["30s", 30_000],
    ["1m30s", 90_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["90m", 5_400_000],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(["", "30", "1.5h", "-5s", "5 s", "30s1m", "1m1m", "5S", "1w", " 5s"])("%j is no duration", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test("what is formatted is read back", () => {
    fc.assert(
      fc.property(fc.nat(2_000_000_000), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe("percentages", () => {
  test.each([
    ["1%", 0.01],
    ["0.5%", 0.005],
    ["99.9%", 0.999],
    ["99.9999%", 0.999999],
    ["100%", 1],
    ["0%", 0],
  ])("%s is %d, to the last bit", (text, ratio) => {
    expect(parsePercent(text)).toBe(ratio);
    expect(formatPercent(ratio)).toBe(text);
  });

  test.each(["1", "0.5", "-1%", "1 %", "%", ".5%", "1e2%", "1%%"])("%j is no percentage", (text) => {
    expect(parsePercent(text)).toBeUndefined();
  });

  test("what is formatted is read back, every bit of it", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 1, max: 100, noNaN: true }), (ratio, factor) => {
        expect(parsePercent(formatPercent(ratio))).toBe(ratio === 0 ? 0 : ratio);
        expect(parseTimes(formatTimes(factor))).toBe(factor);
      }),
      { numRuns: 1000 },
    );
  });
});

test("factors are read with their x", () => {
  expect([parseTimes("1.5x"), parseTimes("2x"), parseTimes("1.5"), parseTimes("x"), parseTimes("1.5X")]).toEqual([
    1.5,
    2,
    undefined,
    undefined,
    undefined,
  ]);
});

describe("the likely meaning of a slip", () => {
  test.each([
    ["eror", "errors"],
    ["slowr", "slower"],
    ["Preset", "preset"],
    ["perset", "preset"],
    ["metrics", "metric"],
    ["zzz", undefined],
    ["x", undefined],
  ])("%s: %s", (word, meant) => {
    expect(nearest(word, ["preset", "metric", "errors", "slower"])).toBe(meant);
  });
});
