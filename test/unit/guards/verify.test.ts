import { describe, expect, test } from "vitest";
import type { Ask } from "../../../src/guards/ask.ts";
import { aftermathDue } from "../../../src/guards/aftermath.ts";
import { decide } from "../../../src/guards/decide.ts";
import { openRun } from "../../../src/guards/run.ts";
import { openSignal, type SignalState } from "../../../src/judging/signal.ts";
import type { Decision, EntryBody } from "../../../src/entry.ts";
import type { Reason, Verdict } from "../../../src/reason.ts";
import type { Aftermath, ServiceSeen } from "../../../src/reason/verification.ts";
import { limits as signalLimits } from "../judging/world.ts";
import {
  askOf,
  BLOCK,
  crashing,
  done,
  evidence,
  fresh,
  intended,
  judgementOf,
  limits,
  MINUTE,
  old,
  pods,
  receipt,
  recordOf,
  revision,
  rolledOut,
  START,
  takenBack,
  workloadOf,
} from "./a-guard.ts";

const at = START + 2 * BLOCK;
const back = workloadOf({ ...takenBack, ...rolledOut });
const halfWay = workloadOf({ ...takenBack, replicas: 10, updated: 6, available: 8 });
const gone = pods(2, fresh, { gone: at + BLOCK });
const restored = [...pods(8, old, { created: START - 9 * MINUTE }), ...gone];

/** The restored revision's blocks after the rollback; the first ends with it. */
function served(blocks: number, bad: number): Readonly<Record<string, SignalState>> {
  const oldBlocks = Array.from({ length: blocks }, (_, i) => ({ at: at + (i + 2) * BLOCK, total: 100, bad }));
  return { errors: { ...openSignal(signalLimits), oldBlocks } };
}

function verifying(over: Partial<Ask>, because: readonly Reason[] = [evidence], after: readonly EntryBody[] = []): Decision {
  const record = recordOf([...done("rollback", 1, at, because), ...after]);
  return decide(
    askOf(record, { workload: back, pods: restored, judgement: judgementOf({ counted: served(4, 0) }), now: at + 2 * MINUTE, ...over }),
  );
}

const history: Reason = { code: "history", was: 6, is: 8, between: [] };

function brief(decision: Decision): string {
  if (decision.kind === "act") return decision.action.kind;
  return decision.kind === "finish" ? decision.phase : decision.kind;
}

