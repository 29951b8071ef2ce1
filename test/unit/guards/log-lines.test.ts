import { describe, expect, test } from "vitest";
import { countersOfLines } from "../../../src/guards/log-lines.ts";
import { logBaseline } from "../../../src/guards/log-baseline.ts";
import { judgementOf } from "../../../src/guards/judgement.ts";
import { limitationsOf } from "../../../src/guards/record.ts";
import { type GuardRun, judge, openRun, withBaseline } from "../../../src/guards/run.ts";
import type { Measurement, PodState } from "../../../src/model.ts";
import { poisson, createRandom } from "../../../src/sandbox/random.ts";
import { BLOCK, fresh, MINUTE, old, pod, policyOf, recordOf, rollout, START } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0, logLagMs: 30_000 };
const policy = policyOf("evidence: fast", "passEarly: {}", "signals: { lines: { logs: { format: otel, limit: 6/min/pod } } }");
const newPods = [1, 2, 3, 4].map((nth) => pod(`new-${nth}`, fresh, { created: START, readySince: START }));
const oldPods = [1, 2, 3, 4].map((nth) => pod(`old-${nth}`, old, { created: START - MINUTE, readySince: START - MINUTE }));
const both = [fresh.name, old.name];

function linesAt(block: number, lines: Readonly<Record<string, number>>, heard: readonly string[] = both): Measurement & { kind: "lines" } {
  return {
    kind: "lines",
    at: START + block * BLOCK,
    pods: Object.entries(lines).map(([name, count]) => ({ pod: name, lines: count })),
    heard,
  };
}

/** Running sums of `perBlock` lines of each of these pods. */
function stream(blocks: number, perBlock: (name: string, block: number) => number): readonly Measurement[] {
  const sums: Record<string, number> = {};
  return Array.from({ length: blocks }, (_, order) => {
    for (const { name } of [...newPods, ...oldPods]) sums[name] = (sums[name] ?? 0) + perBlock(name, order + 1);
    return linesAt(order + 1, { ...sums });
  });
}

function openLines(pods: readonly PodState[] = [...newPods, ...oldPods]): GuardRun {
  return openRun(recordOf([], { policy, pods }), pace);
}

function folded(measurements: readonly Measurement[], run = openLines()): GuardRun {
  return measurements.reduce((one, measurement) => judge(one, "lines", measurement), run);
}

describe("log lines beside the time a pod was ready", () => {
  test("pods without a line have their minutes, gone ones theirs until they went, those never ready none", () => {
    const { readySince: _, ...neverReady } = pod("new-4", fresh, { ready: false });
    const pods = [
      pod("new-1", fresh, { readySince: START }),
      pod("new-2", fresh, { readySince: START + 30_000 }),
      pod("new-3", fresh, { readySince: START, gone: START + 90_000 }),
      neverReady,
    ];
    const counters = countersOfLines(linesAt(8, { "new-1": 12, "web-stranger": 3 }), rollout, pods, BLOCK);
    expect(counters.kind === "counters" && counters.readings.map(({ pod: name, total, bad }) => [name, total, bad])).toEqual([
      ["new-1", 2, 12],
      ["new-2", 1.5, 0],
      ["new-3", 1.5, 0],
      ["new-4", 0, 0],
    ]);
  });

  test("new pods of which no line with a level was seen have no data, however long", () => {
    expect(countersOfLines(linesAt(8, {}, [old.name]), rollout, newPods, BLOCK)).toMatchObject({
      kind: "no-data",
      because: `no log line of pods ${fresh.name}-* with a level was seen since the rollout began`,
    });
  });

  test("a pod that went a while ago is left out, so that it does not count among those that serve", () => {
    const gone = pod("new-1", fresh, { readySince: START, gone: START + BLOCK });
    const at = (block: number) => countersOfLines(linesAt(block, {}), rollout, [gone], BLOCK);
    expect([at(4), at(5)]).toMatchObject([{ readings: [{ pod: "new-1", total: 0.25 }] }, { readings: [] }]);
  });

  test("old pods that were not heard are no control", () => {
    const counters = countersOfLines(linesAt(8, { "new-1": 1 }, [fresh.name]), rollout, [...newPods, ...oldPods], BLOCK);
    expect(counters.kind === "counters" && counters.readings.map(({ pod: name }) => name)).toEqual(newPods.map(({ name }) => name));
  });
});

