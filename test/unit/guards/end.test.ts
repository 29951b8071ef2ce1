import { describe, expect, test } from "vitest";
import type { Ask } from "../../../src/guards/ask.ts";
import { decide } from "../../../src/guards/decide.ts";
import { endsAt } from "../../../src/guards/end.ts";
import { openSignal, type SignalState } from "../../../src/judging/signal.ts";
import type { EntryBody, Ms, Verdict } from "../../../src/model.ts";
import { limits as signalLimits } from "../judging/world.ts";
import {
  askOf,
  brakedByUs,
  crashing,
  crashLoop,
  doubtful,
  done,
  evidence,
  fresh,
  judgementOf,
  MINUTE,
  pod,
  podsReady,
  policyOf,
  recordOf,
  rolledOut,
  shared,
  START,
  workloadOf,
} from "./a-guard.ts";

const completed = (at: Ms): EntryBody & { readonly at: Ms } => ({ kind: "completed", at });
const counted = (total: number): Readonly<Record<string, SignalState>> => ({ errors: { ...openSignal(signalLimits), total } });
const enough = judgementOf({ counted: counted(5000) });
const over = START + 40 * MINUTE;

function atTheEnd(changed: Partial<Ask>, bodies: readonly EntryBody[] = [completed(START + 2 * MINUTE)], policy = policyOf()) {
  return decide(
    askOf(recordOf(bodies, { policy }), { workload: workloadOf(rolledOut), rules: [podsReady], judgement: enough, now: over, ...changed }),
  );
}

describe("at the end of the window", () => {
  const dead = { errors: { outcome: "error", since: START + 20 * MINUTE, detail: "refused" } } as const;
  const lull = { errors: { outcome: "too-few", since: START + 20 * MINUTE, detail: "" } } as const;
  const hold: Verdict = { signal: "errors", state: "hold", because: [shared] };
  const blind: Verdict = { signal: "cpu", state: "inconclusive", because: [] };

  test.each<[string, Partial<Ask>, readonly EntryBody[] | undefined, string, string | undefined]>([
    ["enough requests within the limits pass", {}, undefined, "passed", undefined],
    [
      "one request too few is inconclusive",
      { judgement: judgementOf({ counted: counted(299) }) },
      undefined,
      "inconclusive",
      "not-enough-requests",
    ],
    [
      "a source that died is inconclusive, however much it said before",
      { judgement: { ...enough, silences: dead } },
      undefined,
      "inconclusive",
      "no-usable-data",
    ],
    ["a lull after enough requests passes", { judgement: { ...enough, silences: lull } }, undefined, "passed", undefined],
    ["a promql rule that never saw a value is inconclusive", { rules: [blind] }, undefined, "inconclusive", "limitation"],
    [
      "pods that were never seen are inconclusive",
      { rules: [{ ...podsReady, because: [{ code: "pods-ready", ready: 0, of: 0, afterMs: 0 }] }] },
      undefined,
      "inconclusive",
      "limitation",
    ],
    [
      "a rollout that never completed is inconclusive",
      { now: START + 60 * MINUTE, workload: workloadOf() },
      [],
      "inconclusive",
      "limitation",
    ],
    [
      "pods that are starting for a scale-up do not undo the completion",
      { workload: workloadOf({ desired: 12, replicas: 12, updated: 12, available: 9 }) },
      undefined,
      "passed",
      undefined,
    ],
    [
      "a breach that was withheld is unresolved",
      {},
      [completed(START), { kind: "withheld", action: "rollback", because: [evidence, { code: "observe-mode" }] }],
      "unresolved",
      "limitation",
    ],
    [
      "a hold that stands is unresolved",
      { judgement: { ...enough, verdicts: { errors: hold } } },
      [completed(START), { kind: "held", because: [shared] }],
      "unresolved",
      "shared-degradation",
    ],
    ["a hold that has passed does not stand in the way", {}, [completed(START), { kind: "held", because: [shared] }], "passed", undefined],
  ])("%s", (_, changed, bodies, phase, code) => {
    const decision = atTheEnd(changed, bodies);

    expect(decision).toMatchObject({ kind: "finish", phase });
    const said = decision.kind === "finish" ? decision.because.map((reason) => reason.code) : [];
    expect(code === undefined ? [undefined] : said).toContain(code);
  });

  test("a breach in that very beat is rolled back", () => {
    expect(atTheEnd({ judgement: { ...doubtful(2000), counted: counted(5000) } })).toMatchObject({
      kind: "act",
      action: { kind: "rollback" },
    });
  });

  test("a breach found a whole window later is told, not rolled back", () => {
    const decision = atTheEnd({ rules: [crashLoop], now: START + 62 * MINUTE });

    expect(decision).toMatchObject({ kind: "finish", phase: "unresolved", because: [crashing, { code: "limitation" }] });
  });

  test("nothing ends before the signals have caught up after a restart", () => {
    expect(atTheEnd({ judgement: judgementOf({ caughtUp: false }) }).kind).toBe("wait");
  });
});

describe("the window ends", () => {
  const at = (bodies: readonly EntryBody[], changed: Partial<Ask> = {}) => endsAt(askOf(recordOf(bodies), changed));

  test.each<[string, Ms, Ms]>([
    ["30 min after completion", at([completed(START + 2 * MINUTE)]), START + 32 * MINUTE],
    ["without completion, after the progress deadline and the window", at([]), START + 40 * MINUTE],
    [
      "later by every new pod that became ready",
      at([], { pods: [pod("web-1", fresh, { readySince: START + 7 * MINUTE })] }),
      START + 47 * MINUTE,
    ],
    ["counted from the end of a brake", at([...done("brake"), ...done("release", 3, START + 20 * MINUTE)]), START + 60 * MINUTE],
    ["never under a brake that holds the rollout back", at(done("brake"), { workload: workloadOf(brakedByUs) }), Infinity],
  ])("%s", (_, ends, wanted) => {
    expect(ends).toBe(wanted);
  });
});
