import { describe, expect, test } from "vitest";
import type { Ask } from "../../../src/guards/ask.ts";
import { decide } from "../../../src/guards/decide.ts";
import { endsAt } from "../../../src/guards/end.ts";
import { openSignal, type SignalState } from "../../../src/judging/signal.ts";
import { judgementOf as judgementAt, rulesOf } from "../../../src/guards/judgement.ts";
import { judge, openRun } from "../../../src/guards/run.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { Measurement, Ms } from "../../../src/model.ts";
import type { Reason, Verdict } from "../../../src/reason.ts";
import { limits as signalLimits } from "../judging/world.ts";
import {
  askOf,
  BLOCK,
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
  pods,
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
  const aboveAll: Reason = { code: "baseline-above-limit", signal: "errors", baselineRatio: 0.7, limit: 0.01, effectiveLimit: 1 };
  const blind: Verdict = { signal: "cpu", state: "inconclusive", because: [] };

  test.each<[string, Partial<Ask>, readonly EntryBody[] | undefined, string, string | undefined]>([
    ["enough requests within the limits pass", {}, undefined, "passed", undefined],
    [
      "a verdict that cannot tell is inconclusive, however many requests there were",
      {
        judgement: judgementOf({
          counted: counted(5000),
          verdicts: { errors: { signal: "errors", state: "inconclusive", because: [aboveAll] } },
        }),
      },
      undefined,
      "inconclusive",
      "baseline-above-limit",
    ],
    [
      "one request too few is inconclusive",
      { judgement: judgementOf({ counted: counted(299) }) },
      undefined,
      "inconclusive",
      "not-enough-requests",
    ],
    [
      "what is in doubt is neither taken back nor called good",
      { judgement: { ...doubtful(500), counted: counted(5000) } },
      undefined,
      "inconclusive",
      "evidence",
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
      "no pod that is ready is inconclusive, once pods have had time to come back",
      { rules: [{ ...podsReady, because: [{ code: "pods-ready", ready: 0, of: 8, afterMs: 0 }] }] },
      undefined,
      "inconclusive",
      "pods-ready",
    ],
    [
      "some that are still not ready then do not stand in the way",
      { rules: [{ ...podsReady, because: [{ code: "pods-ready", ready: 6, of: 8, afterMs: 0 }] }] },
      undefined,
      "passed",
      undefined,
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

  test.each([0, 7])("%i of 8 pods ready are waited for: they come back or prove to be in trouble", (ready) => {
    const rules = [{ ...podsReady, because: [{ code: "pods-ready", ready, of: 8, afterMs: 0 } as const] }];

    expect(atTheEnd({ rules, now: START + 33 * MINUTE }).kind).not.toBe("finish");
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

describe("too little data at the end is inconclusive, never a pass", () => {
  const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };
  const at = START + 4 * BLOCK;
  const answer: Measurement = { kind: "values", at, values: [{ labels: {}, value: 0 }] };
  const roster = pods(2, fresh, { readySince: START });
  const counters: Measurement = {
    kind: "counters",
    at,
    readings: roster.map(({ name }) => ({ namespace: "shop", pod: name, process: name, total: 40, bad: 0, badAtMost: 0 })),
  };

  test.each<[string, string, Measurement, string]>([
    ["http errors", "http: { preset: otel, errors: { limit: 1% } }", counters, "not-enough-requests"],
    ["http slower", "http: { preset: otel, slower: { p99: 1s } }", counters, "not-enough-requests"],
    ["http by a rate", "http: { preset: otel, errors: { limit: 1%, rule: { rate: {} } } }", counters, "not-enough-requests"],
    [
      "http by a rate that never had its requests",
      "http: { preset: otel, slower: { p75: 1s, rule: { rate: {} } } }",
      counters,
      "rule-blind",
    ],
    ["http by a burn rate", "http: { preset: otel, errors: { limit: 1%, rule: { burnRate: {} } } }", counters, "not-enough-requests"],
    [
      "http by a burn rate that never had its requests",
      "http: { preset: otel, slower: { p75: 1s, rule: { burnRate: {} } } }",
      counters,
      "rule-blind",
    ],
    ["promql without an answer", "promql: { query: up, above: 1 }", { kind: "no-data", at, because: "nothing" }, "no-usable-data"],
    ["promql with fewer samples than it counts", "promql: { query: up, above: 1, failures: 2 of 5 }", answer, "rule-blind"],
  ])("%s", (_, signal, measurement, code) => {
    const policy = policyOf(`signals: { a: { ${signal} } }`);
    const run = judge(openRun(recordOf([completed(START)], { policy, pods: roster }), pace), "a", measurement);
    const workload = workloadOf(rolledOut);
    const judgement = { ...judgementAt(run, at), caughtUp: true };
    const decision = decide(askOf(run.record, { judgement, rules: rulesOf(run, workload, at), workload, now: START + 30 * MINUTE }));

    expect(decision).toMatchObject({ kind: "finish", phase: "inconclusive", because: [{ code, signal: "a" }] });
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
