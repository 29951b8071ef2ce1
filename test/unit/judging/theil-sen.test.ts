import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { medianOf, theilSen } from "../../../src/judging/theil-sen.ts";

const line = (count: number, slope: number) => Array.from({ length: count }, (_, at) => ({ at, value: slope * at }));

describe("the robust slope", () => {
  test("of a straight line is its slope, with limits that meet it", () => {
    expect(theilSen(line(10, 3))).toEqual({ median: 3, low: 3, high: 3 });
  });

  test("of less than two instants is none", () => {
    expect(theilSen([])).toBeNull();
    expect(theilSen([{ at: 1, value: 5 }])).toBeNull();
    expect(
      theilSen([
        { at: 1, value: 5 },
        { at: 1, value: 9 },
      ]),
    ).toBeNull();
  });

  test("of a few points has no limits", () => {
    expect(theilSen(line(3, 1))).toEqual({ median: 1, low: -Infinity, high: Infinity });
  });

  test("is cut at the ranks of Sen's example: of 45 slopes the 10th from either end", () => {
    // Slopes of 0, 1, 4, 9 … 81 are the sums of two positions.
    const points = Array.from({ length: 10 }, (_, at) => ({ at, value: at * at }));
    const slopes = points
      .flatMap(({ at }) => points.filter((other) => other.at > at).map((other) => at + other.at))
      .toSorted((a, b) => a - b);
    expect(theilSen(points)).toEqual({ median: medianOf(slopes), low: slopes[9], high: slopes[35] });
  });

  test("does not follow an outlier", () => {
    const points = line(20, 2).map((point) => (point.at === 7 ? { ...point, value: 1e9 } : point));
    expect(theilSen(points)?.median).toBeCloseTo(2, 6);
  });
});

const series = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 12, maxLength: 30 });

test("the limits hold the median between them, a shift changes nothing, and the other way round is the other sign", () => {
  fc.assert(
    fc.property(series, fc.integer({ min: -1000, max: 1000 }), (values, by) => {
      const found = theilSen(values.map((value, at) => ({ at, value })));
      const shifted = theilSen(values.map((value, at) => ({ at: at + by, value: value + by })));
      const mirrored = theilSen(values.map((value, at) => ({ at, value: -value })));
      if (found === null || shifted === null || mirrored === null) throw new Error("there are slopes");
      expect(found.low).toBeLessThanOrEqual(found.median);
      expect(found.high).toBeGreaterThanOrEqual(found.median);
      expect(shifted.median).toBeCloseTo(found.median, 3);
      expect(mirrored.low).toBeCloseTo(-found.high, 9);
    }),
  );
});
