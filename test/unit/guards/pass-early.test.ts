import { describe, expect, test } from "vitest";
import type { Ask, Judgement } from "../../../src/guards/ask.ts";
import { decide } from "../../../src/guards/decide.ts";
import { startEarlyPass } from "../../../src/judging/pass-early.ts";
import { openSignal, type SignalState } from "../../../src/judging/signal.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { Ms } from "../../../src/model.ts";
import type { Verdict } from "../../../src/reason.ts";
import { limits } from "../judging/world.ts";
import {
  askOf,
  brakedByUs,
  done,
  evidence,
  judgementOf,
  MINUTE,
  podsReady,
  policyOf,
  recordOf,
  rolledOut,
  shared,
  START,
  workloadOf,
} from "./a-guard.ts";

const DONE = START + 2 * MINUTE;
const completed: EntryBody & { readonly at: Ms } = { kind: "completed", at: DONE };
const early = policyOf("passEarly: {}");
const pass: Verdict = { signal: "errors", state: "pass", because: [] };

function signal(e: number, total = 9000): SignalState {
  return { ...openSignal({ ...limits, passEarly: true }), total, bad: 9, badAtMost: 12, early: { ...startEarlyPass(), e } };
}

function judged(over: Partial<Judgement> = {}): Judgement {
  return judgementOf({ counted: { errors: signal(34) }, ...over });
}

function at(now: Ms, over: Partial<Ask> = {}, policy = early, bodies: readonly (EntryBody & { readonly at?: Ms })[] = [completed]) {
  const record = recordOf(bodies, { policy });
  return decide(askOf(record, { workload: workloadOf(rolledOut), rules: [podsReady], judgement: judged(), now, ...over }));
}

const now = DONE + 5 * MINUTE;

describe("passing early", () => {
  test("ends the guard as passed and says by what numbers", () => {
    expect(at(now)).toEqual({
      kind: "finish",
      phase: "passed",
      because: [
        { code: "passed-early", signal: "errors", evidence: 34, needed: 20, total: 9000, bad: 12, limit: 0.01, afterMs: 5 * MINUTE },
        ...podsReady.because,
      ],
    });
  });

  test("a shorter least time is kept too", () => {
    const policy = policyOf("passEarly: { after: 2m }");

    expect(at(DONE + 2 * MINUTE - 1, {}, policy).kind).toBe("wait");
    expect(at(DONE + 2 * MINUTE, {}, policy)).toMatchObject({ kind: "finish", phase: "passed" });
  });

  test.each<[string, Partial<Ask>]>([
    ["before the least time", { now: now - 1 }],
    ["with evidence of 2 against the revision", { judgement: judged({ guard: { ...judged().guard, evidence: 2 } }) }],
    ["before one of the signals has shown it", { judgement: judged({ counted: { errors: signal(34), latency: signal(19) } }) }],
    ["without any signal that counts", { judgement: judged({ counted: {} }) }],
    ["where evidence for the revision was never gathered", { judgement: judged({ counted: { errors: { ...signal(0), early: null } } }) }],
    ["while a source is silent", { judgement: judged({ silences: { errors: { outcome: "no-data", since: now - 1, detail: "" } } }) }],
    ["before the signals have caught up after a restart", { judgement: judged({ caughtUp: false }) }],
    ["while a signal warns", { judgement: judged({ verdicts: { errors: { ...pass, state: "warn" } } }) }],
    ["while a signal cannot tell", { judgement: judged({ verdicts: { errors: { ...pass, state: "inconclusive" } } }) }],
    ["while a pod is in early trouble", { rules: [{ ...podsReady, state: "warn" }] }],
    ["while a rule has seen nothing", { rules: [podsReady, { signal: "cpu", state: "inconclusive", because: [] }] }],
  ])("not %s", (_, over) => {
    expect(at(now, over).kind).toBe("wait");
  });

  test.each<[string, readonly (EntryBody & { readonly at?: Ms })[], Partial<Ask>?]>([
    ["before the rollout is complete", []],
    ["once a breach was withheld", [completed, { kind: "withheld", action: "rollback", because: [evidence, { code: "observe-mode" }] }]],
    ["once the guard was on hold", [completed, { kind: "held", because: [shared] }]],
    [
      "under a brake that holds back a later scale-up",
      [completed, ...done("brake")],
      { workload: workloadOf({ desired: 12, ...brakedByUs }) },
    ],
  ])("not %s: the guard goes on as without the key", (_, bodies, over = {}) => {
    const decision = at(now, over, early, bodies);

    expect(decision.kind).not.toBe("finish");
    expect(decision).toEqual(at(now, over, policyOf(), bodies));
  });

  test("not unless the policy says so", () => {
    expect(at(now, {}, policyOf()).kind).toBe("wait");
  });
});
