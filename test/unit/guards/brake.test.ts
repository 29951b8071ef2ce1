import { describe, expect, test } from "vitest";
import type { Ask, Judgement } from "../../../src/guards/ask.ts";
import { decide } from "../../../src/guards/decide.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { Verdict } from "../../../src/reason.ts";
import {
  askOf,
  BLOCK,
  brakedByUs,
  crashLoop,
  doubtful,
  done,
  entriesOf,
  intended,
  judgementOf,
  limits,
  MINUTE,
  podsReady,
  policyOf,
  receipt,
  recordOf,
  rolledOut,
  shared,
  START,
  workloadOf,
} from "./a-guard.ts";

const hold: Verdict = { signal: "errors", state: "hold", because: [shared] };
const killed = { ...limits, killSwitch: true };
const quiet = (blocks: number): Judgement => ({ ...doubtful(5), quietBlocks: blocks });
/** Two minutes after the brake came on at 14:00:30, the watch showing it. */
const braked = (over: Partial<Ask> = {}, ...after: readonly EntryBody[]) =>
  decide(askOf(recordOf([...done("brake"), ...after]), { workload: workloadOf(brakedByUs), now: START + 150_000, ...over }));

describe("a brake", () => {
  test("is put on at evidence 100 while the rollout runs", () => {
    expect(decide(askOf(recordOf(), { judgement: doubtful(120) }))).toMatchObject({
      kind: "act",
      action: { kind: "brake", judged: { templateDigest: "digest-7" } },
    });
  });

  test.each<[string, Partial<Ask>]>([
    ["below evidence 100", { judgement: doubtful(99) }],
    ["when the rollout is complete", { workload: workloadOf(rolledOut) }],
    ["when somebody has paused the rollout already", { workload: workloadOf({ paused: true }) }],
    ["of a workload without replicas", { workload: workloadOf({ desired: 0, replicas: 0, updated: 0, available: 0 }) }],
  ])("is not put on %s", (_, over) => {
    expect(decide(askOf(recordOf(), { judgement: doubtful(120), ...over })).kind).toBe("wait");
  });

  test("is not put on by a signal whose actions leave it out", () => {
    const record = recordOf([], { policy: policyOf("onBreach: { default: [rollback] }") });

    expect(decide(askOf(record, { judgement: doubtful(120) })).kind).toBe("wait");
  });

  test.each<[string, Partial<Ask>, string]>([
    ["in observe mode", { record: recordOf([], { policy: policyOf("mode: observe") }) }, "observe-mode"],
    ["with the kill switch on", { limits: killed }, "governor"],
  ])("is withheld and told once %s", (_, over, code) => {
    const ask = askOf(recordOf(), { judgement: doubtful(120), ...over });
    const decision = decide(ask);
    const told = {
      ...ask.record,
      entries: entriesOf([{ kind: "withheld", action: "brake", because: "because" in decision ? decision.because : [] }]),
    };

    expect(decision).toMatchObject({
      kind: "withhold",
      action: "brake",
      because: expect.arrayContaining([expect.objectContaining({ code })]),
    });
    expect(decide(askOf(told, { judgement: doubtful(120), limits: ask.limits })).kind).toBe("wait");
  });

  test("is put on under a hold, after the hold was told", () => {
    const judgement = judgementOf({ verdicts: { errors: hold } });

    expect(decide(askOf(recordOf(), { judgement })).kind).toBe("hold");
    expect(decide(askOf(recordOf([{ kind: "held", because: [shared] }]), { judgement }))).toMatchObject({
      kind: "act",
      action: { kind: "brake" },
    });
  });

  const failed = [1, 2, 3].flatMap((nth) => [intended("brake", nth), receipt("brake", "failed", nth)]);

  test("that failed three times is left, and was told each time", () => {
    expect(decide(askOf(recordOf(failed), { judgement: doubtful(120), now: START + 30 * MINUTE })).kind).not.toBe("act");
  });

  test("that may lie there because its answer was lost is taken off before the guard ends, also where the watch does not show it", () => {
    const end = { judgement: doubtful(5), now: START + 60 * MINUTE };
    expect(decide(askOf(recordOf(failed), end))).toMatchObject({ kind: "act", action: { kind: "release" } });

    const othersPause = receipt("release", "refused", 7, START, { code: "paused-by-other" });
    expect(decide(askOf(recordOf([...failed, intended("release", 7), othersPause]), end)).kind).toBe("finish");
  });

  test("whose answer was lost is found by its mark and made known, whatever the template is now", () => {
    const record = recordOf([intended("brake"), receipt("brake", "failed")]);
    const workload = workloadOf({ ...brakedByUs, templateDigest: "digest-8" });

    expect(decide(askOf(record, { workload }))).toMatchObject({ kind: "act", action: { kind: "brake" } });
  });
});

