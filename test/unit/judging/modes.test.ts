import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { independentFactors, logAgainstOld } from "../../../src/judging/independent.ts";
import type { Evidence } from "../../../src/judging/mixture.ts";
import { startProcess, stepProcess } from "../../../src/judging/mode.ts";
import { withoutOnePod } from "../../../src/judging/signal.ts";
import type { EvidenceMode } from "../../../src/model.ts";
import { baseline, judgeAll, limits, times, type Traffic } from "./world.ts";

const NEEDED = 1 / 0.0009;
const modes: readonly EvidenceMode[] = ["burn", "fast", "independent"];
/** Calm before the rollout, 1 in 1,000, and m = 2 without old pods. */
const fast = { mode: "fast", baseline: baseline(18, 18_000, 0.002), sustainMs: 0 } as const;
const independent = { mode: "independent", sustainMs: 0 } as const;

describe("evidence: independent follows vectors that were computed apart from it", () => {
  test.each([
    { bad: 15, total: 150, wanted: 19.4747132 },
    { bad: 0, total: 150, wanted: -1.97655901 },
    { bad: 30, total: 1500, wanted: 4.0000935 },
  ])("$bad bad of $total at 1 %: the mean over the bets is e to the $wanted", ({ bad, total, wanted }) => {
    const factors = independentFactors({ bad, total }, 0.01, null, 1.5);

    const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
    expect(Math.abs(Math.log(mean) / wanted - 1)).toBeLessThan(1e-6);
  });

  test("10 bad of 100 new against 5 of 500 old, rho 1.5, six times as bad: e to the 5.97", () => {
    const log = logAgainstOld({ bad: 10, total: 100 }, { bad: 5, total: 500 }, 1.5, { worse: 4, logWorse: Math.log(4) });

    expect(Math.abs(log / 5.97154717 - 1)).toBeLessThan(1e-6);
  });
});

describe("evidence: fast", () => {
  test("one block by hand: half of the money on the burn rate, half on the likelihood", () => {
    // Burn 6.67: 4.734 on average. Likelihood of 10 in 150 at 1 %, clumps of 2, for 1.5, 2, 3 and 4 times: 5.219, 15.12, 54.22, 107.9.
    const bets = (4.73433 + (5.2191 + 15.1158 + 54.22 + 107.93) / 4) / 2;

    expect(judgeAll([{ "new-1": [150, 10] }], fast).evidence.e).toBeCloseTo(0.5 + 0.5 * bets, 2);
  });

  test("errors that clumped before the rollout weigh less after it", () => {
    const block = { "new-1": [150, 6] } as const;
    const clumped = { ...fast, baseline: { ...baseline(18, 18_000, 0.002), dispersion: 19 } };

    expect(judgeAll(times(2, block), clumped).evidence.e).toBeLessThan(judgeAll(times(2, block), fast).evidence.e);
  });

  test("where nothing is known of the old revision only the burn half bets", () => {
    const block = { "new-1": [1000, 30] } as const;
    const burn = judgeAll([block], { sustainMs: 0 }).evidence.e;

    for (const unknown of [null, baseline(0, 0, 0)]) {
      expect(judgeAll([block], { mode: "fast", sustainMs: 0, baseline: unknown }).evidence.e).toBeCloseTo((burn + 1) / 2, 12);
    }
  });

  test("a rate that was there before the rollout does not count", () => {
    const state = judgeAll(times(40, { "new-1": [1000, 60] } as const), { ...fast, baseline: baseline(5000, 100_000, 0.052) });

    expect(state.evidence.maxE).toBeLessThan(2);
  });
});

describe.each(modes)("attribution under evidence: %s", (mode) => {
  const over = { ...fast, mode };
  const calm = { "old-1": [900, 1], "new-1": [100, 0] } as const;

  test.each<{ readonly name: string; readonly block: Traffic; readonly fires: boolean }>([
    { name: "new bad, old good", block: { "old-1": [900, 1], "new-1": [100, 20] }, fires: true },
    { name: "new and old bad alike", block: { "old-1": [900, 180], "new-1": [100, 20] }, fires: false },
    { name: "new far worse than a bad old one", block: { "old-1": [900, 45], "new-1": [100, 60] }, fires: true },
    { name: "new good, old bad", block: { "old-1": [900, 180], "new-1": [100, 0] }, fires: false },
    { name: "new within rho times the old now", block: { "old-1": [900, 27], "new-1": [100, 4] }, fires: false },
    { name: "new bad, no old pod", block: { "new-1": [100, 20] }, fires: true },
    { name: "new bad, old pods that serve too little to tell", block: { "old-1": [9, 0], "new-1": [1000, 200] }, fires: true },
  ])("$name: $fires", ({ block, fires }) => {
    expect(judgeAll([calm, ...times(6, block)], over).evidence.maxE >= NEEDED).toBe(fires);
  });

  test("one ill pod of eight fires the full process, and without it there is nothing", () => {
    const fleet = Object.fromEntries(Array.from({ length: 8 }, (_, i): [string, [number, number]] => [`new-${i}`, [100, i < 1 ? 50 : 0]]));
    const state = judgeAll(times(8, fleet), over);

    expect(state.evidence.e).toBeGreaterThan(NEEDED);
    expect(withoutOnePod(state)).toBeLessThan(1);
  });

  test("every process without a pod weighs as the full one does: without an idle pod they are equal", () => {
    const state = judgeAll(times(3, { "new-1": [100, 3], "new-2": [100, 2], "new-3": [0, 0], "new-4": [100, 0] } as const), over);

    expect(state.leaveOneOut.without.get("new-3")?.wealth).toEqual(state.evidence.wealth);
  });
});

