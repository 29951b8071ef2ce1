import { expect, test } from "vitest";
import { summaryLine } from "../../../src/explain/summary.ts";
import type { EntryBody, Receipt } from "../../../src/entry.ts";
import { brake, errors, recordWith, rollback, startedAt } from "./sample-record.ts";

function receipt(of: Pick<Receipt, "action" | "kind" | "outcome"> & Partial<Receipt>): EntryBody {
  return { kind: "receipt", receipt: { at: startedAt, detail: "done", ...of } };
}

const intended: EntryBody = { kind: "intended", action: rollback, because: [errors] };
const opened: EntryBody = { kind: "opened", because: [] };

test.each<[string, readonly EntryBody[]]>([
  ["opened", []],
  ["watching", [opened]],
  ["rollout complete, still watching", [opened, { kind: "completed" }]],
  ["braking: errors 20 %, limit 1 %", [opened, { kind: "intended", action: brake, because: [errors] }]],
  ["rolled back: errors 20 %, limit 1 %", [opened, intended, receipt({ action: rollback.id, kind: "rollback", outcome: "applied" })]],
  [
    "rolled back: errors 20 %, limit 1 %",
    [
      opened,
      intended,
      receipt({ action: rollback.id, kind: "rollback", outcome: "applied" }),
      receipt({ action: "drain", kind: "drain", outcome: "applied" }),
    ],
  ],
  [
    "rollback refused: somebody changed the workload meanwhile: new template",
    [
      opened,
      intended,
      receipt({ action: rollback.id, kind: "rollback", outcome: "refused", because: { code: "conflict", detail: "new template" } }),
    ],
  ],
  ["rollback failed: done", [intended, receipt({ action: rollback.id, kind: "rollback", outcome: "failed" })]],
  ["would have rolled back: errors 20 %, limit 1 %", [intended, receipt({ action: rollback.id, kind: "rollback", outcome: "dry-run" })]],
  [
    "rollback withheld: the policy only observes (mode: observe)",
    [{ kind: "withheld", action: "rollback", because: [{ code: "observe-mode" }] }],
  ],
  [
    "restored: 8 of 8 pods ready after 12 s",
    [{ kind: "finished", phase: "restored", because: [{ code: "pods-ready", ready: 8, of: 8, afterMs: 12_000 }], badServed: 3 }],
  ],
])("a guard reads as: %s", (line, bodies) => {
  expect(summaryLine(recordWith(...bodies).entries)).toBe(line);
});

test("a line never grows past a table's column", () => {
  const because = [{ code: "limitation", detail: "x".repeat(5000) }] as const;

  expect(summaryLine(recordWith({ kind: "held", because }).entries)).toHaveLength(200);
});
