import { describe, expect, test } from "vitest";
import { isTooLateForJob, jobDue, overdueJob, withJob } from "../../../src/guards/job.ts";
import { judgementOf } from "../../../src/guards/judgement.ts";
import { type GuardRun, judge, openRun, withWatch } from "../../../src/guards/run.ts";
import { overdueSilences } from "../../../src/guards/silence.ts";
import type { JobMemory } from "../../../src/judging/job.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { PodState } from "../../../src/model.ts";
import type { JobSignal } from "../../../src/policies/job-signal.ts";
import { askOf, BLOCK, done, fresh, MINUTE, old, pod, policyOf, recordOf, START } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };
const pods = [pod("a", fresh, { readySince: START + 5_000 }), pod("b", old)];
const completed: EntryBody = { kind: "completed" };
const memory: JobMemory = { startedAt: START + MINUTE };
const created: JobMemory = { ...memory, job: { uid: "uid-job", createdAt: START + MINUTE } };

interface Story {
  readonly mode?: "enforce" | "observe";
  readonly when?: JobSignal["when"];
  readonly entries?: readonly EntryBody[];
  readonly pods?: readonly PodState[];
  readonly memory?: JobMemory;
  readonly killSwitch?: boolean;
}

function runOf({ mode = "enforce", when = "completed", entries = [], pods: seen = pods, memory: known }: Story): GuardRun {
  const signals = `signals: { smoke: { job: { when: ${when}, pod: { containers: [{ name: a, image: b }] } } } }`;
  const run = openRun(recordOf(entries, { policy: policyOf(`mode: ${mode}`, signals), pods: seen }), pace);
  return known === undefined ? run : withJob(run, "smoke", known);
}

function isDue(story: Story, run = runOf(story), now = START + 2 * MINUTE): boolean {
  const signal = run.signals["smoke"];
  return signal?.kind === "job" && jobDue(run, "smoke", signal, story.killSwitch === true, now);
}

describe("a smoke test is due", () => {
  test.each<[string, Story, boolean]>([
    ["not before the rollout is complete", {}, false],
    ["when it is complete", { entries: [completed] }, true],
    ["as soon as a new pod is ready, where the policy says so", { when: "first-ready" }, true],
    ["not while none is", { when: "first-ready", pods: [pod("b", old)] }, false],
    ["not in mode observe", { mode: "observe", entries: [completed] }, false],
    ["not under the kill switch", { killSwitch: true, entries: [completed] }, false],
    ["again while it is not known to be created", { memory }, true],
    ["but not under the kill switch", { memory, killSwitch: true }, false],
    ["to be looked at, also under the kill switch", { memory: created, killSwitch: true }, true],
    ["never again once it has ended", { memory: { ...created, finding: { outcome: "passed", at: START } }, entries: [completed] }, false],
  ])("%s", (_what, story, due) => {
    expect(isDue(story)).toBe(due);
  });

  test("not once the window has passed without anybody who watched", () => {
    const late = { entries: [completed] };
    expect(isDue(late, runOf(late), START + 60 * MINUTE)).toBe(false);
  });

  test("to be looked at every five seconds", () => {
    const run = judge(runOf({ memory: created }), "smoke", { kind: "job", at: START + MINUTE, finding: { outcome: "running" } });
    expect([4_999, 5_000].map((later) => isDue({}, run, START + MINUTE + later))).toEqual([false, true]);
  });
});

test("one that was to be created so long ago that it may have run and been cleared away is not created", () => {
  const signal = runOf({}).signals["smoke"] as JobSignal;
  expect([6, 7, 8].map((minutes) => isTooLateForJob(memory, signal, START + minutes * MINUTE))).toEqual([false, false, true]);
});

describe("a guard waits for what it does not know of its smoke test", () => {
  const rolledBack = done("rollback");
  test.each<[string, Story, boolean]>([
    ["not before there is one", {}, true],
    ["until it was looked at, after a restart", { memory: created }, false],
    ["not when its Job was never known to be created", { memory }, true],
    ["not when it is over", { memory: { ...created, finding: { outcome: "passed", at: START } } }, true],
    ["not after a rollback, when nobody looks at it any more", { memory: created, entries: rolledBack }, true],
  ])("%s", (_what, story, caughtUp) => {
    expect(judgementOf(runOf(story), START + MINUTE).caughtUp).toBe(caughtUp);
  });
});

test("a smoke test that is over is not waited for, though the policy would wait for its source", () => {
  const lost = { outcome: "error", detail: "evicted", final: true, at: START + MINUTE } as const;
  const policy = [
    "sourceError: { after: 5m, then: extend }",
    "signals: { smoke: { job: { pod: { containers: [{ name: a, image: b }] } } } }",
  ];
  const record = { ...recordOf([completed], { policy: policyOf(...policy), pods }), jobs: { smoke: { ...created, finding: lost } } };
  const ask = askOf(record, { judgement: judgementOf(openRun(record, pace), START + 10 * MINUTE), now: START + 10 * MINUTE });
  expect(overdueSilences(ask)).toMatchObject([{ signal: "smoke", outcome: "error", follows: "alert" }]);
});

test("a smoke test that does not come about, or to an end, is given up after its time", () => {
  const run = withWatch(runOf({}), START + 10 * MINUTE);
  const signal = run.signals["smoke"] as JobSignal;
  // Nobody tried before this process looked.
  expect([14, 16].map((minutes) => overdueJob(run, memory, signal, START + minutes * MINUTE))).toEqual([
    undefined,
    "its Job could not be created in its time",
  ]);
  expect([7, 8].map((minutes) => overdueJob(run, created, signal, START + minutes * MINUTE))).toEqual([
    undefined,
    "its Job did not end in its time",
  ]);
});