describe("a rollback is verified", () => {
  const later = at + 5 * MINUTE;
  const silent = judgementOf({ counted: served(4, 0), caughtUp: false });

  test.each<[string, Partial<Ask>, string, string | undefined]>([
    ["restored after four good blocks with all pods ready", {}, "restored", undefined],
    ["not after three", { judgement: judgementOf({ counted: served(3, 0) }) }, "wait", undefined],
    [
      "after as many blocks as the settings ask",
      { judgement: judgementOf({ counted: served(2, 0) }), verify: { withinMs: 5 * MINUTE, blocks: 2, blockMs: BLOCK } },
      "restored",
      undefined,
    ],
    ["not while a restored pod is not ready", { pods: [...pods(7, old), ...pods(1, revision(6), { ready: false })] }, "wait", undefined],
    ["not while the target is not fully rolled out", { workload: halfWay }, "wait", undefined],
    [
      "unresolved when it is still bad after five minutes",
      { judgement: judgementOf({ counted: served(9, 40) }), now: later },
      "unresolved",
      "still bad",
    ],
    [
      "unresolved when too few requests came to tell",
      { judgement: judgementOf({ counted: served(1, 0) }), now: later },
      "unresolved",
      "too few requests",
    ],
    ["unresolved when the target never completes", { workload: halfWay, now: later }, "unresolved", "not fully rolled out"],
    [
      "unresolved when the workload was scaled to nothing",
      { workload: { ...back, desired: 0, replicas: 0, updated: 0, available: 0 }, pods: gone, now: later },
      "unresolved",
      "0 replicas",
    ],
    [
      "not unresolved before the signals have caught up after a restart",
      { judgement: { ...silent, counted: served(1, 0) }, now: later },
      "wait",
      undefined,
    ],
    [
      "unresolved when somebody puts the bad template back",
      { workload: workloadOf({ ...rolledOut, generation: 9, observedGeneration: 9 }) },
      "unresolved",
      "does not fight",
    ],
    ["not fought while the watch may not show our own patch yet", { workload: workloadOf(), now: at + BLOCK }, "wait", undefined],
    [
      "superseded by a third template",
      { workload: workloadOf({ current: revision(9), templateDigest: "digest-9" }) },
      "superseded",
      undefined,
    ],
    ["aborted when the workload is deleted", { workload: undefined }, "aborted", undefined],
  ])("%s", (_, over, wanted, detail) => {
    const decision = verifying(over);

    const said = decision.kind === "finish" ? JSON.stringify(decision.because) : "";
    expect(brief(decision)).toBe(wanted);
    expect(said).toContain(detail ?? "");
  });

  const rate: Reason = { code: "rate", signal: "errors", badRatio: 0.1, bad: 40, total: 400, overMs: 60_000, limit: 0.01, forMs: 120_000 };
  const ruled = (blocks: number, bad: number) => {
    const { limits: held, oldBlocks } = served(blocks, bad)["errors"] ?? openSignal(signalLimits);
    return judgementOf({ byRule: { errors: { limits: held, oldBlocks } } });
  };
  test.each<[string, Partial<Ask>, string]>([
    ["what a plain rule on requests took back is good again after four good blocks", { judgement: ruled(4, 0) }, "restored"],
    ["not after three", { judgement: ruled(3, 0) }, "wait"],
    ["unresolved while the restored revision is bad by the rule's own limit", { judgement: ruled(9, 40), now: later }, "unresolved"],
    ["unresolved when nothing was counted", { now: later, judgement: judgementOf() }, "unresolved"],
  ])("%s", (_, over, wanted) => {
    expect(brief(verifying(over, [rate]))).toBe(wanted);
  });

  test("what was counted in samples is restored when its rule is quiet", () => {
    const failed: Reason = {
      code: "failures",
      signal: "queue",
      value: 120,
      comparison: "above",
      limit: 100,
      failed: 3,
      of: 5,
      series: "{}",
    };
    const rule = (state: Verdict["state"]): readonly Verdict[] => [{ signal: "queue", state, because: [] }];
    expect(brief(verifying({ rules: rule("breach") }, [failed]))).toBe("wait");
    expect(brief(verifying({ rules: rule("pass") }, [failed]))).toBe("restored");
  });

  test("never ordered a second time, whatever the evidence", () => {
    const guard = { ...judgementOf().guard, evidence: 1e6, withoutOnePod: 1e6, firesBrake: true, firesFull: true, firesRollback: true };

    expect(brief(verifying({ judgement: judgementOf({ guard, counted: served(1, 50) }), workload: workloadOf(), now: at + 1000 }))).toBe(
      "wait",
    );
  });

  test("by its pods alone when only its pods were bad", () => {
    expect(verifying({ judgement: judgementOf() }, [crashing])).toMatchObject({
      phase: "restored",
      because: [{ code: "pods-ready", ready: 8, of: 8 }, history],
    });
  });

  const threshold: Reason = { code: "threshold", signal: "cpu", value: 1, comparison: "above", limit: 0.9, forMs: MINUTE, series: "" };
  const rule = (state: Verdict["state"]): Verdict => ({ signal: "cpu", state, because: [threshold] });
  test.each<[string, Partial<Ask>, string]>([
    ["restored when the rule is over", { rules: [rule("pass")] }, "restored"],
    ["not while it still breaches", { rules: [rule("breach")] }, "wait"],
    [
      "not while its source does not answer",
      { rules: [rule("pass")], judgement: judgementOf({ silences: { cpu: { outcome: "error", since: at, detail: "" } } }) },
      "wait",
    ],
  ])("of a promql rule: %s", (_, over, wanted) => {
    expect(brief(verifying(over, [threshold]))).toBe(wanted);
  });
});

