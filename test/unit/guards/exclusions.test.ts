import { describe, expect, test } from "vitest";
import { endBefore, exclusionsOf, isExcluded } from "../../../src/guards/exclusions.ts";
import type { GuardRecord } from "../../../src/guards/guard.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { Ms } from "../../../src/model.ts";
import { BLOCK, done, entriesOf, evidence, MINUTE, old, recordOf, revision, rollout, START } from "./a-guard.ts";

const between = revision(65);
const began = START - 20 * MINUTE;
const ended = START - 5 * MINUTE;

/** A guard of the revision between the old one and the new one. */
function earlier(bodies: readonly (EntryBody & { readonly at?: Ms })[], over: Partial<GuardRecord["rollout"]> = {}): GuardRecord {
  const its = { ...rollout, new: between, startedAt: began, ...over };
  return recordOf([], { name: "earlier-guard", rollout: its, entries: entriesOf(bodies) });
}

const finished = (phase: "superseded" | "passed" | "restored" | "inconclusive" | "unresolved", at = ended) =>
  ({ kind: "finished", phase, because: [], badServed: 0, at }) as const;
const completed = { kind: "completed", at: began + MINUTE } as const;
const withheld = { kind: "withheld", action: "rollback", because: [evidence] } as const;

describe("what of the time before a rollout says nothing of the old revision", () => {
  test.each<[string, GuardRecord, object | undefined]>([
    ["a rollout that was replaced before it was complete", earlier([finished("superseded", START)]), { to: START, why: "superseded" }],
    ["one whose guard has not noticed yet that it was replaced", earlier([]), { to: START, why: "superseded" }],
    ["a guard that ends after the next rollout began", earlier([finished("superseded", START + BLOCK)]), { to: START, why: "superseded" }],
    ["a revision that was taken back", earlier([...done("rollback"), finished("restored")]), { to: ended, why: "bad-revision" }],
    ["one that was to be taken back and was not", earlier([withheld, finished("unresolved")]), { to: ended, why: "bad-revision" }],
    ["one that was braked until it was replaced", earlier([...done("brake"), finished("superseded")]), { to: ended, why: "bad-revision" }],
    ["not: one that was braked, went on and passed", earlier([...done("brake"), ...done("release", 3), finished("passed")]), undefined],
    ["not: one that passed", earlier([completed, finished("passed")]), undefined],
    ["not: one that was complete when it was replaced", earlier([completed, finished("superseded")]), undefined],
    ["not: one without a verdict", earlier([completed, finished("inconclusive")]), undefined],
    ["not: the old revision's own rollout", earlier([withheld, finished("unresolved")], { new: old }), undefined],
    ["not: another workload", earlier([], { workload: { ...rollout.workload, uid: "another" } }), undefined],
    ["not: a rollout that began later", earlier([], { startedAt: START + MINUTE }), undefined],
  ])("%s", (_, other, wanted) => {
    const found = exclusionsOf(rollout, [other]);
    expect(found).toEqual(wanted === undefined ? [] : [{ from: began, guard: "earlier-guard", ...wanted }]);
  });

  test.each<[string, readonly (readonly [from: Ms, to: Ms])[], Ms]>([
    ["it ends at the start of the rollout", [], START],
    ["it ends where an unfinished rollout right before began", [[began, START]], began],
    [
      "also where several followed each other",
      [
        [began, ended],
        [ended + 1000, START],
      ],
      began,
    ],
    ["what lies further back moves no end", [[began, ended]], START],
    ["its end is the end of a block", [[began + 1, START - 2000]], began],
  ])("%s", (_, spans, wanted) => {
    const excluded = spans.map(([from, to]) => ({ from, to, guard: "g", why: "superseded" as const }));
    expect(endBefore(START + 7000, BLOCK, excluded)).toBe(wanted);
  });

  test.each([
    [began, false],
    [began + 1, true],
    [ended, true],
    [ended + BLOCK - 1, true],
    [ended + BLOCK, false],
  ])("a block that ends at %i overlaps: %s", (at, wanted) => {
    expect(isExcluded(at, BLOCK, [{ from: began, to: ended, guard: "g", why: "superseded" }])).toBe(wanted);
  });
});
