import { describe, expect, test } from "vitest";
import { combineEvidence } from "../../../src/judging/combine.ts";
import { recoveryOf } from "../../../src/judging/recovery.ts";
import { type SignalState, withoutOnePod } from "../../../src/judging/signal.ts";
import { verdictOf } from "../../../src/judging/verdict.ts";
import { baseline, BLOCK, judgeAll, times, type Traffic } from "./world.ts";

function verdict(state: SignalState, now = (state.lastAt ?? 0) + 1000) {
  return verdictOf(state, { signal: "error-rate", unit: "requests", now, noDataAfterMs: 300_000, nodeOf: (pod) => `node of ${pod}` });
}

const calm = { "old-1": [900, 1], "new-1": [100, 0] } as const;

describe("verdict of a counted signal", () => {
  test("a regression is a breach with its numbers", () => {
    const { state, because } = verdict(judgeAll([calm, ...times(4, { "old-1": [900, 2], "new-1": [100, 20] } as const)]));

    expect(state).toBe("breach");
    expect(because).toEqual([
      {
        code: "evidence",
        signal: "error-rate",
        evidence: expect.any(Number),
        needed: 1 / (0.9 * 0.001),
        badRatio: 0.2,
        burn: 20,
        effectiveLimit: 0.01,
        limitSource: "limit",
        limit: 0.01,
        oldRatio: 8 / 3600,
        baselineRatio: null,
        total: 400,
        bad: 80,
        blocks: 4,
        unit: "requests",
      },
    ]);
  });

  test.each([
    { mode: "burn", said: undefined },
    { mode: "fast", said: "fast" },
    { mode: "independent", said: "independent" },
  ] as const)("evidence that was weighed by $mode says $said beside its number", ({ mode, said }) => {
    const [reason] = verdict(judgeAll([calm, ...times(4, { "old-1": [900, 2], "new-1": [100, 20] } as const)], { mode })).because;

    expect(reason?.code === "evidence" ? reason.mode : "no evidence").toBe(said);
  });

  test("evidence for a brake is a warning", () => {
    expect(verdict(judgeAll([calm, ...times(3, { "old-1": [900, 2], "new-1": [100, 20] } as const)]))).toMatchObject({
      state: "warn",
      because: [{ code: "evidence", blocks: 3 }],
    });
  });

  test("one ill pod of four is held, and named with its node", () => {
    const block = { "new-1": [100, 0], "new-2": [100, 60], "new-3": [100, 0], "new-4": [100, 0] } as const;
    const { state, because } = verdict(judgeAll(times(9, block)));

    expect(verdict(judgeAll(times(6, block))).state, "what may be a rollout pod by pod").toBe("warn");
    expect(state).toBe("hold");
    expect(because[0]).toEqual({
      code: "suspect-pod",
      signal: "error-rate",
      pod: "new-2",
      node: "node of new-2",
      badRatio: 0.6,
      withoutIt: 0,
    });
  });

  test("a pod whose only request failed is not named in the place of the one that makes the evidence", () => {
    const block = { "new-1": [100, 0], "new-2": [100, 60], "new-3": [0, 0], "new-4": [100, 0] } as const;
    const { because } = verdict(judgeAll([{ ...block, "new-3": [1, 1] }, ...times(8, block)]));

    expect(because[0]).toMatchObject({ code: "suspect-pod", pod: "new-2", badRatio: 0.6 });
  });

  test("in a large fleet the ill pod itself is named, not its group", () => {
    const pods = Array.from({ length: 70 }, (_, i): [string, readonly [number, number]] => [`new-${i}`, [50, i === 7 ? 50 : 0]]);
    const block: Traffic = Object.fromEntries(pods);

    expect(verdict(judgeAll(times(8, block), { limit: 0.001 })).because[0]).toMatchObject({
      code: "suspect-pod",
      pod: "new-7",
      badRatio: 1,
    });
  });

  test.each([
    ["old pods that serve little but badly excuse the new ones: held", [4, 2], "hold"],
    ["old pods that serve little and well excuse nothing", [4, 0], "breach"],
  ] as const)("%s", (_, old, wanted) => {
    const { state, because } = verdict(judgeAll(times(6, { "old-1": old, "new-1": [100, 60] })));

    expect(state).toBe(wanted);
    expect(because[0]?.code).toBe(wanted === "hold" ? "shared-degradation" : "evidence");
  });

  test("a revision that suffered together with the old one never passes while it is bad, though the old pods have gone", () => {
    const state = judgeAll([...times(6, { "old-1": [40, 20], "new-1": [40, 20] } as const), ...times(60, { "new-1": [40, 20] } as const)]);

    expect(verdict(state)).toMatchObject({
      state: "hold",
      because: [{ code: "shared-degradation", newRatio: 0.5, oldRatio: 0.5, blocks: expect.any(Number) }],
    });
  });

  test("what it served while both suffered neither speaks against it afterwards nor counts towards a pass", () => {
    const together = times(4, { "old-1": [10, 5], "new-1": [40, 22] } as const);
    const since = (blocks: number) => verdict(judgeAll([...together, ...times(blocks, { "new-1": [40, 0] } as const)]));

    expect(since(3)).toMatchObject({ state: "hold", because: [{ code: "shared-degradation" }] });
    // The fourth good block ends it, and is the first that counts.
    expect(since(10)).toMatchObject({ state: "inconclusive", because: [{ code: "not-enough-requests", total: 7 * 40, needed: 300 }] });
    expect(since(11)).toMatchObject({ state: "pass", because: [{ code: "within-limits", total: 8 * 40, bad: 0 }] });
  });

  test("a small regression of a busy service is a breach, though a raised control binds in every block", () => {
    // rho S = 1.5 (2 + 3) / 450 = 1.67 % in each block.
    const state = judgeAll(times(12, { "old-1": [450, 2], "new-1": [450, 27] } as const));

    expect(verdict(state).state).toBe("breach");
  });

  test("a single failed request of the old pods may be chance", () => {
    const states = judgeAll([{ "old-1": [4, 1], "new-1": [100, 60] }, ...times(6, { "old-1": [4, 0], "new-1": [100, 60] } as const)]);

    expect(verdict(states).state).toBe("breach");
  });

  test("new and old a little over the limit in four blocks may be chance: no hold", () => {
    const state = judgeAll(times(4, { "old-1": [600, 7], "new-1": [600, 8] } as const));

    expect(state.shared).toMatchObject({ blocks: 4, lasting: false });
    expect(verdict(state).state).toBe("pass");
  });

  test("new and old bad in the same four blocks is held as shared degradation", () => {
    const bad = { "old-1": [900, 180], "new-1": [100, 22] } as const;

    expect(verdict(judgeAll([calm, ...times(3, bad)])).state).not.toBe("hold");
    expect(verdict(judgeAll([calm, ...times(4, bad)]))).toEqual({
      signal: "error-rate",
      state: "hold",
      because: [{ code: "shared-degradation", signal: "error-rate", newRatio: 0.22, oldRatio: 0.2, limit: 0.01, blocks: 4 }],
    });
  });

  test("too few requests to say anything", () => {
    expect(verdict(judgeAll(times(2, { "new-1": [100, 0] } as const)))).toEqual({
      signal: "error-rate",
      state: "inconclusive",
      because: [{ code: "not-enough-requests", signal: "error-rate", total: 200, needed: 300, unit: "requests" }],
    });
  });

  test("300 requests within a limit of 1 % are a pass so far", () => {
    const state = judgeAll(times(3, { "new-1": [100, 1] } as const), { baseline: baseline(5, 10_000, 0.001) });

    expect(verdict(state)).toMatchObject({
      state: "pass",
      because: [{ code: "within-limits", total: 300, bad: 3, badRatio: 0.01, limit: 0.01 }],
    });
  });

  test("a rate that was above the limit before the rollout is said", () => {
    const state = judgeAll(times(6, { "new-1": [100, 5] } as const), { baseline: baseline(500, 10_000, 0.06) });

    expect(verdict(state)).toMatchObject({
      state: "pass",
      because: [
        { code: "within-limits", effectiveLimit: 0.09 },
        { code: "baseline-above-limit", baselineRatio: 0.05, limit: 0.01, effectiveLimit: 0.09 },
      ],
    });
  });

  test("beside an old revision that was bad in 70 % nothing can be told, but what is within the limit still passes", () => {
    const bad = judgeAll(times(20, { "new-1": [100, 70] } as const), { baseline: baseline(7000, 10_000, 2 / 3) });
    expect(verdict(bad)).toMatchObject({
      state: "inconclusive",
      because: [{ code: "baseline-above-limit", baselineRatio: 0.7, effectiveLimit: 1 }, { code: "within-limits" }],
    });
    const good = judgeAll(times(20, { "new-1": [100, 0] } as const), { baseline: baseline(7000, 10_000, 2 / 3) });
    expect(verdict(good).state).toBe("pass");
  });

  test.each(["error", "no-data"] as const)("%s for five minutes cannot tell, whatever was seen before", (trouble) => {
    const state = judgeAll([...times(5, { "new-1": [100, 0] } as const), ...times(20, trouble)]);

    expect(verdict(state, 5 * BLOCK + 299_000).state).toBe("pass");
    expect(verdict(state, 5 * BLOCK + 300_000)).toMatchObject({
      state: "inconclusive",
      because: [{ code: "no-usable-data", outcome: trouble, forMs: 300_000 }],
    });
  });

  test("a lull after enough requests takes nothing back", () => {
    const state = judgeAll([...times(5, { "new-1": [100, 0] } as const), ...times(40, { "new-1": [0, 0] } as const)]);

    expect(verdict(state)).toMatchObject({ state: "pass", because: [{ code: "within-limits", total: 500 }] });
  });

  test("silence does not take a breach back", () => {
    expect(verdict(judgeAll([...times(5, { "new-1": [100, 50] } as const), ...times(40, "error" as const)])).state).toBe("breach");
  });

  test("the leading signal carries the breach that only the sum of all signals makes", () => {
    const state = judgeAll(times(2, { "new-1": [100, 50], "new-2": [100, 50] } as const), { weight: 0.5 });
    const own = { signal: "error-rate", weight: 0.5, evidence: state.evidence.e, withoutOnePod: withoutOnePod(state) };
    const input = { signal: "error-rate", unit: "requests", now: 2 * BLOCK, noDataAfterMs: 300_000 };
    const other = { signal: "latency", weight: 0.5, evidence: 2300, withoutOnePod: 2300 };
    const lesser = combineEvidence([own, other], 0.001);
    const leading = combineEvidence([{ ...own, evidence: 3000, withoutOnePod: 3000 }, other], 0.001);

    expect(verdictOf(state, { ...input, guard: lesser }).state).not.toBe("breach");
    expect(verdictOf(state, { ...input, guard: leading }).state).toBe("breach");
  });
});

