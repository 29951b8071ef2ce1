import { describe, expect, test } from "vitest";
import type { Ask } from "../../../src/guards/ask.ts";
import { decide } from "../../../src/guards/decide.ts";
import type { Decision, EntryBody } from "../../../src/entry.ts";
import {
  askOf,
  brakedByUs,
  doubtful,
  done,
  evidence,
  fresh,
  intended,
  judgementOf,
  limits,
  MINUTE,
  old,
  receipt,
  recordOf,
  revision,
  rolledOut,
  START,
  takenBack,
  workloadOf,
} from "./a-guard.ts";

const killed = { ...limits, killSwitch: true };
const helm = { kind: "helm", name: "shop/web", mark: "label" } as const;
const newer = { templateDigest: "digest-8", current: revision(8), revisions: [revision(8), fresh, old] };

function after(entries: readonly EntryBody[], over: Partial<Ask> = {}): Decision {
  return decide(askOf(recordOf(entries), over));
}

function brief(decision: Decision): string {
  if (decision.kind === "act") return decision.action.kind;
  return decision.kind === "finish" ? decision.phase : decision.kind;
}

describe("a guard ends when there is nothing left to guard", () => {
  test.each<[string, Partial<Ask>, string]>([
    ["the workload is gone", { workload: undefined }, "aborted"],
    ["the workload is being deleted", { workload: workloadOf({ deleting: true }) }, "aborted"],
    ["another template is wanted", { workload: workloadOf({ templateDigest: "digest-8" }) }, "superseded"],
    ["a person has undone the rollout", { workload: workloadOf(takenBack) }, "superseded"],
    ["the controller rolls out another revision", { workload: workloadOf({ current: revision(8) }) }, "superseded"],
    ["not when the controller has not seen the newest spec", { workload: workloadOf({ current: old, generation: 8 }) }, "wait"],
    ["even when the evidence would roll it back", { workload: workloadOf(newer), judgement: doubtful(2000) }, "superseded"],
  ])("%s", (_, over, wanted) => {
    expect(brief(after([], over))).toBe(wanted);
  });

  test("a superseded guard does not name its own revision as the successor", () => {
    const decision = after([], { workload: workloadOf({ templateDigest: "digest-8", paused: true }) });

    expect(decision).toMatchObject({ because: [{ code: "superseded", by: "a newer template" }] });
  });

  test("a finished guard wants nothing more", () => {
    expect(after([{ kind: "finished", phase: "passed", because: [], badServed: 0 }], { judgement: doubtful(2000) }).kind).toBe("wait");
  });
});

describe("no guard ends under its own brake in silence", () => {
  const releases = (count: number) =>
    Array.from({ length: count }, (_, i) => [intended("release", 10 + i), receipt("release", "failed", 10 + i, START + MINUTE)]).flat();

  test.each<[string, readonly EntryBody[], Partial<Ask>, string]>([
    ["a new template has the brake released first", [], { workload: workloadOf({ ...brakedByUs, ...newer }) }, "release"],
    ["also while the watch does not show the pause", [], { workload: workloadOf(newer) }, "release"],
    [
      "after a failed release it waits",
      releases(1),
      { workload: workloadOf({ ...brakedByUs, ...newer }), now: START + MINUTE + 29_000 },
      "wait",
    ],
    ["and tries again", releases(1), { workload: workloadOf({ ...brakedByUs, ...newer }), now: START + MINUTE + 30_000 }, "release"],
    ["and tries for half an hour", releases(9), { workload: workloadOf({ ...brakedByUs, ...newer }), now: START + 10 * MINUTE }, "release"],
    [
      "when it cannot be released the end is unresolved",
      releases(10),
      { workload: workloadOf({ ...brakedByUs, ...newer }), now: START + 60 * MINUTE },
      "unresolved",
    ],
    [
      "with the kill switch on the end is unresolved",
      [],
      { workload: workloadOf({ ...brakedByUs, ...newer }), limits: killed },
      "unresolved",
    ],
    ["a workload that is gone needs no release", [], { workload: undefined }, "aborted"],
    [
      "a complete rollout has it released before it passes",
      [{ kind: "completed" }],
      { workload: workloadOf({ ...brakedByUs, ...rolledOut }), now: START + 60 * MINUTE },
      "release",
    ],
  ])("%s", (_, entries, over, wanted) => {
    expect(brief(after([...done("brake"), ...entries], over))).toBe(wanted);
  });

  test("an unreleased brake is named in the reasons", () => {
    const decision = after(done("brake"), { workload: workloadOf({ ...brakedByUs, ...newer }), limits: killed });

    expect(decision).toMatchObject({
      because: [{ code: "superseded" }, { code: "limitation", detail: expect.stringContaining("still pauses the rollout") }],
    });
  });
});

