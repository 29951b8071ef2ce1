import { describe, expect, test } from "vitest";
import { explainReason } from "../../../src/explain/reason.ts";
import { judgementOf } from "../../../src/guards/judgement.ts";
import { badServed, limitationsOf } from "../../../src/guards/record.ts";
import { type GuardRun, judge, openRun, withPeers } from "../../../src/guards/run.ts";
import { recoveryOf } from "../../../src/judging/recovery.ts";
import type { Measurement, PodState, ProcessReading } from "../../../src/model.ts";
import type { Verdict } from "../../../src/reason.ts";
import { actionOf, BLOCK, fresh, old, pod, policyOf, receipt, recordOf, rollout, START } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 30_000 };
const policy = policyOf("signals: { errors: { http: { preset: istio, seenBy: callers, errors: { limit: 1% } } } }");
const roster: readonly PodState[] = [
  pod("new-1", fresh, { created: START, readySince: START + 2 * BLOCK }),
  pod("old-1", old, { created: START - 10 * BLOCK, readySince: START - 9 * BLOCK }),
];
const record = recordOf([], { policy, pods: roster });
const rollback = actionOf("rollback");
const rolledBack = recordOf([{ kind: "intended", action: rollback, because: [] }, receipt("rollback", "applied", 1, START + 6 * BLOCK)], {
  policy,
  pods: roster,
});

/** Bad requests of 100 a block: of each caller, and of what the old pod says of itself (null: it counts nothing). */
interface Traffic {
  readonly callers: readonly number[];
  readonly old: number | null;
}

/** Blocks with the same traffic; the first readings only set the bases. */
function blocks(count: number, { callers, old: ownBad }: Traffic, from = 0): readonly Measurement[] {
  return Array.from({ length: count }, (_, i): Measurement => {
    const sum = (bad: number) => ({ total: 100 * (from + i + 1), bad: bad * (from + i), badAtMost: bad * (from + i) });
    const calls = callers.map((bad, nth): ProcessReading => ({
      namespace: "edge",
      pod: `gate-${nth + 1}`,
      process: "p j",
      view: "callers",
      ...sum(bad),
    }));
    const own: readonly ProcessReading[] = ownBad === null ? [] : [{ namespace: "shop", pod: "old-1", process: "p j", ...sum(ownBad) }];
    return { kind: "counters", at: START + (from + i + 1) * BLOCK, readings: [...calls, ...own] };
  });
}

function fold(run: GuardRun, measurements: readonly Measurement[]): GuardRun {
  return measurements.reduce((folded, measurement) => judge(folded, "errors", measurement), run);
}

function verdictOf(run: GuardRun): Verdict | undefined {
  return judgementOf(run, START + 20 * BLOCK).verdicts["errors"];
}

