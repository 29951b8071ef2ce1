import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startEvidence, stepEvidence } from "../../../src/judging/evidence.ts";
import { judgeBlock, openSignal, type SignalState } from "../../../src/judging/signal.ts";
import { verdictOf } from "../../../src/judging/verdict.ts";
import type { Verdict } from "../../../src/reason.ts";
import { baseline, BLOCK, inputOf, judgeAll, limits, measurements, times, type Traffic, type Trouble } from "./world.ts";

describe("one block of a signal", () => {
  test.each<{ readonly name: string; readonly block: Traffic | Trouble; readonly outcome: string; readonly usable: boolean }>([
    { name: "within the limit", block: { "new-1": [1000, 5] }, outcome: "healthy", usable: true },
    { name: "exactly at the limit", block: { "new-1": [1000, 10] }, outcome: "healthy", usable: true },
    { name: "over the limit", block: { "new-1": [1000, 50] }, outcome: "breach", usable: true },
    { name: "no request reached a new pod", block: { "new-1": [0, 0], "old-1": [500, 1] }, outcome: "too-few", usable: false },
    { name: "only old pods answer", block: { "old-1": [500, 1] }, outcome: "too-few", usable: false },
    { name: "an answer without any counter", block: {}, outcome: "no-data", usable: false },
    { name: "an empty answer", block: "no-data", outcome: "no-data", usable: false },
    { name: "no answer", block: "error", outcome: "error", usable: false },
  ])("$name is $outcome", ({ block, outcome, usable }) => {
    const state = judgeAll([{ "new-1": [1000, 0] }, block]);

    expect(state.outcome).toBe(outcome);
    expect(state.lastUsableAt).toBe(usable ? 2 * BLOCK : BLOCK);
    const { detail = "", ...silence } = state.silence ?? {};
    expect(silence).toEqual(usable ? {} : { outcome, since: BLOCK });
    expect(detail === "").toBe(usable);
    expect(state.audit.at(-1)?.outcome).toBe(outcome);
  });

  test("requests of pods that belong to neither side change nothing", () => {
    const without = judgeAll(times(3, { "new-1": [1000, 9] } as const));
    const withThem = judgeAll(times(3, { "new-1": [1000, 9], "other-1": [1000, 1000] } as const));

    expect(withThem.evidence).toEqual(without.evidence);
    expect([withThem.total, withThem.bad]).toEqual([3000, 27]);
  });

  test("neither no-data nor an error moves evidence", () => {
    const before = judgeAll([{ "new-1": [100, 5] }]);

    for (const trouble of ["no-data", "error"] as const) {
      expect(judgeAll([{ "new-1": [100, 5] }, ...times(20, trouble)]).evidence).toEqual(before.evidence);
    }
  });

  test("what was served while the source was down is judged as one block when it is back", () => {
    const state = judgeAll([{ "new-1": [100, 0] }, "error", "error", { "new-1": [300, 30] }]);

    expect(state.audit.at(-1)).toMatchObject({ newTotal: 300, newBad: 30, burn: expect.closeTo(10, 9) });
  });

  test("the audit line redoes the arithmetic: limit, baseline and control, burn", () => {
    const state = judgeAll([{ "old-1": [900, 9], "new-1": [100, 6] }], { baseline: baseline(10, 1000, 0.02) });

    expect(state.audit.at(-1)).toEqual({
      at: BLOCK,
      newTotal: 100,
      newBad: 6,
      oldTotal: 900,
      oldBad: 9,
      limit: 0.01,
      baselineLimit: 0.03,
      controlLimit: (1.5 * 12) / 900,
      effectiveLimit: 0.03,
      limitSource: "baseline",
      burn: 0.06 / 0.03,
      sustainBlocks: 3,
      evidence: state.evidence.e,
      outcome: "breach",
    });
  });

  test("the audit keeps as many blocks as it is told to, the last ones", () => {
    const state = judgeAll(times(10, { "new-1": [100, 0] } as const), { auditBlocks: 4 });

    expect(state.audit.map(({ at }) => at / BLOCK)).toEqual([7, 8, 9, 10]);
  });

  test("what the counts cannot be trusted for is noted once", () => {
    const state = judgeAll([{ "new-1": [10, 0] }, { "new-1": [5, 9] }, { "new-1": [5, 9] }]);

    expect(state.notes).toHaveLength(1);
  });
});

