import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgementOf, rulesOf } from "../../../src/guards/judgement.ts";
import { append, badServed } from "../../../src/guards/record.ts";
import { type GuardRun, judge, judgedThrough, openRun, underConfidence, withBaseline, withPause } from "../../../src/guards/run.ts";
import type { Measurement, PodState } from "../../../src/model.ts";
import { actionOf, BLOCK, fresh, old, pod, policyOf, receipt, recordOf, revision, START, workloadOf } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 30_000 };
const roster: readonly PodState[] = [
  ...[1, 2, 3].map((nth) => pod(`new-${nth}`, fresh, { created: START, readySince: START + 5000 })),
  ...[1, 2, 3].map((nth) => pod(`old-${nth}`, old, { created: START - 10 * BLOCK, readySince: START - 9 * BLOCK })),
];
const record = recordOf([], { pods: roster });

/** Every pod has 100 requests a block; of the new ones `bad` fail. */
function answers(blocks: number, bad: number): readonly Measurement[] {
  return Array.from({ length: blocks }, (_, i): Measurement => {
    const readings = roster.map(({ name }) => {
      const failed = name.startsWith("new") ? bad * i : 0;
      return { namespace: "shop", pod: name, process: name, total: 100 * (i + 1), bad: failed, badAtMost: failed };
    });
    return { kind: "counters", at: START + (i + 1) * BLOCK, readings };
  });
}

function fold(run: GuardRun, measurements: readonly Measurement[]): GuardRun {
  return measurements.reduce((folded, measurement) => judge(folded, "errors", measurement), run);
}

describe("what has been judged", () => {
  test.each<[string, readonly Measurement[], number]>([
    ["before the first answer: up to the block before the start", [], START - BLOCK],
    ["after three blocks", answers(3, 0), START + 3 * BLOCK],
    ["an error is owed again", [...answers(2, 0), { kind: "error", at: START + 3 * BLOCK, because: "refused" }], START + 2 * BLOCK],
    ["an empty answer is an answer", [...answers(2, 0), { kind: "no-data", at: START + 3 * BLOCK, because: "nothing" }], START + 3 * BLOCK],
  ])("%s", (_, measurements, wanted) => {
    expect(judgedThrough(fold(openRun(record, pace), measurements), "errors")).toBe(wanted);
  });

  test("a start inside a block asks from the block before it on", () => {
    const late = recordOf([], { rollout: { ...record.rollout, startedAt: START + 7000 } });

    expect(judgedThrough(openRun(late, pace), "errors")).toBe(START - BLOCK);
  });
});

describe("after a restart", () => {
  test("the same samples give the same evidence, to the last digit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 }), (blocks, bad, cut) => {
        const live = fold(openRun(record, pace), answers(blocks, bad));
        const before = fold(openRun(record, pace), answers(Math.min(cut, blocks), bad));
        const again = fold(openRun(before.record, pace), answers(blocks, bad));

        expect(judgementOf(again, START)).toEqual(judgementOf(live, START));
      }),
    );
  });

  test("samples that come twice change nothing", () => {
    const once = fold(openRun(record, pace), answers(5, 20));

    expect(fold(once, answers(5, 20)).counted).toEqual(once.counted);
  });

  test("a rollback to a revision that passed does not change the sides of the blocks before it", () => {
    const five = revision(5);
    const action = actionOf("rollback");
    const toFive = action.kind === "rollback" ? { ...action, target: five } : action;
    const bodies = [{ kind: "intended", action: toFive, because: [] } as const, receipt("rollback", "applied", 1, START + 4 * BLOCK)];
    const withFive = [...roster, pod("five-1", five, { readySince: START - 9 * BLOCK, created: START - 10 * BLOCK })];
    const readings = [{ namespace: "shop", pod: "five-1", process: "five-1", total: 1000, bad: 900, badAtMost: 900 }];
    const more = answers(3, 0).map((each, i) =>
      each.kind === "counters"
        ? { ...each, readings: [...each.readings, ...readings.map((one) => ({ ...one, total: 1000 * (i + 1), bad: 900 * i }))] }
        : each,
    );
    const live = fold(openRun(recordOf([], { pods: withFive }), pace), more);
    const again = fold(openRun(recordOf(bodies, { pods: withFive }), pace), more);

    expect(again.counted["errors"]?.oldBlocks).toEqual(live.counted["errors"]?.oldBlocks);
  });
});

