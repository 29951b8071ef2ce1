import { describe, expect, test } from "vitest";
import type { Command, EntryBody } from "../../../src/entry.ts";
import type { Ask } from "../../../src/guards/ask.ts";
import { pointless } from "../../../src/guards/command.ts";
import { decide } from "../../../src/guards/decide.ts";
import { standingOf } from "../../../src/guards/phase.ts";
import type { Reason } from "../../../src/reason.ts";
import {
  actionOf,
  askOf,
  brakedByUs,
  done,
  doubtful,
  intended,
  limits,
  MINUTE,
  pastRollback,
  policyOf,
  receipt,
  recordOf,
  rolledOut,
  START,
  takenBack,
  workloadOf,
} from "./a-guard.ts";

const ordered: Reason = { code: "ordered", by: "alice", reason: "the supplier has a fault" };
const order = (kind: Command["kind"], id = "1"): EntryBody => ({
  kind: "commanded",
  command: { id, kind, by: "alice", reason: "the supplier has a fault" },
});
const withheld = (because: readonly Reason[]): EntryBody => ({ kind: "withheld", action: "rollback", because });
const finished: EntryBody = { kind: "finished", phase: "passed", because: [], badServed: 0 };
const helm = { kind: "helm", name: "shop/web", mark: "label" } as const;
const pause = { by: "bob", reason: "storage is being moved", at: START };

function decided(entries: readonly EntryBody[], over: Partial<Ask> = {}, policy = policyOf()) {
  return decide(askOf(recordOf(entries, { policy }), over));
}

/** What is wanted, and the last reason for it. */
function brief(...args: Parameters<typeof decided>): string {
  const decision = decided(...args);
  const last = decision.because.at(-1);
  const why = last?.code === "governor" ? last.rule : last?.code;
  const what = decision.kind === "act" ? decision.action.kind : decision.kind === "finish" ? decision.phase : decision.kind;
  return `${what} ${why ?? ""}`.trim();
}

describe("an abort", () => {
  test.each<[string, readonly EntryBody[], Partial<Ask>, string]>([
    ["ends a guard", [order("abort")], {}, "aborted ordered"],
    ["ends one with evidence for a rollback", [order("abort")], { judgement: doubtful(2000) }, "aborted ordered"],
    ["ends one that verifies a rollback", [...done("rollback"), order("abort")], { workload: workloadOf(takenBack) }, "aborted ordered"],
    ["stops a rollback that was begun and not done", [intended("rollback"), order("abort")], {}, "withhold ordered"],
    ["stops a brake that was begun and not done", [intended("brake"), order("abort")], {}, "withhold ordered"],
    [
      "lets a rollback that was done get its receipt",
      [intended("rollback"), order("abort")],
      { workload: workloadOf(takenBack) },
      "rollback evidence",
    ],
    ["takes the brake off first", [...done("brake"), order("abort")], { workload: workloadOf(brakedByUs) }, "release ordered"],
    [
      "waits while all action is paused, where our brake lies",
      [...done("brake"), order("abort")],
      { workload: workloadOf(brakedByUs), state: { pause } },
      "withhold paused",
    ],
    [
      "says that a brake stays under the kill switch",
      [...done("brake"), order("abort")],
      { workload: workloadOf(brakedByUs), limits: { ...limits, killSwitch: true } },
      "unresolved limitation",
    ],
    ["stands above an undo that came before", [order("undo"), order("abort", "2")], {}, "aborted ordered"],
  ])("%s", (_, entries, over, wanted) => {
    expect(brief(entries, over)).toBe(wanted);
  });
});

