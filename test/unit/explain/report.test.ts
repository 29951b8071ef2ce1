import { expect, test } from "vitest";
import { reportSentences } from "../../../src/explain/report.ts";
import type { GuardReport } from "../../../src/report.ts";

const at = (seconds: number) => Date.UTC(2026, 10, 23, 14, 0, seconds);

const report: GuardReport = {
  startedAt: at(0),
  badSince: at(15),
  badUntil: at(90),
  brakedAt: at(45),
  rolledBackAt: at(60),
  verifiedAt: at(180),
  served: {
    signal: "errors",
    condemned: { revision: 7, before: { total: 900, bad: 180 }, after: { total: 60, bad: 12 } },
    old: { revision: 6, before: { total: 20_000, bad: 3 }, after: { total: 9_000, bad: 1 } },
  },
};

test.each<[string, GuardReport, string]>([
  [
    "a rollback with all its numbers",
    report,
    "Bad from 14:00:15 UTC to 14:01:30 UTC (1 min 15 s): bad requests until its end were 196 in all, by errors: revision 7 180 of 900 before the rollback, 12 of 60 after it; revision 6 3 of 20,000 before the rollback, 1 of 9000 after it. Braked after 30 s, rolled back after 45 s, verified after 2 min 45 s, counted from when the first bad block began.",
  ],
  [
    "pods that never served: only its times",
    { startedAt: at(0), rolledBackAt: at(20), verifiedAt: at(30) },
    "Rolled back after 20 s, verified after 30 s, counted from the start of the rollout.",
  ],
  ["only a brake", { startedAt: at(0), brakedAt: at(20) }, "Braked after 20 s, counted from the start of the rollout."],
])("%s", (_, given, wanted) => {
  expect(reportSentences(given)).toBe(wanted);
});