describe("memory", () => {
  test("holds at most 80 blocks of audit per signal, and writes 60 down", () => {
    const run = fold(openRun(record, pace), answers(200, 0));

    expect(run.counted["errors"]?.audit).toHaveLength(80);
    expect(append(run, START, { kind: "held", because: [] }).record.audit["errors"]).toHaveLength(60);
  });
});

describe("the confidence is shared", () => {
  const two = "errors: { http: { preset: aspnet, errors: {} } }, latency: { http: { preset: aspnet, slower: { p95: 200ms } } }";

  test.each<[string, readonly string[], readonly string[]]>([
    ["by all counted signals that roll back", [`signals: { ${two} }`], ["errors", "latency"]],
    ["not by one that only tells", [`signals: { ${two} }`, "onBreach: { latency: [notify] }"], ["errors"]],
    ["not by pod rules", ["signals: { pods: { pods: {} } }"], []],
  ])("%s", (_, lines, wanted) => {
    expect(underConfidence(policyOf(...lines))).toEqual(wanted);
  });

  test("in equal weights", () => {
    const run = openRun(recordOf([], { policy: policyOf(`signals: { ${two} }`) }), pace);

    expect(Object.values(run.counted).map((state) => state.limits.weight)).toEqual([0.5, 0.5]);
  });
});

test("a baseline that comes later sets the limits of the signal it belongs to", () => {
  const baseline = { from: 0, to: START, total: 1000, bad: 50, dispersion: 1, upper: 0.08 };
  const run = withBaseline(openRun(record, pace), "errors", baseline);

  expect([run.counted["errors"]?.limits.baseline, run.record.baselines["errors"]]).toEqual([baseline, baseline]);
});

test("the progress clock stands still under a pause and begins anew after it", () => {
  const opened = withPause(openRun(record, pace), false, START);
  const paused = withPause(opened, true, START + BLOCK);

  expect([opened.runningSince, paused.runningSince]).toEqual([START, undefined]);
  expect(withPause(withPause(paused, false, START + 9 * BLOCK), false, START + 10 * BLOCK).runningSince).toBe(START + 9 * BLOCK);
});

describe("a signal with a plain rule", () => {
  const byRule = policyOf(
    "signals: { errors: { http: { preset: aspnet, errors: { limit: 1%, rule: { rate: { over: 30s, for: 15s } } } } }, latency: { http: { preset: aspnet, slower: { p95: 1s } } } }",
  );
  const ruled = recordOf([], { pods: roster, policy: byRule });
  const verdictAt = (run: GuardRun, at: number) => rulesOf(run, workloadOf(), at).map(({ signal, state }) => [signal, state]);

  test("takes no share of the confidence", () => {
    expect(underConfidence(byRule)).toEqual(["latency"]);
    expect(openRun(ruled, pace).counted["latency"]?.limits.weight).toBe(1);
  });

  test("counts the new pods as evidence would, and is listed with the rules", () => {
    const run = fold(openRun(ruled, pace), answers(4, 20));
    const counted = fold(openRun(record, pace), answers(4, 20)).counted["errors"];
    const rule = run.rules["errors"];

    expect(rule?.kind === "rate" ? [rule.state.total, rule.state.bad] : []).toEqual([counted?.total, counted?.bad]);
    expect(verdictAt(run, START + 4 * BLOCK)).toEqual([["errors", "breach"]]);
    expect(judgementOf(run, START + 4 * BLOCK).verdicts["errors"]).toBeUndefined();
  });

  test("is asked again for what failed, and gives the same after a restart", () => {
    const error = { kind: "error", at: START + 3 * BLOCK, because: "refused" } as const;
    const live = fold(openRun(ruled, pace), [...answers(2, 20), error]);

    expect(judgedThrough(live, "errors")).toBe(START + 2 * BLOCK);
    expect(fold(live, answers(6, 20)).rules).toEqual(fold(openRun(ruled, pace), answers(6, 20)).rules);
  });

  test("counts what the bad revision served", () => {
    expect(badServed(fold(openRun(ruled, pace), answers(4, 20)))).toBe(3 * 20 * 3);
  });
});
