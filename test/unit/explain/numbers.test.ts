import { expect, test } from "vitest";
import { count, counted, duration, evidenceOf, percent, plain, timeOfDay, times } from "../../../src/explain/numbers.ts";

test.each([
  [0, "0 %"],
  [0.01, "1 %"],
  [0.2004, "20 %"],
  [0.2011, "20.1 %"],
  [0.0033, "0.33 %"],
  [0.000001, "under 0.001 %"],
  [1, "100 %"],
])("the ratio %d is printed as %s", (ratio, text) => {
  expect(percent(ratio)).toBe(text);
});

test.each([
  [20.04, "20x"],
  [1.5, "1.5x"],
  [2, "2x"],
  [12678.4, "12,678x"],
  [Number.POSITIVE_INFINITY, "many times"],
])("the factor %d is printed as %s", (factor, text) => {
  expect(times(factor)).toBe(text);
});

test.each([
  [903, "903"],
  [1998.3, "1998"],
  [12678, "12,678"],
  [1234567, "1,234,567"],
])("the count %d is printed as %s", (value, text) => {
  expect(count(value)).toBe(text);
});

test("one of a thing is singular", () => {
  expect([counted(1, "block"), counted(0, "block"), counted(3, "block")]).toEqual(["1 block", "0 blocks", "3 blocks"]);
});

test.each([
  [0.000123, "0.00012"],
  [0.37, "0.37"],
  [1111.1, "1111"],
  [1e300, "over 1,000,000"],
  [Number.POSITIVE_INFINITY, "over 1,000,000"],
])("evidence of %d is printed as %s", (value, text) => {
  expect(evidenceOf(value)).toBe(text);
});

test.each([
  [0, "0 s"],
  [400, "0.4 s"],
  [20, "0.1 s"],
  [999, "1 s"],
  [45_000, "45 s"],
  [135_000, "2 min 15 s"],
  [3_600_000, "1 h"],
  [3_661_000, "1 h 1 min"],
  [90_000_000, "1 d 1 h"],
])("%d ms are printed as %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("an instant is printed as the time of day in UTC", () => {
  expect(timeOfDay(Date.UTC(2026, 10, 23, 4, 3, 7, 900))).toBe("04:03:07 UTC");
});

test.each([
  [0.912345, "0.9123"],
  [1e9, "1000000000"],
  [Number.NaN, "NaN"],
])("the value %d is printed as %s", (value, text) => {
  expect(plain(value)).toBe(text);
});
