import { describe, expect, test } from "vitest";
import type { EvidenceRule } from "../../../src/judging/mixture.ts";
import { startProcess, stepProcess } from "../../../src/judging/mode.ts";
import type { EvidenceMode } from "../../../src/model.ts";
import { blocksToDecide, delaysOf, smallestVisible, type Traffic } from "../../../src/judging/feasibility.ts";

const BLOCK = 15_000;

function at(perMinute: number, effectiveLimit = 0.01, over: Partial<EvidenceRule> = {}, mode: EvidenceMode = "burn"): Traffic {
  const rule = { m: 4, alphaE: 0.9e-3, weight: 1, planned: 160, ...over };
  const limits = { mode, limit: effectiveLimit, worseThanOld: 1.5, baseline: { total: 1, bad: 0, dispersion: 1, upper: 0 } };
  const effective = { value: effectiveLimit, source: "limit", baseline: 0, control: null } as const;
  return {
    requestsPerBlock: perMinute / 4,
    effectiveLimit,
    start: startProcess(mode),
    step: (before, fresh) => stepProcess(before, { fresh, old: { total: 0, bad: 0 }, effective }, limits, rule),
    mark: 1 / (rule.alphaE * rule.weight),
  };
}

describe("what a guard can see at its traffic", () => {
  // Published for streams drawn at random, m = 2, guard of 120 blocks: median seconds. The forecast is within half as much again.
  test.each([
    [10, 0.05, 1485],
    [10, 0.2, 150],
    [60, 0.05, 255],
    [60, 0.2, 45],
    [600, 0.02, 270],
    [600, 0.05, 90],
    [6000, 0.02, 195],
    [6000, 0.05, 90],
    [60_000, 0.2, 45],
  ])("at %i requests/min a bad ratio of %f is expected to take about as long as was measured, %i s", (perMinute, ratio, seconds) => {
    const blocks = blocksToDecide(ratio, at(perMinute, 0.01, { m: 2, planned: 120 }), 240) ?? Infinity;
    expect(blocks * 15).toBeGreaterThanOrEqual(seconds / 1.5);
    expect(blocks * 15).toBeLessThanOrEqual(seconds * 1.5);
  });

  // Requests that a likelihood ratio with perfect knowledge needs; nobody is faster, and the bet wastes less than half at low traffic.
  test.each([
    [60, 0.02, 0.01, 1760],
    [60, 0.03, 0.01, 520],
    [60, 0.05, 0.01, 170],
    [600, 0.002, 0.001, 17_800],
    [60, 0.1, 0.05, 330],
  ])(
    "at %i requests/min, %f bad and limit %f, it needs more than the %i requests of perfect knowledge, and less than twice as many",
    (...row) => {
      const [perMinute, ratio, limit, floor] = row;
      const requests = ((blocksToDecide(ratio, at(perMinute, limit), 5000) ?? Infinity) * perMinute) / 4;
      expect(requests).toBeGreaterThan(floor);
      expect(requests).toBeLessThan(2 * floor);
    },
  );

  test.each([
    [10, 0.01, 0.04, 0.055],
    [60, 0.01, 0.02, 0.025],
    [6000, 0.01, 0.01, 0.0125],
    [10, 0.035, 0.07, 0.11],
    [1, 0.01, 0.25, 0.45],
  ])(
    "at %i requests/min and an effective limit of %f, half an hour shows ratios from between %f and %f on",
    (perMinute, limit, low, high) => {
      const smallest = smallestVisible(at(perMinute, limit), 120) ?? Infinity;
      expect(smallest).toBeGreaterThan(low);
      expect(smallest).toBeLessThan(high);
    },
  );

  test.each([
    ["without requests", at(0), 120],
    ["at one request in an hour", at(1 / 60), 120],
    ["in fewer blocks than must agree", at(60_000), 3],
  ])("%s not even a total failure is seen", (_, traffic, blocks) => {
    expect(smallestVisible(traffic, blocks)).toBeNull();
  });

  test("evidence fast sees a small regression of a busy service sooner", () => {
    const blocks = (mode: EvidenceMode) => blocksToDecide(0.02, at(6000, 0.01, {}, mode), 1000) ?? Infinity;

    expect(blocks("fast")).toBeLessThan(blocks("burn") / 2);
  });

  test("a signal that shares the confidence sees less", () => {
    expect(smallestVisible(at(60, 0.01, { weight: 0.2 }), 120) ?? 0).toBeGreaterThan(smallestVisible(at(60), 120) ?? 1);
  });

  test("delays are told of a total failure and of 20, 5 and 2 times the limit, as far as that is less", () => {
    expect(delaysOf(at(600), BLOCK, 1000).map(({ ratio }) => ratio)).toEqual([1, 0.2, 0.05, 0.02]);
    expect(delaysOf(at(600, 0.05), BLOCK, 1000).map(({ ratio }) => ratio)).toEqual([1, 0.25, 0.1]);
    expect(delaysOf(at(10), BLOCK, 200).map(({ afterMs }) => afterMs)).toEqual([60_000, expect.any(Number), expect.any(Number), null]);
  });

  test("the worked example: at 2.5 requests a block, 5 % bad take 109 blocks", () => {
    expect(blocksToDecide(0.05, at(10), 200)).toBe(109);
  });
});