describe("what was intended before a restart", () => {
  test.each<[string, readonly EntryBody[], Partial<Ask>, string]>([
    ["a rollback is carried out", [intended("rollback")], {}, "rollback"],
    ["a rollback is withheld when the kill switch is on now", [intended("rollback")], { limits: killed }, "withhold"],
    [
      "a rollback is withheld when Helm owns the workload now",
      [intended("rollback")],
      { workload: workloadOf({ owners: [helm] }) },
      "withhold",
    ],
    [
      "a rollback is withheld when somebody has paused the rollout",
      [intended("rollback")],
      { workload: workloadOf({ paused: true }) },
      "withhold",
    ],
    [
      "a rollback that happened gets its receipt, even with the kill switch on",
      [intended("rollback")],
      { workload: workloadOf(takenBack), limits: killed },
      "rollback",
    ],
    [
      "a rollback of a template that is not wanted any more is dropped",
      [intended("rollback")],
      { workload: workloadOf(newer) },
      "superseded",
    ],
    ["a rollback is not carried out days later", [intended("rollback")], { now: START + 3 * 24 * 60 * MINUTE }, "withhold"],
    ["a brake is put on", [intended("brake")], {}, "brake"],
    ["a brake is withheld when the kill switch is on now", [intended("brake")], { limits: killed }, "withhold"],
    [
      "a brake that lies there already gets its receipt",
      [intended("brake")],
      { workload: workloadOf(brakedByUs), limits: killed },
      "brake",
    ],
    ["a brake of a template that is not wanted any more is dropped", [intended("brake")], { workload: workloadOf(newer) }, "superseded"],
    [
      "a release is carried out",
      [...done("brake"), intended("release", 3)],
      { workload: workloadOf({ ...brakedByUs, ...newer }) },
      "release",
    ],
    ["a drain is carried out", [...done("rollback"), intended("drain", 3)], { workload: workloadOf(takenBack) }, "drain"],
    [
      "a drain is withheld when the kill switch is on now",
      [...done("rollback"), intended("drain", 3)],
      { workload: workloadOf(takenBack), limits: killed },
      "withhold",
    ],
    ["nothing is carried out on a workload that is gone", [intended("rollback")], { workload: undefined }, "aborted"],
  ])("%s", (_, entries, over, wanted) => {
    expect(brief(after(entries, over))).toBe(wanted);
  });

  test("an intent that is carried out again keeps its id", () => {
    expect(after([intended("rollback", 1)])).toMatchObject({ action: { id: "web-guard.rollback.1" }, because: [evidence] });
  });
});

describe("a rollback whose answer was lost", () => {
  const failed = [intended("rollback"), receipt("rollback", "failed", 1, START + 30_000)];

  test.each<[string, Partial<Ask>, string]>([
    ["is made known when the old template is back", { workload: workloadOf(takenBack) }, "rollback"],
    ["waits out its pause first", { workload: workloadOf(takenBack), now: START + 59_000 }, "wait"],
    ["is not when a third template is wanted", { workload: workloadOf(newer) }, "superseded"],
  ])("%s", (_, over, wanted) => {
    expect(brief(after(failed, { now: START + 2 * MINUTE, ...over }))).toBe(wanted);
  });
});

describe("silence of a source", () => {
  const silences = { errors: { outcome: "error", since: START, detail: "connection refused" } } as const;

  test("is told after five minutes, once, and never leads to a rollback", () => {
    const ask = askOf(recordOf(), { judgement: judgementOf({ silences }), now: START + 5 * MINUTE });
    const decision = decide(ask);
    const told = recordOf([{ kind: "held", because: "because" in decision ? decision.because : [] }]);

    expect(decision).toMatchObject({ kind: "hold", because: [{ code: "no-usable-data", outcome: "error" }] });
    expect(decide({ ...ask, ...askOf(told, { judgement: ask.judgement, now: ask.now }) }).kind).toBe("wait");
  });
});
