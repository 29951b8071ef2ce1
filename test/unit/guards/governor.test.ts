import { describe, expect, test } from "vitest";
import {
  forbidsAction,
  type GovernorLimits,
  type KindLimits,
  knownBad,
  type PastAction,
  pastRollbacks,
} from "../../../src/guards/governor.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { Workload } from "../../../src/model.ts";
import type { Reason } from "../../../src/reason.ts";
import { BLOCK, done, intended, limits, MINUTE, pastRollback, receipt, recordOf, START, workloadOf } from "./a-guard.ts";

function ruleOf(
  past: readonly PastAction[],
  over: { readonly workload?: Workload; readonly limits?: Partial<GovernorLimits> } = {},
): string {
  const reason: Reason | undefined = forbidsAction({
    guard: "web-guard",
    kind: "rollback",
    state: {},
    workload: over.workload ?? workloadOf(),
    past,
    limits: { ...limits, ...over.limits },
    now: START,
  });
  if (reason === undefined) return "allowed";
  return reason.code === "governor" ? reason.rule : reason.code;
}

const ago = (minutes: number, over: Partial<PastAction> = {}) => pastRollback({ at: START - minutes * MINUTE, ...over });
const rollbacks = (over: Partial<KindLimits>) => ({ limits: { rollback: { ...limits.rollback, ...over } } });
const same = { workloadUid: "uid-web" };
const here = { namespace: "shop" };

describe("the governor", () => {
  test.each<[string, string, string]>([
    ["allows the first rollback", ruleOf([]), "allowed"],
    ["withholds during cooldown", ruleOf([ago(29, same)]), "cooldown"],
    ["allows after the cooldown", ruleOf([ago(30, same)]), "allowed"],
    ["does not cool down for another workload", ruleOf([ago(1)]), "allowed"],
    ["counts the latest of several", ruleOf([ago(50, same), ago(5, same)]), "cooldown"],
    ["allows two in the namespace", ruleOf([ago(40, here), ago(50, here)]), "allowed"],
    ["withholds the fourth in the namespace", ruleOf([ago(40, here), ago(45, here), ago(50, here)]), "namespace-cap"],
    ["forgets after an hour", ruleOf([ago(40, here), ago(45, here), ago(60, here)]), "allowed"],
    ["withholds over the cluster's cap", ruleOf(Array.from({ length: 10 }, () => ago(40))), "cluster-cap"],
    ["withholds while three are under way", ruleOf(Array.from({ length: 3 }, () => ago(90, { underWay: true }))), "concurrency"],
    [
      "does not count this guard's own rollback",
      ruleOf([ago(1, { ...same, guard: "web-guard", underWay: true })], rollbacks({ concurrent: 1 })),
      "allowed",
    ],
    ["with the kill switch withholds everything", ruleOf([], { limits: { killSwitch: true } }), "kill-switch"],
    [
      "with a cap of none withholds everything",
      ruleOf([], rollbacks({ perHour: { workload: 2, namespace: 0, cluster: 0 } })),
      "namespace-cap",
    ],
    ["withholds when the clock was set back behind the last rollback", ruleOf([ago(-10, same)]), "cooldown"],
    [
      "respects the mark unsafe",
      ruleOf([], { workload: workloadOf({ annotations: { "rearguard.dev/rollback": "unsafe" } }) }),
      "marked-unsafe",
    ],
    [
      "does not read other values of the mark",
      ruleOf([], { workload: workloadOf({ annotations: { "rearguard.dev/rollback": "safe" } }) }),
      "allowed",
    ],
  ])("%s", (_, rule, wanted) => {
    expect(rule).toBe(wanted);
  });
});

describe("rollbacks of the past", () => {
  const finished: EntryBody = { kind: "finished", phase: "restored", because: [], badServed: 0 };

  test.each<[string, readonly EntryBody[], object[]]>([
    ["a guard without one has none", [...done("brake")], []],
    [
      "an applied one is under way until the guard ends",
      done("rollback"),
      [{ at: START + 2 * BLOCK, underWay: true, condemnedHash: "hash-7", targetHash: "hash-6" }],
    ],
    ["afterwards it is over", [...done("rollback"), finished], [{ underWay: false }]],
    ["one whose receipt a crash swallowed counts", [intended("rollback")], [{ at: START + BLOCK }]],
    ["one that failed counts: it may have happened", [intended("rollback"), receipt("rollback", "failed")], [{ at: START + BLOCK }]],
    [
      "one whose answer was lost counts, whatever became of a later try",
      [intended("rollback"), receipt("rollback", "failed"), intended("rollback", 3), receipt("rollback", "refused", 3)],
      [{ at: START + BLOCK }],
    ],
    [
      "one is as late as its intent where the clock was set back before its answer",
      [intended("rollback"), receipt("rollback", "applied", 1, START - BLOCK)],
      [{ at: START + BLOCK }],
    ],
    ["one that was refused does not", [intended("rollback"), receipt("rollback", "refused")], []],
    ["one that was withheld after its intent does not", [intended("rollback"), { kind: "withheld", action: "rollback", because: [] }], []],
  ])("%s", (_, bodies, wanted) => {
    expect(pastRollbacks([recordOf(bodies)])).toMatchObject(wanted);
    expect(pastRollbacks([recordOf(bodies)])).toHaveLength(wanted.length);
  });

  test("only revisions of this workload are known bad", () => {
    expect(knownBad([pastRollback(same), pastRollback({ condemnedHash: "hash-y" })], "uid-web")).toEqual(new Set(["hash-x"]));
  });
});