describe("an undo", () => {
  test("rolls a revision back against which nothing speaks, to the last that was complete", () => {
    expect(decided([order("undo")])).toMatchObject({
      kind: "act",
      action: { kind: "rollback", target: { podTemplateHash: "hash-6" } },
      because: [ordered],
    });
  });

  test.each<[string, Partial<Ask>, string?]>([
    ["where the policy observes", {}, "mode: observe"],
    ["where the policy only notifies", {}, "onBreach: { default: [notify] }"],
    ["where the workload was rolled back a moment ago", { past: [pastRollback({ workloadUid: "uid-web", at: START })] }],
    ["where the namespace has had its rollbacks", { past: [1, 2, 3].map((n) => pastRollback({ guard: `g${n}`, namespace: "shop" })) }],
    ["where as many as may be are under way", { past: [1, 2, 3].map((n) => pastRollback({ guard: `g${n}`, underWay: true })) }],
    ["of a rollout that is complete", { workload: workloadOf(rolledOut) }],
  ])("is done %s", (_, over, line) => {
    expect(brief([order("undo")], over, line === undefined ? policyOf() : policyOf(line))).toBe("rollback ordered");
  });

  test.each<[string, Partial<Ask>, string]>([
    ["all action is paused", { state: { pause } }, "paused"],
    ["it is not known whether all action is paused", { state: { unknown: "it has not been read yet" } }, "pause-unknown"],
    ["the kill switch is on", { limits: { ...limits, killSwitch: true } }, "kill-switch"],
    ["somebody else owns the template", { workload: workloadOf({ owners: [helm] }) }, "owned"],
    ["somebody else has paused the rollout", { workload: workloadOf({ paused: true }) }, "paused-by-other"],
    ["the workload is marked unsafe", { workload: workloadOf({ annotations: { "rearguard.dev/rollback": "unsafe" } }) }, "marked-unsafe"],
    ["the workload is frozen", { workload: workloadOf({ annotations: { "rearguard.dev/freeze": "true" } }) }, "frozen"],
    [
      "the old revision is itself known to be bad",
      { past: [pastRollback({ workloadUid: "uid-web", condemnedHash: "hash-6", at: 0 })] },
      "nothing-to-undo",
    ],
    ["the old revision is gone", { workload: workloadOf({ revisions: [] }) }, "nothing-to-undo"],
    ["it was ordered long ago", { now: START + 30 * MINUTE }, "limitation"],
  ])("is withheld when %s", (_, over, why) => {
    expect(brief([order("undo")], over)).toBe(`withhold ${why}`);
  });

  test("that was withheld is answered: it is not done later unasked, and says nothing of the revision", () => {
    const entries = [order("undo"), withheld([ordered, { code: "observe-mode" }])];

    expect(brief(entries)).toBe("wait");
    expect(standingOf(recordOf(entries).entries).phase).toBe("observing");
    expect(brief([...entries, order("undo", "2")])).toBe("rollback ordered");
  });

  test("that was withheld hides no finding that is withheld for the same reason", () => {
    const why: Reason = { code: "governor", rule: "kill-switch", detail: "" };
    const over = { judgement: doubtful(2000), limits: { ...limits, killSwitch: true } };

    expect(decided([order("undo"), withheld([ordered, why])], over)).toMatchObject({ kind: "withhold", action: "rollback" });
  });

  test("that was refused before it began leaves the guard where it was, and is tried again by the usual rests", () => {
    const entries = [order("undo"), intended("rollback", 1, [ordered]), receipt("rollback", "failed")];

    expect(standingOf(recordOf(entries).entries).phase).toBe("observing");
    expect(brief(entries, { now: START + 50_000 })).toBe("wait ordered");
    expect(brief(entries, { now: START + 61_000 })).toBe("rollback ordered");
  });

  test("is not held up by tries that failed before it was ordered", () => {
    const tries = [1, 2, 3, 4].flatMap((nth) => [intended("rollback", nth), receipt("rollback", "failed", nth, START)]);

    expect(brief([...tries, order("undo")], { now: START + 5 * MINUTE })).toBe("rollback ordered");
  });

  test("is begun again after a crash between intent and effect, also where the policy observes", () => {
    expect(brief([order("undo"), intended("rollback", 1, [ordered])], {}, policyOf("mode: observe"))).toBe("rollback ordered");
  });

  test("of what a newer template has taken the place of is not done", () => {
    expect(brief([order("undo")], { workload: workloadOf({ templateDigest: "digest-8" }) })).toBe("superseded superseded");
  });

  test("whose answer was lost, where the policy observes, is found done", () => {
    const entries = [order("undo"), intended("rollback", 1, [ordered]), receipt("rollback", "failed", 1, START)];

    expect(brief(entries, { workload: workloadOf(takenBack) }, policyOf("mode: observe"))).toBe("rollback ordered");
  });
});

describe("an order makes no sense", () => {
  const announced: EntryBody = { kind: "announced", action: actionOf("rollback"), dueAt: START + MINUTE, because: [] };
  test.each<[Command["kind"], string, readonly EntryBody[], string | undefined]>([
    ["abort", "of a guard that has ended", [finished], "it has ended"],
    ["undo", "of a guard that has ended", [finished], "it has ended"],
    ["undo", "where the revision was taken back", done("rollback"), "its revision was taken back already"],
    ["cancel", "where nothing is announced", [], "nothing is announced that could be cancelled"],
    ["cancel", "unless something is announced", [announced], undefined],
    ["cancel", "unless it has just begun", [announced, intended("rollback")], undefined],
    ["abort", "unless the guard has ended", done("rollback"), undefined],
  ])("to %s %s", (kind, _, entries, wanted) => {
    expect(pointless(standingOf(recordOf(entries).entries), kind)).toBe(wanted);
  });
});
