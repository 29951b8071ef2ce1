import { describe, expect, test } from "vitest";
import type { Ask } from "../../../src/guards/ask.ts";
import { decide } from "../../../src/guards/decide.ts";
import type { Decision } from "../../../src/entry.ts";
import type { Reason, Verdict } from "../../../src/reason.ts";
import {
  askOf,
  brakedByUs,
  crashLoop,
  doubtful,
  done,
  evidence,
  fresh,
  intended,
  judgementOf,
  limits,
  MINUTE,
  old,
  pastRollback,
  policyOf,
  receipt,
  recordOf,
  revision,
  rolledOut,
  rollout,
  START,
  workloadOf,
} from "./a-guard.ts";

const helm = { kind: "helm", name: "shop/web", mark: "label app.kubernetes.io/managed-by" } as const;

/** A breached guard whose brake cannot be put on, so that the reason against the rollback is the decision. */
function breached(over: Partial<Ask> = {}, policy = policyOf(), changed: Partial<typeof rollout> = {}): Decision {
  const workload = { ...(over.workload ?? workloadOf()), ...rolledOut };
  return decide(askOf(recordOf([], { policy, rollout: { ...rollout, ...changed } }), { judgement: doubtful(2000), ...over, workload }));
}

function why(decision: Decision): Reason | undefined {
  return decision.kind === "withhold" ? decision.because.at(-1) : undefined;
}

describe("a breach is rolled back", () => {
  test("to the old revision, naming the judged template and the cause", () => {
    expect(breached()).toMatchObject({
      kind: "act",
      because: [evidence],
      action: { kind: "rollback", target: old, judged: { templateDigest: "digest-7" }, cause: "errors", braked: false },
    });
  });

  test("by a crash loop without any evidence", () => {
    expect(breached({ judgement: judgementOf(), rules: [crashLoop] })).toMatchObject({
      kind: "act",
      action: { kind: "rollback", cause: "pods" },
    });
  });

  test("out of our brake even while the watch does not show the pause yet", () => {
    const ask = askOf(recordOf(done("brake")), { judgement: doubtful(2000), workload: workloadOf({ paused: false }) });

    expect(decide(ask)).toMatchObject({ kind: "act", action: { kind: "rollback", braked: true } });
  });

  test("to the newest that passed when the old revision was itself taken back", () => {
    const five = revision(5);
    const past = [pastRollback({ workloadUid: "uid-web", condemnedHash: old.podTemplateHash, at: START - 60 * MINUTE })];
    const decision = breached({ past, passed: ["hash-5", "hash-4"], workload: workloadOf({ revisions: [fresh, old, five] }) });

    expect(decision).toMatchObject({ kind: "act", action: { target: five } });
  });

  test("by the signal that may roll back although another one that only tells breaches too", () => {
    const policy = policyOf("onBreach: { pods: [notify] }");

    expect(breached({ rules: [crashLoop] }, policy)).toMatchObject({ kind: "act", action: { kind: "rollback", cause: "errors" } });
  });
});

