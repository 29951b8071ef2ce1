import { describe, expect, test } from "vitest";
import { jobDue, overdueJob, withJob } from "../../../src/guards/job.ts";
import { type GuardRun, judge, openRun, withWatch } from "../../../src/guards/run.ts";
import type { JobMemory } from "../../../src/judging/job.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { PodState } from "../../../src/model.ts";
import type { JobSignal } from "../../../src/policies/job-signal.ts";
import { BLOCK, fresh, MINUTE, old, pod, policyOf, recordOf, START } from "./a-guard.ts";

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

  test("to be looked at every five seconds", () => {
    const run = judge(runOf({ memory: created }), "smoke", { kind: "job", at: START + MINUTE, finding: { outcome: "running" } });
    expect([4_999, 5_000].map((later) => isDue({}, run, START + MINUTE + later))).toEqual([false, true]);
  });
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