describe("evidence: independent, limit and old pods together", () => {
  /** Nine times as bad as the old one, and yet within the limit. */
  const worse = { "old-1": [1000, 1], "new-1": [1000, 9] } as const;
  const outage = { "old-1": [1000, 300], "new-1": [1000, 300] } as const;
  const healthy = { "new-1": [1000, 5] } as const;

  test("first excused by its limit, then by an outage of both: nothing fires, though each alone would", () => {
    const stream = [...times(30, worse), ...times(6, outage)];
    const alone = stream.map((block) => ({ "new-1": block["new-1"] }));
    const overOld = 30 * logAgainstOld({ total: 1000, bad: 9 }, { total: 1000, bad: 1 }, 1.5, { worse: 4, logWorse: Math.log(4) });

    expect(judgeAll(alone, independent).evidence.maxE).toBeGreaterThan(NEEDED);
    expect(overOld).toBeGreaterThan(Math.log(NEEDED));
    expect(judgeAll(stream, independent).evidence.maxE).toBeLessThan(2);
  });

  test("what an outage of both held back is not let loose when the old pods go", () => {
    expect(judgeAll([...times(6, outage), ...times(20, healthy)], independent).evidence.maxE).toBeLessThan(2);
  });

  test("a regression after that outage is still found", () => {
    const state = judgeAll([...times(6, outage), ...times(20, healthy), ...times(3, { "new-1": [1000, 100] } as const)], independent);

    expect(state.evidence.e).toBeGreaterThan(NEEDED);
  });

  test.each([7, 40])("old pods that were bad and serve nothing now: nobody can tell, nothing is gained in %d blocks", (blocks) => {
    const before = judgeAll([outage], independent).evidence;
    const state = judgeAll([outage, ...times(blocks, { "old-1": [0, 0], "new-1": [1000, 300] } as const)], independent);

    expect(state.evidence.e).toBeCloseTo(before.e, 9);
  });

  test("old pods never add to the evidence against the limit", () => {
    const counts = fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.nat(3000)).map(([total, bad]) => ({ total, bad: Math.min(total, bad) }));
    fc.assert(
      fc.property(
        counts,
        counts,
        fc.double({ min: 0.001, max: 0.9, noNaN: true }),
        fc.double({ min: 1, max: 5, noNaN: true }),
        (fresh, old, limit, rho) => {
          const alone = independentFactors(fresh, limit, null, rho);
          for (const [i, factor] of independentFactors(fresh, limit, old, rho).entries()) {
            expect(factor).toBeLessThanOrEqual(alone[i] ?? 0);
          }
        },
      ),
    );
  });
});

const block = fc
  .tuple(fc.nat(100_000), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(100_000), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([total, ratio, oldTotal, oldRatio]) => ({
    fresh: { total, bad: Math.round(total * ratio) },
    old: { total: oldTotal, bad: Math.round(oldTotal * oldRatio) },
  }));
type Counts = Readonly<Record<"fresh" | "old", { readonly total: number; readonly bad: number }>>;

describe.each(modes)("whatever the blocks, evidence: %s", (mode) => {
  const rule = { m: 3, alphaE: 1e-3, weight: 1, planned: 120 };
  const ofMode = { ...limits, ...fast, mode };

  /** One block; the live control is what the old pods did in it. */
  function step(before: Evidence, { fresh, old }: Counts): Evidence {
    const control = old.total > 450 ? (1.5 * (old.bad + 3)) / old.total : null;
    const value = Math.max(0.01, control ?? 0);
    return stepProcess(before, { fresh, old, effective: { value, source: "limit", baseline: 0.003, control } }, ofMode, rule);
  }

  test("it is a positive number, and so is every bet's money", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 200 }), (blocks) => {
        let evidence = startProcess(mode);
        for (const one of blocks) {
          evidence = step(evidence, one);
          expect(Number.isFinite(evidence.e) && evidence.e > 0 && evidence.maxE >= evidence.e).toBe(true);
          expect(evidence.wealth.every((money) => Number.isFinite(money) && money >= 0)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("no block lets it grow by more than its m-th part of what decides", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 100 }), (blocks) => {
        let before = startProcess(mode);
        for (const one of blocks) {
          const after = step(before, one);
          expect(after.e / before.e).toBeLessThanOrEqual(10 * (1 + 1e-9));
          before = after;
        }
      }),
      { numRuns: 200 },
    );
  });

  test("more bad requests in a block never lower it at that block", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 40 }), block, fc.nat(100_000), (past, last, more) => {
        const before = past.reduce(step, startProcess(mode));
        const worse = { ...last, fresh: { ...last.fresh, bad: Math.min(last.fresh.total, last.fresh.bad + more) } };
        expect(step(before, worse).e).toBeGreaterThanOrEqual(step(before, last).e * (1 - 1e-12));
      }),
      { numRuns: 300 },
    );
  });

  test("more bad requests of the old pods never raise it at that block", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 40 }), block, fc.nat(100_000), (past, last, more) => {
        const before = past.reduce(step, startProcess(mode));
        const worse = { ...last, old: { ...last.old, bad: Math.min(last.old.total, last.old.bad + more) } };
        // A likelihood that is left out because the old pods are worse counts as 1, which may be more than it would have been.
        fc.pre(mode !== "fast" || last.old.bad > last.old.total * 0.01);
        expect(step(before, worse).e).toBeLessThanOrEqual(step(before, last).e * (1 + 1e-12));
      }),
      { numRuns: 300 },
    );
  });

  test("blocks without a request leave it as it is", () => {
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 40 }), (past) => {
        const before = past.reduce(step, startProcess(mode));
        const after = step(before, { fresh: { total: 0, bad: 0 }, old: { total: 1000, bad: 500 } });
        expect(Math.abs(after.e / before.e - 1)).toBeLessThan(1e-9);
      }),
    );
  });
});