describe("attribution", () => {
  const calm = { "old-1": [900, 1], "new-1": [100, 0] } as const;

  test.each<{ readonly name: string; readonly block: Traffic; readonly fires: boolean; readonly shared: number }>([
    { name: "new bad, old good", block: { "old-1": [900, 1], "new-1": [100, 20] }, fires: true, shared: 0 },
    { name: "new and old bad alike", block: { "old-1": [900, 180], "new-1": [100, 20] }, fires: false, shared: 6 },
    { name: "new far worse than a bad old one", block: { "old-1": [900, 45], "new-1": [100, 60] }, fires: true, shared: 0 },
    { name: "new good, old bad", block: { "old-1": [900, 180], "new-1": [100, 0] }, fires: false, shared: 0 },
  ])("$name: evidence decides $fires, $shared blocks of shared degradation", ({ block, fires, shared }) => {
    const state = judgeAll([calm, ...times(6, block)]);

    expect(state.evidence.e >= 1 / 0.0009).toBe(fires);
    expect(state.shared.blocks).toBe(shared);
  });

  test("a rate that was there before the rollout does not count against the new revision", () => {
    const before = judgeAll(times(40, { "new-1": [1000, 60] } as const), { baseline: baseline(5000, 100_000, 0.052) });

    expect(before.evidence.maxE).toBeLessThan(2);
    expect(before.audit.at(-1)?.limitSource).toBe("baseline");
  });

  test("bad alike for three blocks is forgotten with the first good block, and a block without requests does not end it", () => {
    const bad = { "old-1": [900, 180], "new-1": [100, 20] } as const;

    expect(judgeAll([bad, bad, { "old-1": [900, 180], "new-1": [0, 0] }]).shared.blocks).toBe(2);
    // The trailing window still holds the old pods' bad blocks, but the new ones are good again.
    expect(judgeAll([bad, bad, calm]).shared.blocks).toBe(0);
  });
});

describe("old and new pods that suffered together", () => {
  const together = times(4, { "old-1": [10, 5], "new-1": [40, 22] } as const);
  const newAlone = { "new-1": [40, 22] } as const;
  const newGood = { "new-1": [40, 0] } as const;

  test("few requests are enough to see it", () => {
    const state = judgeAll(together);

    expect(state.shared).toMatchObject({ lasting: true, blocks: 4, fresh: { total: 160, bad: 88 }, old: { total: 40, bad: 20 } });
    expect(state.evidence.maxE).toBe(1);
  });

  test("once the old pods have gone, what the new ones fail proves nothing, for however long", () => {
    // Two minutes later nobody remembers the old pods' last requests.
    const state = judgeAll([...together, ...times(100, newAlone)]);

    expect(state.evidence.maxE).toBe(1);
    expect(state.audit.at(-1)).toMatchObject({ newTotal: 40, newBad: 22, burn: null, outcome: "breach" });
    expect(state.shared.lasting).toBe(true);
  });

  test("while the old pods are well again, even on few requests, the new ones are judged by them", () => {
    const state = judgeAll([...together, ...times(16, { "old-1": [10, 0], "new-1": [40, 22] } as const)]);

    expect(state.evidence.e).toBeGreaterThan(1 / 0.0009);
  });

  test("after four good blocks a bad one counts again", () => {
    const late = [...times(8, { "new-1": [0, 0] } as const), ...times(6, newAlone)];

    expect(judgeAll([...together, ...times(3, newGood), ...late]).evidence.maxE).toBe(1);
    expect(judgeAll([...together, ...times(4, newGood), ...late]).evidence.maxE).toBeGreaterThan(1 / 0.0009);
  });
});

describe("the stretch that explains a breach", () => {
  test("begins with the first bad block after a calm time", () => {
    const state = judgeAll([...times(20, { "new-1": [100, 0] } as const), ...times(3, { "new-1": [100, 20] } as const)]);

    expect(state.stretch).toMatchObject({ from: 21 * BLOCK, blocks: 3, newTotal: 300, newBad: 60 });
  });

  test("is forgotten once evidence has gone", () => {
    expect(judgeAll([{ "new-1": [100, 3] }, ...times(20, { "new-1": [100, 0] } as const)]).stretch).toBeNull();
  });
});

const traffic = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<Trouble>("no-data", "error") },
  {
    weight: 8,
    arbitrary: fc.dictionary(
      fc.constantFrom("new-1", "new-2", "new-3", "new-4", "old-1", "old-2", "other-1"),
      fc.tuple(fc.nat(2000), fc.nat(2000)).map(([one, other]): [number, number] => [Math.max(one, other), Math.min(one, other)]),
      { maxKeys: 7, noNullPrototype: true },
    ),
  },
);
const stream = fc.array(traffic, { maxLength: 60 });

