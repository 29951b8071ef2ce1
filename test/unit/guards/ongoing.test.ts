import { expect, test } from "vitest";
import { troubleOf } from "../../../src/guards/ongoing.ts";
import { openRun } from "../../../src/guards/run.ts";
import type { EntryBody } from "../../../src/entry.ts";
import { BLOCK, crashing, done, evidence, MINUTE, recordOf, START } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };
const trouble = (entries: readonly EntryBody[]) => troubleOf(openRun(recordOf(entries), pace), START + 10 * MINUTE);
const withheld: EntryBody = { kind: "withheld", action: "rollback", because: [crashing] };

test.each<[string, readonly EntryBody[], object | undefined]>([
  ["a guard that watches", [], undefined],
  ["one that brakes", done("brake", 1), { since: START + BLOCK, because: [evidence], awaits: [] }],
  ["one whose brake is off again", [...done("brake", 1), ...done("release", 3)], undefined],
  ["one that would act and may not", [withheld], { since: START + BLOCK, because: [crashing], awaits: [] }],
  [
    "one that verifies its rollback: since it began to act",
    [...done("brake", 1), ...done("rollback", 3)],
    { since: START + BLOCK, because: [evidence], rolledBackAt: START + 2 * BLOCK, awaits: [] },
  ],
  ["one that has ended, however", [withheld, { kind: "finished", phase: "unresolved", because: [], badServed: 0 }], undefined],
])("%s", (_, entries, wanted) => {
  expect(trouble(entries)).toEqual(wanted);
});
