import fc from "fast-check";
import { expect, test } from "vitest";
import { halvesOf, rangesOf } from "../../../src/signals/instants.ts";

test.each([
  ["nothing", [], []],
  ["one instant", [30], [{ from: 30, to: 30, step: 0 }]],
  ["even instants are one range", [10, 20, 30, 40], [{ from: 10, to: 40, step: 10 }]],
  ["order and repetition do not matter", [30, 10, 20, 10], [{ from: 10, to: 30, step: 10 }]],
  [
    "a gap starts another range",
    [10, 20, 30, 100, 110],
    [
      { from: 10, to: 30, step: 10 },
      { from: 100, to: 110, step: 10 },
    ],
  ],
])("%s", (_name, instants, expected) => expect(rangesOf(instants)).toEqual(expected));

test("more than 10,000 instants are more than one range", () => {
  const ranges = rangesOf(Array.from({ length: 25_000 }, (_, index) => index * 1000));
  expect(ranges.map(({ from, to, step }) => (to - from) / step + 1)).toEqual([10_000, 10_000, 5000]);
});

test("both halves of a range hold the same instants as the whole, and a lone instant has none", () => {
  const instantsOf = ({ from, to, step }: { readonly from: number; readonly to: number; readonly step: number }) =>
    Array.from({ length: step === 0 ? 1 : (to - from) / step + 1 }, (_, nth) => from + nth * step);
  expect(halvesOf({ from: 30, to: 30, step: 0 })).toBeUndefined();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 60 }), (steps, step) => {
      const range = { from: 90, to: 90 + steps * step, step };
      const halves = halvesOf(range) ?? [];
      expect(halves.flatMap(instantsOf)).toEqual(instantsOf(range));
      expect(halves.map(instantsOf).every(({ length }) => length > 0)).toBe(true);
    }),
  );
});