describe("recovery of the restored revision", () => {
  const bad = { "old-1": [100, 40] } as const;
  const good = { "old-1": [100, 0] } as const;

  test.each<{ readonly name: string; readonly after: readonly Traffic[]; readonly wanted: object }>([
    { name: "three good blocks are not enough", after: times(3, good), wanted: { state: "waiting", blocks: 3 } },
    { name: "four good blocks are", after: times(4, good), wanted: { state: "recovered", blocks: 4, badRatio: 0, limit: 0.01 } },
    {
      name: "blocks without requests do not count",
      after: [...times(3, good), { "old-1": [0, 0] }],
      wanted: { state: "waiting", blocks: 3 },
    },
    { name: "still bad", after: times(5, bad), wanted: { state: "still-bad", badRatio: 0.4 } },
    { name: "only the last four count", after: [bad, ...times(4, good)], wanted: { state: "recovered" } },
    { name: "no request at all", after: [{ "old-1": [0, 0] }], wanted: { state: "waiting", blocks: 0, badRatio: null } },
  ])("$name", ({ after, wanted }) => {
    const state = judgeAll([...times(6, bad), ...after]);

    expect(recoveryOf(state, 6 * BLOCK, 4)).toMatchObject(wanted);
  });

  test("a revision that always ran at 5 % has recovered when it is back there", () => {
    const state = judgeAll(times(6, { "old-1": [100, 5] } as const), { baseline: baseline(500, 10_000, 0.055) });

    expect(recoveryOf(state, BLOCK, 4).state).toBe("recovered");
  });
});