describe("a breach is withheld with its reason", () => {
  const hourAgo = START - 40 * MINUTE;
  const elsewhere = (count: number, over: object = {}) =>
    Array.from({ length: count }, (_, i) => pastRollback({ guard: `g${i}`, at: hourAgo, ...over }));

  test.each<[string, Decision, object]>([
    ["in observe mode", breached({}, policyOf("mode: observe")), { code: "observe-mode" }],
    ["of a workload that Helm owns", breached({ workload: workloadOf({ owners: [helm] }) }), { code: "owned", owner: "helm" }],
    ["while somebody else has paused the rollout", breached({ workload: workloadOf({ paused: true }) }), { code: "paused-by-other" }],
    ["with the kill switch on", breached({ limits: { ...limits, killSwitch: true } }), { code: "governor", rule: "kill-switch" }],
    [
      "of a workload marked unsafe",
      breached({ workload: workloadOf({ annotations: { "rearguard.dev/rollback": "unsafe" } }) }),
      { code: "marked-unsafe" },
    ],
    [
      "during cooldown",
      breached({ past: [pastRollback({ workloadUid: "uid-web", at: START - 5 * MINUTE })] }),
      { code: "governor", rule: "cooldown" },
    ],
    ["over the namespace's cap", breached({ past: elsewhere(3, { namespace: "shop" }) }), { code: "governor", rule: "namespace-cap" }],
    ["over the cluster's cap", breached({ past: elsewhere(10) }), { code: "governor", rule: "cluster-cap" }],
    ["while three others are under way", breached({ past: elsewhere(3, { underWay: true }) }), { code: "governor", rule: "concurrency" }],
    ["of a restart", breached({}, policyOf(), { restartOnly: true }), { code: "nothing-to-undo", why: "restart-only" }],
    [
      "when the old ReplicaSet is gone",
      breached({ workload: workloadOf({ revisions: [fresh] }) }),
      { code: "nothing-to-undo", why: "revision-gone" },
    ],
    [
      "when the old revision was taken back itself",
      breached({ past: [pastRollback({ workloadUid: "uid-web", condemnedHash: "hash-6", at: hourAgo })] }),
      { code: "nothing-to-undo", why: "target-known-bad" },
    ],
    ["of a signal that only tells", breached({}, policyOf("onBreach: { default: [notify] }")), { code: "policy-only-notifies" }],
  ])("%s", (_, decision, wanted) => {
    expect(decision).toMatchObject({ kind: "withhold", action: "rollback" });
    expect(why(decision)).toMatchObject(wanted);
  });

  test("a signal outside the confidence that breaches alone is told", () => {
    const latency: Verdict = { signal: "latency", state: "breach", because: [{ ...evidence, signal: "latency" } as Reason] };
    const policy = policyOf(
      "onBreach: { latency: [notify] }",
      "signals: { errors: { http: { preset: aspnet, errors: {} } }, latency: { http: { preset: aspnet, slower: { p95: 200ms } } } }",
    );

    expect(why(breached({ judgement: judgementOf({ verdicts: { latency } }) }, policy))).toEqual({
      code: "policy-only-notifies",
      signal: "latency",
    });
  });

  test.each<[string, number, readonly ReturnType<typeof revision>[], object]>([
    ["a first deploy is called one", 1, [revision(1)], { code: "nothing-to-undo", why: "first-deploy" }],
    ["an unfinished rollout that was undone is not called a first deploy", 7, [fresh, old], { code: "limitation" }],
    ["without any other ReplicaSet the revision is gone", 7, [fresh], { code: "nothing-to-undo", why: "revision-gone" }],
  ])("%s", (_, number, revisions, wanted) => {
    const { old: _old, ...without } = rollout;
    const record = recordOf([], { rollout: { ...without, new: { ...fresh, number } } });
    const decision = decide(askOf(record, { judgement: doubtful(2000), workload: workloadOf({ ...rolledOut, revisions }) }));

    expect(why(decision)).toMatchObject(wanted);
  });

  test("once: afterwards the guard goes on to its end", () => {
    const told = recordOf([{ kind: "withheld", action: "rollback", because: [evidence, { code: "observe-mode" }] }], {
      policy: policyOf("mode: observe"),
    });
    const ask = askOf(told, { judgement: doubtful(2000), workload: workloadOf(rolledOut) });
    const later = START + 41 * MINUTE;

    expect(decide(ask).kind).toBe("wait");
    expect(decide({ ...ask, now: later })).toMatchObject({ kind: "finish", phase: "unresolved" });
  });

  test("what must not be undone is braked first", () => {
    const decision = decide(askOf(recordOf(), { judgement: doubtful(2000), workload: workloadOf({ owners: [helm] }) }));

    expect(decision).toMatchObject({ kind: "act", action: { kind: "brake" } });
  });
});

describe("a rollback that did not succeed", () => {
  const failed = (count: number, outcome: "failed" | "refused" = "failed") =>
    recordOf(
      Array.from({ length: count }, (_, i) => [
        intended("rollback", i),
        receipt("rollback", outcome, i, START + MINUTE, { code: "forbidden", detail: "rbac" }),
      ]).flat(),
    );

  test.each<[string, number, number, string]>([
    ["is left for 30 s after the first failure", 1, 29_000, "wait"],
    ["is tried again after 30 s", 1, 30_000, "act"],
    ["is left for a minute after the second", 2, 59_000, "wait"],
    ["is tried again after a minute", 2, 60_000, "act"],
    ["is given up after four tries and told", 4, 10 * MINUTE, "withhold"],
  ])("%s", (_, count, after, kind) => {
    const ask = askOf(failed(count), { judgement: doubtful(2000), workload: workloadOf(rolledOut), now: START + MINUTE + after });

    expect(decide(ask).kind).toBe(kind);
  });

  test("names the API server's refusal when it gives up", () => {
    const ask = askOf(failed(4, "refused"), { judgement: doubtful(2000), workload: workloadOf(rolledOut), now: START + 20 * MINUTE });

    expect(why(decide(ask))).toEqual({ code: "forbidden", detail: "rbac" });
  });

  test("each try has an id of its own", () => {
    const ids = [1, 2].map((count) => {
      const decision = decide(askOf(failed(count), { judgement: doubtful(2000), now: START + 10 * MINUTE }));
      return decision.kind === "act" ? decision.action.id : decision.kind;
    });

    expect(ids).toEqual(["web-guard.rollback.3", "web-guard.rollback.5"]);
  });

  test("because the pause was somebody else's is not tried under their pause", () => {
    const record = recordOf([
      ...done("brake"),
      intended("rollback", 3),
      receipt("rollback", "refused", 3, START, { code: "paused-by-other" }),
    ]);
    const ask = askOf(record, { judgement: doubtful(2000), workload: workloadOf({ ...brakedByUs, annotations: {} }) });

    expect(why(decide(ask))).toEqual({ code: "paused-by-other" });
  });
});