describe("the signal", () => {
  test("lines above the limit of new pods alone breach, at more than one line a pod-minute, in any mode of evidence", () => {
    const run = folded(stream(12, (name) => (name.startsWith("new") ? 10 : 1)));
    const verdict = judgementOf(run, START + 12 * BLOCK).verdicts["lines"];
    expect(verdict).toMatchObject({ state: "breach" });
    expect(verdict?.because[0]).toMatchObject({ code: "evidence", badRatio: 40, unit: "pod-minutes", limit: 6 });
    expect(verdict?.because[0]).not.toHaveProperty("mode");
  });

  test("old pods that log as much are a shared trouble, not a breach", () => {
    const run = folded(stream(20, () => 10));
    expect(judgementOf(run, START + 20 * BLOCK).verdicts["lines"]).toMatchObject({
      state: "hold",
      because: [{ code: "shared-degradation", newRatio: 40, oldRatio: 40, unit: "pod-minutes" }],
    });
  });

  test("old clumps of ten lines are assumed", () => {
    expect(openLines().counted["lines"]?.limits).toMatchObject({ phi: 10, exposure: true, mode: "burn", passEarly: false });
  });

  test("is caught up while only the lag and the blocks under way are missing", () => {
    const run = folded(stream(4, () => 0));
    const isCaughtUp = (seconds: number) => judgementOf(run, START + 4 * BLOCK + seconds * 1000).caughtUp;
    expect([isCaughtUp(75), isCaughtUp(76)]).toEqual([true, false]);
  });

  test("one bad pod of four is suspected in its place", () => {
    const run = folded(stream(20, (name) => (name === "new-2" ? 60 : 0)));
    expect(judgementOf(run, START + 20 * BLOCK).verdicts["lines"]).toMatchObject({
      state: "hold",
      because: [{ code: "suspect-pod", pod: "new-2", unit: "pod-minutes" }, { code: "evidence" }],
    });
  });

  test("what a pod logs before its first whole block is not counted", () => {
    const late = newPods.map((one) => ({ ...one, readySince: START + BLOCK + 5000 }));
    const run = folded(
      stream(10, (name, block) => (name.startsWith("new") && block <= 2 ? 1000 : 0)),
      openLines([...late, ...oldPods]),
    );
    expect(run.counted["lines"]?.bad).toBe(0);
    expect(run.counted["lines"]?.total).toBeCloseTo(4 * 8 * 0.25);
  });

  test("what pods logged as they started is not judged, also when the logs stood still meanwhile", () => {
    const silent = [1, 2].map((order) => ({ kind: "no-data", at: START + order * BLOCK, because: "" }) as const);
    const run = folded([...silent, linesAt(3, { "new-1": 40, "new-2": 40 }), linesAt(4, { "new-1": 41, "new-2": 40 })]);
    expect(run.counted["lines"]?.bad).toBe(1);
  });

  test("a document that came late counts in the block in which it is seen", () => {
    const run = folded([linesAt(1, {}), linesAt(2, { "new-1": 2 }), linesAt(3, { "new-1": 7 })]);
    expect(run.counted["lines"]?.audit.map(({ newBad }) => newBad)).toEqual([0, 2, 5]);
  });

  test("a shipper that stands still for 20 minutes and catches up takes nothing back", () => {
    const random = createRandom(5);
    // 4 of 6 lines a minute; blocks 20 to 99 are no data, and what they held comes at once.
    const all = stream(140, (name) => (name.startsWith("new") ? poisson(random, 1) : 0));
    const stalled = all.map((one, order) => (order < 20 || order >= 100 ? one : ({ kind: "no-data", at: one.at, because: "" } as const)));
    const { evidence, bad, total } = folded(stalled, openLines(newPods)).counted["lines"] ?? {};
    expect(evidence?.maxE).toBeLessThan(10);
    expect((bad ?? 0) / (total ?? 1)).toBeCloseTo(4, 0);
  });

  test("a sum that falls was answered in part: what comes back is not counted again", () => {
    const run = folded([linesAt(1, {}), linesAt(2, { "new-1": 900 }), linesAt(3, { "new-1": 40 }), linesAt(4, { "new-1": 905 })]);
    expect(run.counted["lines"]?.bad).toBe(905);
  });

  test("the time before the rollout that was worse than the limit raises it", () => {
    const base = { from: START - 30 * MINUTE, to: START, total: 240, bad: 2400, dispersion: 1, upper: 11, blocks: 120 };
    const run = folded(
      stream(12, () => 3.5),
      withBaseline(openLines(), "lines", base),
    );
    const verdict = judgementOf(run, START + 12 * BLOCK).verdicts["lines"];
    expect(verdict?.state).toBe("pass");
    expect(verdict?.because.at(-1)).toMatchObject({ code: "baseline-above-limit", baselineRatio: 10, unit: "pod-minutes" });
  });

  test.each([1, 10])("at the limit, in clumps of %d lines, none of 300 guards rolls back", (clump) => {
    const random = createRandom(7);
    let wrong = 0;
    for (let guard = 0; guard < 300; guard += 1) {
      // 6 lines a minute are 1.5 in a block of 15 s.
      const run = folded(stream(60, (name) => (name.startsWith("new") ? clump * poisson(random, 1.5 / clump) : 0)));
      if ((run.counted["lines"]?.evidence.maxE ?? 0) >= 1111) wrong += 1;
    }
    expect(wrong).toBe(0);
  });
});

