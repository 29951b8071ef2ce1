import { expect, test } from "vitest";
import { brakingGuard } from "../../../src/guards/brake-mark.ts";
import { isComplete } from "../../../src/guards/complete.ts";
import { whenToTry } from "../../../src/guards/retry.ts";
import type { Workload } from "../../../src/model.ts";
import { brakedByUs, START, workloadOf } from "./a-guard.ts";

test.each<[string, Partial<Workload>, boolean]>([
  ["all pods are new and available", {}, true],
  ["an old pod is still there", { replicas: 9 }, false],
  ["a new pod is not available", { available: 7 }, false],
  ["fewer are new than wanted", { replicas: 7, updated: 7, available: 7 }, false],
  ["the controller has not seen the newest spec", { generation: 8 }, false],
  ["nothing is wanted", { desired: 0, replicas: 0, updated: 0, available: 0 }, false],
  ["its own conditions deny it", { unfinished: true }, false],
  ["a pause after the last pod changes nothing", { paused: true }, true],
])("a rollout is complete or not: %s", (_, over, wanted) => {
  expect(isComplete(workloadOf({ replicas: 8, updated: 8, available: 8, ...over }))).toBe(wanted);
});

test.each<[string, Readonly<Record<string, string>> | undefined, string | undefined]>([
  ["our mark names its guard", brakedByUs.annotations, "web-guard"],
  ["no annotations, no guard", undefined, undefined],
  ["what is not JSON is not our brake", { "rearguard.dev/braked-by": "me" }, undefined],
  ["JSON without a guard is not our brake", { "rearguard.dev/braked-by": "[1]" }, undefined],
])("%s", (_, annotations, wanted) => {
  expect(brakingGuard(annotations)).toBe(wanted);
});

test.each<[string, { count: number; at: number } | undefined, number, string]>([
  ["what never failed is tried", undefined, 0, "now"],
  ["after one failure 30 s later", { count: 1, at: START }, 30_000, "now"],
  ["and not before", { count: 1, at: START }, 29_999, "later"],
  ["never more than five minutes later", { count: 11, at: START }, 300_000, "now"],
  ["at once when the clock was set back behind the failure", { count: 1, at: START }, -60_000, "now"],
  ["not at all when the tries are used up", { count: 12, at: START }, 9e9, "never"],
])("%s", (_, failure, after, wanted) => {
  expect(whenToTry(failure, START + after, 12)).toBe(wanted);
});
