import { describe, expect, test } from "vitest";
import { noteKey, type Standing, standingOf } from "../../../src/guards/phase.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { Reason } from "../../../src/reason.ts";
import { BLOCK, done, entriesOf, evidence, intended, old, receipt, shared, START } from "./a-guard.ts";

const latency: Reason = { code: "shared-degradation", signal: "latency", newRatio: 0.3, oldRatio: 0.3, limit: 0.05, blocks: 4 };
const othersPause: Reason = { code: "paused-by-other" };
const resumed: Reason = { code: "conflict", detail: "the rollout was resumed by somebody else" };

function stand(...bodies: readonly (EntryBody & { readonly at?: number })[]): Standing {
  return standingOf(entriesOf(bodies));
}

describe("where a guard stands after its entries", () => {
  test.each<{ readonly name: string; readonly after: readonly EntryBody[]; readonly wanted: object }>([
    { name: "an opened guard observes", after: [], wanted: { phase: "observing", braked: false, nextSeq: 1 } },
    {
      name: "an intended brake is pending and does not lie yet",
      after: [intended("brake")],
      wanted: { braked: false, phase: "observing" },
    },
    { name: "a brake lies after its receipt", after: done("brake"), wanted: { braked: true, brakedAt: START + 2 * BLOCK } },
    { name: "a brake that was there already is ours", after: [intended("brake"), receipt("brake", "unchanged")], wanted: { braked: true } },
    { name: "an intended rollback is acting", after: [intended("rollback")], wanted: { phase: "acting", attempted: { target: old } } },
    {
      name: "an applied rollback is verified next",
      after: done("rollback"),
      wanted: { phase: "verifying", rollback: { target: old, at: START + 2 * BLOCK } },
    },
    { name: "a rollback takes our brake off", after: [...done("brake"), ...done("rollback", 3)], wanted: { braked: false } },
    {
      name: "a failed rollback may have happened",
      after: [intended("rollback"), receipt("rollback", "failed")],
      wanted: { phase: "breached", attempted: { target: old }, failures: { rollback: { count: 1 } } },
    },
    {
      name: "a brake that failed may lie on the workload",
      after: [intended("brake"), receipt("brake", "failed")],
      wanted: { braked: false, unsureBrake: true },
    },
    {
      name: "a pause that is refused as somebody else's is not our brake any more",
      after: [...done("brake"), intended("release", 3), receipt("release", "refused", 3, START, othersPause)],
      wanted: { braked: false },
    },
    {
      name: "a release that is forbidden leaves the brake on",
      after: [...done("brake"), intended("release", 3), receipt("release", "refused", 3, START, { code: "forbidden", detail: "rbac" })],
      wanted: { braked: true, failures: { release: { count: 1 } } },
    },
    {
      name: "a brake that somebody else took off is remembered as such",
      after: [...done("brake"), ...done("release", 3, START + 4 * BLOCK, [resumed])],
      wanted: { braked: false, resumed: true, releasedAt: START + 4 * BLOCK },
    },
    {
      name: "a clock that was set back makes no brake of negative length",
      after: [...done("brake"), ...done("release", 3, START - BLOCK)],
      wanted: { braked: false },
    },
    {
      name: "success wipes the failures of its kind",
      after: [intended("brake"), receipt("brake", "failed"), ...done("brake", 3)],
      wanted: { failures: {}, unsureBrake: false },
    },
    {
      name: "a withheld rollback is a breach",
      after: [{ kind: "withheld", action: "rollback", because: [evidence, { code: "observe-mode" }] }],
      wanted: { phase: "breached" },
    },
    {
      name: "a guard that ends with the workload leaves no brake",
      after: [...done("brake"), { kind: "finished", phase: "aborted", because: [{ code: "workload-deleted" }], badServed: 0 }],
      wanted: { braked: false, phase: "aborted" },
    },
    {
      name: "a finished guard stays finished",
      after: [{ kind: "finished", phase: "passed", because: [], badServed: 0 }, ...done("brake", 2)],
      wanted: { phase: "passed", braked: false, nextSeq: 4 },
    },
  ])("$name", ({ after, wanted }) => {
    expect(stand(...after)).toMatchObject(wanted);
  });

  const suspectPod: Reason = { code: "suspect-pod", signal: "errors", pod: "web-1", node: "n", badRatio: 0.6, withoutIt: 0 };
  const onNode = { node: "n", pods: [], readyElsewhere: 2, neighbours: 0, unreadyNeighbours: 0 };
  test.each<{ readonly because: Reason; readonly held: boolean }>([
    { because: shared, held: true },
    { because: suspectPod, held: true },
    { because: { code: "suspect-node", signal: "pods", ...onNode }, held: true },
    { because: { code: "environment", signal: "errors", suffering: [], of: 3, blocks: 4, since: START }, held: true },
    { because: { code: "no-usable-data", signal: "errors", outcome: "error", detail: "", forMs: 1 }, held: false },
    { because: { code: "peers-unknown", signal: "errors", detail: "refused" }, held: false },
  ])("a guard held for $because.code leaves its brake to a person: $held", ({ because, held }) => {
    expect(stand({ kind: "held", because: [because] })).toMatchObject({ held });
  });

  test("a rollback that is withheld after its intent is pending no more and did not happen", () => {
    const { pending, attempted, phase } = stand(intended("rollback"), { kind: "withheld", action: "rollback", because: [] });

    expect({ pending, attempted, phase }).toEqual({ pending: undefined, attempted: undefined, phase: "breached" });
  });

  test("a rollback that was refused did not happen", () => {
    expect(stand(intended("rollback"), receipt("rollback", "refused")).attempted).toBeUndefined();
  });

  test("a receipt of another action answers nothing", () => {
    expect(stand(intended("brake", 1), receipt("brake", "applied", 9)).pending?.action.id).toBe("web-guard.brake.1");
  });
});

describe("what is told once", () => {
  test.each<[string, Reason, Reason, "once" | "twice"]>([
    [
      "the same governor rule with another time",
      { code: "governor", rule: "cooldown", detail: "1 min ago" },
      { code: "governor", rule: "cooldown", detail: "2 min ago" },
      "once",
    ],
    [
      "two governor rules",
      { code: "governor", rule: "cooldown", detail: "" },
      { code: "governor", rule: "cluster-cap", detail: "" },
      "twice",
    ],
    ["two signals", shared, latency, "twice"],
    [
      "a limitation with other numbers",
      { code: "limitation", detail: "2 of 4 pods" },
      { code: "limitation", detail: "3 of 4 pods" },
      "once",
    ],
    ["two limitations", { code: "limitation", detail: "one replica" }, { code: "limitation", detail: "Recreate" }, "twice"],
  ])("%s", (_, one, other, wanted) => {
    expect(noteKey("held", one) === noteKey("held", other)).toBe(wanted === "once");
  });
});