describe("our brake is released", () => {
  test.each<[string, Partial<Ask>, readonly EntryBody[], string]>([
    ["after four quiet blocks", { judgement: quiet(4) }, [], "release"],
    ["not after three", { judgement: quiet(3) }, [], "wait"],
    ["never out of a hold", { judgement: quiet(9) }, [{ kind: "held", because: [shared] }], "wait"],
    [
      "not while a pod rule breaches",
      { judgement: quiet(9), rules: [crashLoop] },
      [{ kind: "withheld", action: "rollback", because: [] }],
      "rollback",
    ],
    ["not before all signals have caught up after a restart", { judgement: { ...quiet(9), caughtUp: false } }, [], "wait"],
    [
      "once the rollout is complete, even out of a hold",
      { workload: workloadOf({ ...brakedByUs, ...rolledOut }) },
      [{ kind: "held", because: [shared] }],
      "release",
    ],
    [
      "not within 30 s of a failed release",
      { judgement: quiet(9), now: START + 59_000 },
      [intended("release", 3), receipt("release", "failed", 3)],
      "wait",
    ],
    [
      "again 30 s after a failed one",
      { judgement: quiet(9), now: START + 60_000 },
      [intended("release", 3), receipt("release", "failed", 3)],
      "release",
    ],
  ])("%s", (_, over, after, wanted) => {
    const decision = braked(over, ...after);

    expect(decision.kind === "act" ? decision.action.kind : decision.kind).toBe(wanted);
  });

  test("of a policy with pod rules only after four blocks of time without trouble", () => {
    const judgement = judgementOf({ guard: { ...judgementOf().guard, leading: null }, verdicts: {}, quietBlocks: Infinity });
    const at = (now: number) => braked({ judgement, rules: [podsReady], now }).kind;

    expect([at(START + 2 * BLOCK + 4 * BLOCK - 1), at(START + 2 * BLOCK + 4 * BLOCK)]).toEqual(["wait", "act"]);
  });

  test("with the kill switch on it stays, and that is told once", () => {
    const decision = braked({ judgement: quiet(4), limits: killed });

    expect(decision).toMatchObject({ kind: "withhold", action: "release" });
    if (decision.kind !== "withhold") return;
    expect(braked({ judgement: quiet(4), limits: killed }, { kind: "withheld", action: "release", because: decision.because }).kind).toBe(
      "wait",
    );
  });
});

describe("a person who resumes a braked rollout", () => {
  const resumed = workloadOf({ ...brakedByUs, paused: false });

  test("has the mark of the brake cleared away and the fact recorded", () => {
    expect(braked({ workload: resumed, judgement: doubtful(300) })).toMatchObject({
      kind: "act",
      action: { kind: "release" },
      because: [{ code: "conflict" }],
    });
  });

  test("is not braked again by this guard", () => {
    const record = recordOf([...done("brake"), ...done("release", 3, START + MINUTE, [{ code: "conflict", detail: "resumed" }])]);

    expect(decide(askOf(record, { judgement: doubtful(300), now: START + 2 * MINUTE })).kind).toBe("wait");
  });

  test("is not mistaken for a watch that does not show our brake yet", () => {
    expect(braked({ workload: workloadOf(), judgement: doubtful(300), now: START + MINUTE }).kind).toBe("wait");
  });

  test("and removes the mark as well is seen after two minutes", () => {
    expect(braked({ workload: workloadOf(), judgement: doubtful(300), now: START + 30_000 + 2 * MINUTE })).toMatchObject({
      kind: "act",
      action: { kind: "release" },
    });
  });
});

describe("a brake that stays is told", () => {
  test.each<[string, Partial<Ask>, string]>([
    ["after ten minutes without requests", { now: START + 11 * MINUTE }, "no-usable-data"],
    [
      "after a window in which the evidence neither faded nor sufficed",
      { now: START + 31 * MINUTE, judgement: { ...doubtful(50), lastRequestsAt: START + 31 * MINUTE } },
      "limitation",
    ],
  ])("%s", (_, over, code) => {
    const decision = braked(over);

    expect(decision).toMatchObject({ kind: "hold", because: [{ code }] });
    if (decision.kind !== "hold") return;
    expect(braked(over, { kind: "held", because: decision.because }).kind).toBe("wait");
  });

  test("even if a silence of the same signal was told before", () => {
    const silence = { code: "no-usable-data", signal: "errors", outcome: "error", detail: "", forMs: 1 } as const;

    expect(braked({ now: START + 11 * MINUTE }, { kind: "held", because: [silence] }).kind).toBe("hold");
  });
});
