import { describe, expect, test } from "vitest";
import { callersSidesAt, sidesAt, steadyPods } from "../../../src/guards/sides.ts";
import type { PodState, ProcessReading } from "../../../src/model.ts";
import { BLOCK, fresh, old, pod, revision, rollout, START } from "./a-guard.ts";

const at = START + 4 * BLOCK;
const unfinished = revision(5);

function sideOf(one: PodState, restored: readonly string[] = []): string {
  return sidesAt(at, BLOCK, rollout, [one], restored).side({
    namespace: "shop",
    pod: "web-1",
    process: "p",
    total: 1,
    bad: 0,
    badAtMost: 0,
  });
}

describe("the side of a pod in a block", () => {
  test.each<[string, PodState, string]>([
    ["a new pod counts from its first readiness", pod("web-1", fresh, { readySince: at }), "new"],
    ["not before it", pod("web-1", fresh, { readySince: at + 1 }), "ignored"],
    ["and not while it was never ready", { ...pod("web-1", fresh), ready: false, readySince: at + BLOCK }, "ignored"],
    ["a new pod counts when it is unready again", pod("web-1", fresh, { ready: false }), "new"],
    ["a new pod counts while it goes: its errors are the revision's", pod("web-1", fresh, { terminatingSince: at - 1 }), "new"],
    ["an old pod counts when it was ready for the whole block", pod("web-1", old, { readySince: at - BLOCK }), "old"],
    ["not when it became ready in the block", pod("web-1", old, { readySince: at - BLOCK + 1 }), "ignored"],
    ["not while it terminates: shutdown errors would hide a regression", pod("web-1", old, { terminatingSince: at }), "ignored"],
    ["before its termination it counts, also in hindsight", pod("web-1", old, { terminatingSince: at + 1, gone: at + BLOCK }), "old"],
    ["a pod of an unfinished rollout between the two counts for neither", pod("web-1", unfinished), "ignored"],
  ])("%s", (_, one, wanted) => {
    expect(sideOf(one)).toBe(wanted);
  });

  test("a pod nobody knows counts for neither", () => {
    expect(sideOf(pod("web-2", fresh))).toBe("ignored");
  });

  test("the target of a rollback counts as old", () => {
    expect(sideOf(pod("web-1", unfinished), [unfinished.podTemplateHash])).toBe("old");
  });

  test.each([
    ["a pod created with the rollout was born inside", START, true],
    ["a pod from before was not", START - 1, false],
  ])("%s", (_, created, wanted) => {
    const reading = { namespace: "shop", pod: "web-1", process: "p", total: 1, bad: 0, badAtMost: 0 };

    expect(sidesAt(at, BLOCK, rollout, [pod("web-1", fresh, { created })]).bornInside(reading)).toBe(wanted);
  });
});

describe("pods that could be sent requests in a span of time", () => {
  const began = at - 2 * BLOCK;
  test.each<[string, PodState, "new" | "old" | "neither"]>([
    ["a new pod that was ready when it began", pod("web-1", fresh, { readySince: began }), "new"],
    ["not later", pod("web-1", fresh, { readySince: began + 1 }), "neither"],
    ["an old pod", pod("web-1", old, { readySince: START - BLOCK }), "old"],
    ["not one that leaves in it", pod("web-1", old, { readySince: START - BLOCK, terminatingSince: at, ready: false }), "neither"],
    ["one that leaves later, in hindsight", pod("web-1", old, { readySince: START - BLOCK, gone: at + 1, ready: false }), "old"],
    ["not one that is unready again", pod("web-1", fresh, { readySince: START, ready: false }), "neither"],
    ["not one of an unfinished rollout between", pod("web-1", unfinished, { readySince: START }), "neither"],
  ])("%s", (_, one, wanted) => {
    const steady = steadyPods({ from: began, to: at }, rollout, [one]);
    expect([...steady.new]).toEqual(wanted === "new" ? ["web-1"] : []);
    expect([...steady.old]).toEqual(wanted === "old" ? ["web-1"] : []);
  });
});

describe("the side of what callers count", () => {
  const calls: ProcessReading = { namespace: "edge", pod: "gate-1", process: "p", view: "callers", total: 1, bad: 0, badAtMost: 0 };
  const own: ProcessReading = { namespace: "shop", pod: "web-1", process: "p", total: 1, bad: 0, badAtMost: 0 };
  const waiting = { ...pod("web-2", fresh), ready: false, readySince: at + 1 };

  test.each<[string, ProcessReading, readonly PodState[], boolean, string]>([
    ["calls count from the block on in which the first new pod was ready", calls, [pod("web-2", fresh, { readySince: at })], false, "new"],
    ["not before", calls, [pod("web-1", old), waiting], false, "ignored"],
    ["also when that pod has gone", calls, [pod("web-2", fresh, { gone: at - BLOCK })], false, "new"],
    ["after a rollback they are the restored revision's", calls, [pod("web-2", fresh)], true, "old"],
    ["old pods are the control", own, [pod("web-1", old)], false, "old"],
    ["but not while they terminate", own, [pod("web-1", old, { terminatingSince: at })], false, "ignored"],
    ["after a rollback they would count twice", own, [pod("web-1", old)], true, "ignored"],
    ["what new pods answer callers count already", own, [pod("web-1", fresh)], false, "ignored"],
  ])("%s", (_, reading, pods, restored, wanted) => {
    expect(callersSidesAt(at, BLOCK, rollout, pods, { restored }).side(reading)).toBe(wanted);
  });

  test("what a whole Service did before the first new pod was ready is the old revision's", () => {
    const sides = (pods: readonly PodState[]) => callersSidesAt(at, BLOCK, rollout, pods, { restored: false, before: "old" });
    expect(sides([pod("web-1", old), waiting]).side(calls)).toBe("old");
    expect(sides([pod("web-2", fresh, { readySince: at })]).side(calls)).toBe("new");
  });

  test("nobody knows when a calling process began, not even one with the name of a new pod", () => {
    const sides = callersSidesAt(at, BLOCK, rollout, [pod("web-1", old, { created: START })], { restored: false });
    expect([sides.bornInside({ ...calls, pod: "web-1" }), sides.bornInside(own)]).toEqual([false, true]);
  });
});