describe.each(["burn", "fast", "independent"] as const)("the fold, whatever the stream, evidence: %s", (mode) => {
  const over = { mode, passEarly: true, baseline: baseline(18, 18_000, 0.002) };
  const open = (): SignalState => openSignal({ ...limits, ...over });

  test("how blocks are batched into polls does not matter, nor do repeated blocks", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(5), { maxLength: 60 }), (blocks, repeats) => {
        const answers = measurements(blocks);
        let state = open();
        for (const [i, answer] of answers.entries()) {
          // A poll that begins some blocks back offers them again.
          const from = Math.max(0, i - (repeats[i] ?? 0));
          for (const again of answers.slice(from, i).filter(({ kind }) => kind !== "error")) state = judgeBlock(state, inputOf(again));
          state = judgeBlock(state, inputOf(answer));
        }
        expect(state.evidence).toEqual(judgeAll(blocks, over).evidence);
        expect(state.early).toEqual(judgeAll(blocks, over).early);
        expect(state.audit.filter(({ outcome }) => outcome !== "error")).toEqual(
          judgeAll(blocks, over).audit.filter(({ outcome }) => outcome !== "error"),
        );
      }),
    );
  });

  test("a daemon killed at any block folds to the identical state from the same samples", () => {
    fc.assert(
      fc.property(stream, fc.nat(60), (blocks, killedAt) => {
        const answers = measurements(blocks).filter(({ kind }) => kind !== "error");
        const fold = (from: SignalState, some: typeof answers): SignalState =>
          some.reduce((state, answer) => judgeBlock(state, inputOf(answer)), from);
        const lived = fold(fold(open(), answers.slice(0, killedAt)), answers.slice(killedAt));
        const replayed = fold(open(), answers);
        expect(replayed).toEqual(lived);
        expect(decided(replayed)).toEqual(decided(lived));
      }),
    );
  });

  test("the evidence can be redone from the audit lines alone", () => {
    fc.assert(
      fc.property(stream, (blocks) => {
        let redone = startEvidence();
        const judgedOnly = blocks.filter((block) => typeof block !== "string" && Object.keys(block).length > 0);
        for (const { burn, sustainBlocks, evidence } of judgeAll(judgedOnly).audit) {
          redone = stepEvidence(redone, burn, { m: sustainBlocks, alphaE: 0.9 * limits.alpha, weight: 1, planned: limits.plannedBlocks });
          expect(Math.abs(redone.e - evidence)).toBeLessThanOrEqual(1e-12 * evidence);
        }
      }),
    );
  });

  test("an outage that is caught up block by block leaves the state of an unbroken source", () => {
    fc.assert(
      fc.property(stream, fc.nat(60), fc.integer({ min: 1, max: 5 }), (blocks, downAt, missed) => {
        const answers = measurements(blocks).filter(({ kind }) => kind !== "error");
        let state = open();
        for (const [i, answer] of answers.entries()) {
          if (i === downAt) {
            for (const { at } of answers.slice(i, i + missed)) {
              state = judgeBlock(state, inputOf({ kind: "error", at, because: "connection refused" }));
            }
          }
          state = judgeBlock(state, inputOf(answer));
        }
        const unbroken = answers.reduce((before, answer) => judgeBlock(before, inputOf(answer)), open());
        expect({ ...state, silence: null }).toEqual({ ...unbroken, silence: null });
      }),
    );
  });

  test("no evidence is ever NaN or infinite, with or without any pod", () => {
    fc.assert(
      fc.property(stream, (blocks) => {
        const state = judgeAll(blocks, over);
        expect(Number.isFinite(state.evidence.e)).toBe(true);
        for (const evidence of state.leaveOneOut.without.values()) expect(evidence.e > 0 && Number.isFinite(evidence.e)).toBe(true);
        expect(state.bad).toBeLessThanOrEqual(state.total);
      }),
    );
  });
});

/** What the guard makes of it, with every number that it gives as a reason. */
function decided(state: SignalState): Verdict {
  return verdictOf(state, { signal: "errors", unit: "requests", now: (state.lastAt ?? 0) + BLOCK, noDataAfterMs: 4 * BLOCK });
}

describe("the fold by the burn rate alone", () => {
  test("ten times the traffic at the same ratios changes nothing while the limit is fixed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat(500)), { maxLength: 40 }),
        fc.integer({ min: 2, max: 50 }),
        (blocks, factor) => {
          const scaled = (by: number): readonly Traffic[] =>
            blocks.map(([total, bad]) => ({ "new-1": [total * by, Math.min(total, bad) * by] }));
          const once = judgeAll(scaled(1)).evidence.e;
          expect(Math.abs(judgeAll(scaled(factor)).evidence.e / once - 1)).toBeLessThan(1e-9);
        },
      ),
    );
  });
});
