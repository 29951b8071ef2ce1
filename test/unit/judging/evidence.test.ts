import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reaches } from "../../../src/judging/combine.ts";
import { startEvidence, stepEvidence } from "../../../src/judging/evidence.ts";
import type { Evidence } from "../../../src/judging/mixture.ts";

const rule = { alphaE: 1e-3, weight: 1, planned: 120 };

function run(burns: readonly (number | null)[], m: number): readonly Evidence[] {
  const steps: Evidence[] = [];
  let evidence = startEvidence();
  for (const burn of burns) steps.push((evidence = stepEvidence(evidence, burn, { ...rule, m })));
  return steps;
}

function repeat(burn: number, times: number): readonly number[] {
  return Array.from({ length: times }, () => burn);
}

function expectClose(actual: number, wanted: number): void {
  expect(Math.abs(actual / wanted - 1), `${actual} should be ${wanted}`).toBeLessThan(1e-6);
}

describe("evidence follows vectors that were computed apart from it", () => {
  test.each<{ readonly name: string; readonly burns: readonly (number | null)[]; readonly m: number; readonly tail: readonly number[] }>([
    { name: "burn 1 moves nothing", burns: [1, 1, 1], m: 3, tail: [1, 1, 1] },
    { name: "clean blocks lose half the stake", burns: repeat(0, 4), m: 2, tail: [0.6705, 0.6132911, 0.5859059, 0.5677385] },
    { name: "clean blocks, m = 4", burns: repeat(0, 4), m: 4, tail: [0.6705, 0.6132911, 0.5859059, 0.5677385] },
    { name: "burn 5, m = 2", burns: repeat(5, 6), m: 2, tail: [2.318, 8.048036, 33.89293, 153.0103, 709.5006, 3333.028] },
    { name: "burn 5, m = 3", burns: repeat(5, 6), m: 3, tail: [2.318, 8.048036, 33.89293, 153.0103, 709.5006, 3333.028] },
    { name: "burn 5, m = 4", burns: repeat(5, 6), m: 4, tail: [2.318, 8.048036, 33.89293, 153.0103, 709.5006, 3333.028] },
    { name: "burn 20, m = 2", burns: repeat(20, 4), m: 2, tail: [7.2605, 112.8703, 1997.602, 36536.6] },
    { name: "burn 20, m = 3", burns: repeat(20, 4), m: 3, tail: [7.2605, 72.605, 726.05, 7260.5] },
    { name: "burn 20, m = 4", burns: repeat(20, 4), m: 4, tail: [5.623413, 31.62278, 177.8279, 1000] },
    { name: "burn 100, m = 3", burns: repeat(100, 3), m: 3, tail: [10, 100, 1000] },
    { name: "one burst, then clean", burns: [100, 0, 0, 0], m: 2, tail: [31.62278, 5.697368, 2.82342, 1.920235] },
    { name: "blocks without requests between bursts", burns: [100, null, 100, null, 100], m: 3, tail: [10, 10, 100, 100, 1000] },
    {
      name: "a late regression",
      burns: [...repeat(0, 4), ...repeat(5, 9)],
      m: 3,
      tail: [0.5677385, 0.6230458, 0.7731511, 1.261178, 3.092649, 10.65504, 43.75887, 193.8301, 888.8468, 4151.468],
    },
    { name: "burn 2 from the start", burns: repeat(2, 3), m: 3, tail: [1.3295, 1.936829, 3.069077] },
    { name: "burn 2 for 13 blocks", burns: repeat(2, 13), m: 2, tail: [424.8812, 822.0464, 1594.119] },
    { name: "mixed burns", burns: [3, 0, 7, 12, 0.5, 9], m: 3, tail: [1.659, 0.7766111, 1.485984, 7.738446, 5.218287, 29.90041] },
  ])("$name", ({ burns, m, tail }) => {
    const steps = run(burns, m).slice(-tail.length);

    for (const [i, wanted] of tail.entries()) expectClose(steps[i]?.e ?? Number.NaN, wanted);
  });

  test.each([
    { burn: 5, m: 3, at: 6 },
    { burn: 20, m: 2, at: 3 },
    { burn: 20, m: 3, at: 4 },
    { burn: 20, m: 4, at: 4 },
    { burn: 100, m: 3, at: 3 },
    { burn: 2, m: 2, at: 13 },
  ])("burn $burn with m = $m fires at block $at, not before", ({ burn, m, at }) => {
    const fired = run(repeat(burn, at), m).map(({ e }) => reaches(e, 1000));

    expect(fired).toEqual([...Array.from({ length: at - 1 }, () => false), true]);
  });

  test("after the planned blocks nothing new is staked, and what was staked goes on", () => {
    const short = { ...rule, planned: 2, m: 3 };
    let evidence = startEvidence();
    for (let i = 0; i < 2; i++) evidence = stepEvidence(evidence, 0, short);
    expectClose(evidence.cash + 1, 1);

    const later = stepEvidence(evidence, 5, short);

    expect(later.e).toBeGreaterThan(evidence.e);
    expectClose(stepEvidence(evidence, 1, short).e, evidence.e);
    expect(later.t).toBe(3);
  });

  test("long after firing it stays a number, and can fall again", () => {
    const high = run(repeat(1e6, 500), 2).at(-1);
    const later = run([...repeat(1e6, 500), ...repeat(0, 1000)], 2).at(-1);

    expect(high?.e).toBeGreaterThan(1e14);
    expect(high?.e).toBeLessThan(1e17);
    expect(later?.e).toBeLessThan(1);
  });

  test("maxE remembers the most there ever was", () => {
    const last = run([100, 0, 0, 0], 2).at(-1);

    expectClose(last?.maxE ?? 0, 31.62278);
  });
});

const burn = fc.oneof(
  fc.constant(null),
  fc.constant(0),
  fc.double({ min: 0, max: 3, noNaN: true }),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
);

describe("evidence, whatever the burns", () => {
  test("it is never NaN, never infinite, never zero", () => {
    fc.assert(
      fc.property(fc.array(burn, { maxLength: 300 }), fc.integer({ min: 2, max: 6 }), (burns, m) => {
        for (const step of run(burns, m)) {
          expect(Number.isFinite(step.e) && step.e > 0).toBe(true);
          expect(step.wealth.every((money) => Number.isFinite(money) && money >= 0)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("no block lets it grow by more than its m-th part of what decides", () => {
    fc.assert(
      fc.property(fc.array(burn, { maxLength: 100 }), fc.integer({ min: 2, max: 6 }), (burns, m) => {
        const cap = 1e3 ** (1 / m);
        let before = 1;
        for (const { e } of run(burns, m)) {
          expect(e / before).toBeLessThanOrEqual(cap * (1 + 1e-9));
          before = e;
        }
      }),
      { numRuns: 200 },
    );
  });

  test("more bad requests in a block never lower it at that block", () => {
    fc.assert(
      fc.property(
        fc.array(burn, { maxLength: 60 }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e3, noNaN: true }),
        (past, little, more) => {
          const before = run(past, 3).at(-1) ?? startEvidence();
          const less = stepEvidence(before, little, { ...rule, m: 3 });
          const worse = stepEvidence(before, little + more, { ...rule, m: 3 });
          expect(worse.e).toBeGreaterThanOrEqual(less.e * (1 - 1e-12));
        },
      ),
      { numRuns: 300 },
    );
  });
});
