import { describe, expect, test } from "vitest";
import { certificatesOf, probeDue, servingSince, withProbeMemory } from "../../../src/guards/probe.ts";
import { type GuardRun, judge, openRun, withWatch } from "../../../src/guards/run.ts";
import type { Ms, PodState, ProbeFinding } from "../../../src/model.ts";
import { BLOCK, fresh, MINUTE, old, pod, policyOf, recordOf, rollout, START } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };
const every = 30_000;
const policy = policyOf(
  'signals: { health: { probe: { url: "https://shop.example/health", every: 30s, expect: { certificateDays: 30 } } } }',
);
const good: ProbeFinding = { outcome: "good", detail: "answered 200" };
const bad: ProbeFinding = { outcome: "failed", detail: "answered 503" };

function aRun(pods: readonly PodState[] = []): GuardRun {
  return openRun(recordOf([], { policy, pods }), pace);
}

function called(run: GuardRun, at: Ms, finding: ProbeFinding): GuardRun {
  return withProbeMemory(judge(run, "health", { kind: "probe", at, finding }), "health");
}

describe("the new revision may have been the one that answered", () => {
  const { readySince: _, ...neverReady } = pod("a", fresh, { ready: false });
  const gone = { terminatingSince: START + 20_000, gone: START + 50_000 };
  test.each<[string, readonly PodState[], Ms | null]>([
    ["not while there is no pod", [], null],
    ["not while no new pod was ready", [neverReady, pod("b", old)], null],
    [
      "since the first new pod was ready",
      [pod("a", fresh, { readySince: START + 9_000 }), pod("b", fresh, { readySince: START + 5_000 }), pod("c", old)],
      START + 5_000,
    ],
    ["since the last old pod was to go, when none is left", [neverReady, pod("b", old, gone)], START + 20_000],
    ["not while one old pod of two is left", [pod("a", old), pod("b", old, gone)], null],
    [
      "not from before the rollout, when the revision is used again",
      [pod("a", fresh, { readySince: START - MINUTE }), pod("b", old)],
      START,
    ],
  ])("%s", (_what, pods, since) => {
    expect(servingSince(rollout, pods)).toBe(since);
  });
});

describe("a probe is due", () => {
  test("as the guard opens, then once in each interval, counted from the opening", () => {
    const run = withWatch(aRun(), START);
    expect([-1, 0, 1000, every - 1, every, 2.5 * every].map((later) => probeDue(run, "health", START + later))).toEqual([
      undefined,
      START,
      START,
      START,
      START + every,
      START + 2 * every,
    ]);
    const after = called(run, START + every, good);
    expect([every, 2 * every - 1, 2 * every].map((later) => probeDue(after, "health", START + later))).toEqual([
      undefined,
      undefined,
      START + 2 * every,
    ]);
  });

  test("after a restart at the next instant, not for one that came while nobody looked", () => {
    const run = withWatch(aRun(), START + 1.5 * every);
    expect(probeDue(run, "health", START + 1.6 * every)).toBeUndefined();
    expect(probeDue(run, "health", START + 2 * every)).toBe(START + 2 * every);
  });
});

describe("the record", () => {
  const pods = [pod("a", old), pod("b", fresh, { readySince: START + every })];

  test("is written at the first good call and at those that change what a restart would judge, not at each call", () => {
    let run = aRun(pods);
    const written: Ms[] = [];
    for (let order = 0; order < 12; order += 1) {
      const before = run.record;
      run = called(run, START + order * every, order < 6 ? good : bad);
      if (run.record !== before) written.push(order);
    }
    expect(written).toEqual([0, 1, 6, 7, 8, 11]);
  });

  test("gives a process that starts again the failures and the good call", () => {
    let run = aRun(pods);
    for (const [order, finding] of [good, good, bad, bad].entries()) run = called(run, START + order * every, finding);
    const again = openRun(run.record, pace);
    expect(again.rules["health"]?.state).toMatchObject({
      goodAt: START + every,
      failures: [{ at: START + 2 * every }, { at: START + 3 * every }],
    });
    expect(
      probeDue(withWatch(again, START + 3.1 * every), "health", START + 3.2 * every),
      "the same call is not made again",
    ).toBeUndefined();
  });

  test("has nothing of probes where there are none", () => {
    expect(recordOf().probes).toBeUndefined();
    const errors = openRun(recordOf(), pace);
    expect(withProbeMemory(errors, "errors")).toBe(errors);
  });
});

test("a certificate that runs out is a reason to tell", () => {
  const run = called(aRun(), START, { ...good, certificate: { host: "shop.example", days: 3 } });
  expect(certificatesOf(run)).toEqual([{ code: "certificate", signal: "health", host: "shop.example", days: 3, limit: 30 }]);
});