describe("the time before the rollout", () => {
  const window = { from: START - 4 * BLOCK, to: START };
  const share = { alpha: 0.001, checks: 1 };

  test("is lines over the wanted pods' time, from the first block on in which they were heard", () => {
    const answers = [
      linesAt(-3, {}, []),
      linesAt(-2, { "old-1": 3 }),
      linesAt(-1, { "old-1": 3, "old-2": 4 }),
      linesAt(0, { "old-1": 5, "old-2": 4 }),
    ];
    expect(logBaseline(answers, window, share, { desired: 8, blockMs: BLOCK, excluded: [] })).toMatchObject({
      total: 6,
      bad: 9,
      blocks: 3,
    });
  });

  test("is unknown where nothing was heard, and leaves out what another rollout broke", () => {
    const silent = logBaseline([linesAt(-1, {}, [])], window, share, { desired: 8, blockMs: BLOCK, excluded: [] });
    expect(silent).toMatchObject({ total: 0, upper: 0 });
    const excluded = [{ from: START - 2 * BLOCK, to: START - BLOCK, guard: "web-6", why: "superseded" as const }];
    const answers = [linesAt(-2, { "old-1": 1 }), linesAt(-1, { "old-1": 90 }), linesAt(0, { "old-1": 91 })];
    expect(logBaseline(answers, window, share, { desired: 8, blockMs: BLOCK, excluded })).toMatchObject({ bad: 2, blocks: 2 });
  });

  test("knows that lines come in clumps, though there is more than one a pod-minute", () => {
    const answers = [1, 1, 81, 81, 81, 161].map((lines, order) => linesAt(order - 6, { "old-1": lines }));
    expect(logBaseline(answers, window, share, { desired: 4, blockMs: BLOCK, excluded: [] }).dispersion).toBeGreaterThan(10);
  });
});

test("a guard says as it opens that the settings name no Elasticsearch, and nothing of it where they do", () => {
  const told = (reads: boolean) => limitationsOf(rollout, policy, [], BLOCK, reads).filter((one) => one.startsWith("lines"));
  expect([told(false), told(true)]).toEqual([
    ["lines: the settings name no Elasticsearch (elasticsearch.url), so it cannot be judged"],
    [],
  ]);
});