describe("a rollback is told to have helped", () => {
  test("by a probe that answers well again, and by the pods", () => {
    const probe: Reason = { code: "probe", signal: "health", detail: "503", failed: 3, of: 5, everyMs: 30_000, sinceGoodMs: 60_000 };
    const rules = [{ signal: "health", state: "pass", because: [] } as const];
    expect(verifying({ judgement: judgementOf(), rules }, [probe])).toMatchObject({
      phase: "restored",
      because: [{ code: "answers-well", signal: "health", calls: 2, afterMs: 2 * MINUTE }, { code: "pods-ready" }, history],
    });
  });

  test("by its pods where a smoke test failed, which is not run again", () => {
    const job: Reason = { code: "job", signal: "smoke", detail: "exit code 1", log: "" };
    expect(verifying({ judgement: judgementOf() }, [job])).toMatchObject({
      phase: "restored",
      because: [{ code: "pods-ready" }, { code: "limitation", detail: "the smoke test smoke is not run again after a rollback" }, history],
    });
  });
});

describe("what is around a workload after its rollback", () => {
  const later = at + 5 * MINUTE;
  const seen = (services: readonly ServiceSeen[], over: Partial<Extract<Aftermath, { kind: "seen" }>> = {}): Partial<Ask> => ({
    aftermath: { kind: "seen", at: at + 2 * MINUTE, services, condemned: 0, ...over },
  });
  const reached: ServiceSeen = { name: "web", ready: 8, fits: true };
  const unseen = (forbidden: boolean): Aftermath => ({ kind: "unseen", at: at + 2 * MINUTE, because: "503", forbidden });

  test.each<[string, Partial<Ask>, string]>([
    ["a Service that reaches the restored pods", seen([reached]), "restored"],
    ["a Service without a ready endpoint", seen([reached, { name: "api", ready: 0, fits: true }]), "wait"],
    ["a Service whose selector fits only the pods that were taken back", seen([{ name: "web", ready: 0, fits: false }]), "wait"],
    ["nobody has looked yet", { aftermath: undefined }, "wait"],
    ["the last look is long ago", seen([reached], { at: at + MINUTE }), "wait"],
    ["the last look seems to lie ahead, for the clock was set back", seen([reached], { at: at + 60 * MINUTE }), "wait"],
    ["the API server does not answer", { aftermath: unseen(false) }, "wait"],
    ["the account may not look", { aftermath: unseen(true) }, "restored"],
    ["the bad revision is to have pods still", seen([reached], { condemned: 2 }), "wait"],
    ["the bad revision's ReplicaSet is gone", seen([reached], { condemned: null }), "restored"],
    [
      "what was bad is still bad, whatever the Services say",
      { ...seen([reached]), judgement: judgementOf({ counted: served(9, 40) }) },
      "wait",
    ],
  ])("%s", (_, over, wanted) => {
    expect(brief(verifying(over))).toBe(wanted);
  });

  test("is looked at every five seconds, and at once when the clock was set back", () => {
    const aftermath: Aftermath = { kind: "seen", at: at + 2 * MINUTE, services: [reached], condemned: 0 };
    const run = { ...openRun(recordOf(done("rollback")), { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 }), aftermath };
    const due = [-60 * MINUTE, 4_999, 5_000].map((after) => aftermathDue(run, back, at + 2 * MINUTE + after));
    expect(due).toEqual([true, false, true]);
  });

  test("that all is well is told with its numbers", () => {
    expect(verifying(seen([reached]))).toMatchObject({
      because: [{ code: "recovered" }, { code: "endpoints-ready", services: [reached], pods: 8 }, history],
    });
  });

  test("what may not be looked at is told in place of it", () => {
    const decision = verifying({ aftermath: unseen(true) });
    expect(decision).toMatchObject({ because: [{ code: "recovered" }, { code: "limitation" }, history] });
  });

  test("a Service without endpoints ends unresolved, with what was tried", () => {
    const decision = verifying({ ...seen([{ ...reached, ready: 0 }], { at: later }), now: later });
    expect(decision).toMatchObject({
      phase: "unresolved",
      because: [
        { code: "not-recovered", detail: "the old template runs again and what was bad is good, but not every Service reaches it" },
        { code: "endpoints-missing", service: "web", fits: true, pods: 8 },
        { code: "tried", actions: [{ kind: "rollback", outcome: "applied", to: 6 }] },
      ],
    });
  });

  test("what is still bad is told with its numbers", () => {
    expect(verifying({ judgement: judgementOf({ counted: served(9, 40) }), now: later })).toMatchObject({
      because: [
        { code: "not-recovered" },
        { code: "still-bad", signal: "errors", blocks: 4, badRatio: 0.4, limit: 0.01 },
        { code: "tried" },
      ],
    });
  });

  test("a revision that came in between, and a change cause that is not ours, are told and change nothing", () => {
    const workload = {
      ...back,
      current: { ...old, number: 9 },
      revisions: [{ ...old, number: 9 }, revision(8), fresh],
      annotations: { "kubernetes.io/change-cause": "by hand" },
    };
    expect(verifying({ workload })).toMatchObject({
      phase: "restored",
      because: [{ code: "recovered" }, { code: "history", was: 6, is: 9, between: [8], cause: "by hand" }],
    });
  });
});