describe("errors as callers see them", () => {
  test("new pods that refuse every call and count none are found by their callers", () => {
    const verdict = verdictOf(fold(openRun(record, pace), blocks(8, { callers: [20, 20, 20], old: 0 })));

    expect(verdict?.state).toBe("breach");
    expect(verdict?.because.map(explainReason).join()).toMatch(
      /^errors as callers see them 20 % = 20x the limit \(limit 1 %; old pods 0 %\)/,
    );
  });

  test("also where the old pods count nothing", () => {
    const run = fold(openRun(record, pace), blocks(8, { callers: [20, 20, 20], old: null }));

    expect(verdictOf(run)?.state, "other workloads are asked first").toBe("warn");
    expect(verdictOf(withPeers(run, { kind: "asked", through: START + 8 * BLOCK, of: 3, suffering: [] }))?.state).toBe("breach");
  });

  test("what the old pods fail too is not laid to the new revision", () => {
    const verdict = verdictOf(fold(openRun(record, pace), blocks(12, { callers: [20, 20, 20], old: 20 })));

    expect(verdict).toMatchObject({ state: "hold", because: [{ code: "shared-degradation" }] });
  });

  test("at a request a minute, what the old pods failed minutes ago still excuses", () => {
    const sums = (total: number, share: number) => ({ total, bad: Math.floor(total * share), badAtMost: Math.floor(total * share) });
    const hour = Array.from({ length: 240 }, (_, i): Measurement => {
      const calls: ProcessReading = {
        namespace: "edge",
        pod: "gate-1",
        process: "p j",
        view: "callers",
        ...sums(Math.floor(i / 4), 2 / 3),
      };
      const own: ProcessReading = { namespace: "shop", pod: "old-1", process: "p j", ...sums(Math.floor(i / 8), 1 / 2) };
      return { kind: "counters", at: START + (i + 1) * BLOCK, readings: [calls, own] };
    });

    expect(judgementOf(fold(openRun(record, pace), hour), START + 241 * BLOCK).guard.firesRollback).toBe(false);
  });

  test("a live control needs no less sustain: it does not see the way to the pods", () => {
    const { audit } = fold(openRun(record, pace), blocks(8, { callers: [200, 200], old: 0 })).counted["errors"] ?? {};

    expect(new Set(audit?.map(({ sustainBlocks }) => sustainBlocks))).toEqual(new Set([4]));
  });

  test.each([
    ["independent", "burn"],
    ["fast", "fast"],
  ])("evidence %s weighs calls as %s does: old pods' requests are among them", (evidence, mode) => {
    const weighed = policyOf(`evidence: ${evidence}`, "signals: { errors: { http: { preset: istio, seenBy: callers, errors: {} } } }");

    expect(openRun(recordOf([], { policy: weighed }), pace).counted["errors"]?.limits.mode).toBe(mode);
  });

  test("one bad caller condemns no revision", () => {
    const verdict = verdictOf(fold(openRun(record, pace), blocks(12, { callers: [0, 90, 0, 0], old: 0 })));

    expect(verdict?.state).toBe("hold");
    expect(verdict?.because.map(explainReason)[0]).toContain("nearly all failed calls are those of one caller, pod gate-2 (");
  });

  test("calls before the first new pod was ready are nobody's", () => {
    expect(fold(openRun(record, pace), blocks(2, { callers: [90], old: 0 })).counted["errors"]).toMatchObject({ total: 100, bad: 90 });
    expect(fold(openRun(record, pace), blocks(1, { callers: [90], old: 0 })).counted["errors"]).toMatchObject({ total: 0, bad: 0 });
  });

  test("a caller met for the first time only sets the base, however much it has counted", () => {
    const first = blocks(1, { callers: [90], old: 0 }, 5);

    expect(fold(openRun(record, pace), first).counted["errors"]).toMatchObject({ total: 0, bad: 0 });
  });

  test("after a rollback they are what tells whether it helped", () => {
    const run = fold(openRun(rolledBack, pace), [...blocks(6, { callers: [20], old: 0 }), ...blocks(5, { callers: [30], old: 0 }, 6)]);
    const state = run.counted["errors"];

    expect(state && recoveryOf(state, START + 7 * BLOCK, 4)).toMatchObject({ state: "still-bad", badRatio: 0.3 });
    expect(state?.bad, "and not laid to the condemned revision").toBe(100);
  });

  test("nobody compares the requests of callers as if they were those of new and old pods", () => {
    expect(fold(openRun(record, pace), blocks(8, { callers: [0], old: 0 })).traffic["errors"]).toBeUndefined();
  });

  test("nobody claims that the new revision served what callers saw fail", () => {
    expect(badServed(fold(openRun(record, pace), blocks(8, { callers: [20], old: 0 })))).toBe(0);
  });

  test("the guard says at its opening that calls to old and new pods are counted together", () => {
    expect(limitationsOf(rollout, policy, [], 15_000)).toEqual([
      "errors: callers count calls to old and new pods together, so what fails on the way to the old ones is laid to the new revision",
    ]);
  });
});