describe("the drain after a rollback", () => {
  const condemned = pods(4, fresh);
  const during = (ready: number, over: Partial<Ask> = {}, after: readonly EntryBody[] = []) =>
    verifying({ workload: halfWay, pods: [...pods(ready, old), ...condemned], ...over }, [evidence], after);

  test.each<[string, Decision, object | string]>([
    [
      "keeps as many condemned pods as carry three quarters of the load",
      during(4),
      { action: { kind: "drain", keep: 2, condemned: fresh } },
    ],
    ["keeps none when six of eight old pods are ready", during(6), { action: { kind: "drain", keep: 0 } }],
    ["takes nothing away while all are needed", during(2), "wait"],
    [
      "keeps as many as must be ready in any case",
      during(6, { limits: { ...limits, minReady: 9 } }),
      { action: { kind: "drain", keep: 2 } },
    ],
    ["does not repeat itself", during(4, {}, done("drain", 3)), "wait"],
    ["goes further as old pods come up", during(6, {}, done("drain", 3)), { action: { kind: "drain", keep: 0 } }],
    [
      "follows the replicas that an autoscaler wants now",
      during(6, { workload: { ...halfWay, desired: 12 } }),
      { action: { kind: "drain", keep: 3 } },
    ],
    ["leaves a workload alone that somebody pauses", during(6, { workload: { ...halfWay, paused: true } }), "wait"],
    [
      "leaves a workload alone that is frozen",
      during(6, { workload: { ...halfWay, annotations: { "rearguard.dev/freeze": "true" } } }),
      "wait",
    ],
    ["leaves everything alone with the kill switch on", during(6, { limits: { ...limits, killSwitch: true } }), "wait"],
    [
      "waits five seconds after a failure",
      during(6, { now: at + 4000 }, [intended("drain", 3), receipt("drain", "failed", 3, at)]),
      "wait",
    ],
    [
      "is left after three failures",
      during(
        6,
        {},
        [3, 5, 7].flatMap((nth) => [intended("drain", nth), receipt("drain", "failed", nth, at)]),
      ),
      "wait",
    ],
  ])("%s", (_, decision, wanted) => {
    expect(decision).toMatchObject(typeof wanted === "string" ? { kind: wanted } : wanted);
  });
});
