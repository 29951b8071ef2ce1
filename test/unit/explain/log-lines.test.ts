import { expect, test } from "vitest";
import { blockTable } from "../../../src/explain/blocks.ts";
import { explainReason, headline } from "../../../src/explain/reason.ts";
import type { Reason } from "../../../src/reason.ts";

const unit = "pod-minutes";
const evidence: Reason = {
  code: "evidence",
  signal: "error-logs",
  evidence: 1998,
  needed: 1111,
  badRatio: 14.2,
  burn: 2.37,
  effectiveLimit: 6,
  limitSource: "limit",
  limit: 6,
  oldRatio: 0.5,
  baselineRatio: 0.4,
  total: 9,
  bad: 128,
  blocks: 4,
  unit,
};

const refused = {
  pattern: "connect ECONNREFUSED *",
  lines: 120,
  pods: ["web-2-a", "web-2-b"],
  of: 4,
  last: Date.UTC(2026, 10, 23, 14, 0, 15),
};

test.each<[string, Reason]>([
  [
    "error-logs 14.2 lines/min/pod = 2.4x the limit (limit 6 lines/min/pod; old pods 0.5 lines/min/pod) in 4 blocks, 128 log lines in 9 pod-minutes; evidence 1998 of 1111 needed",
    evidence,
  ],
  [
    "error-logs 14.2 lines/min/pod = 2.4x the limit (max of 6 lines/min/pod limit, 8 lines/min/pod by the time before the rollout (0.4 lines/min/pod)) in 4 blocks, 128 log lines in 9 pod-minutes; evidence 1998 of 1111 needed",
    { ...evidence, limitSource: "baseline", effectiveLimit: 8 },
  ],
  [
    'error-logs 14.2 lines/min/pod = 2.4x the limit (limit 6 lines/min/pod; old pods 0.5 lines/min/pod) in 4 blocks, 128 log lines in 9 pod-minutes; evidence 1998 of 1111 needed; the most frequent of the lines: "connect ECONNREFUSED *" (120 lines of 4 pods, web-2-a and 3 more, last at 14:00:15 UTC); "boom" (1 line of pod web-2-a, last at 14:00:15 UTC)',
    { ...evidence, quotes: [refused, { ...refused, pattern: "boom", lines: 1, of: 1 }] },
  ],
  [
    'error-logs 14.2 lines/min/pod = 2.4x the limit (limit 6 lines/min/pod; old pods 0.5 lines/min/pod) in 4 blocks, 110 log lines in 9 pod-minutes; evidence 1998 of 1111 needed; most of the lines: "connect ECONNREFUSED *" (120 lines of 4 pods, web-2-a and 3 more, last at 14:00:15 UTC)',
    { ...evidence, bad: 110, quotes: [refused] },
  ],
  [
    'error-logs 14.2 lines/min/pod = 2.4x the limit (limit 6 lines/min/pod; old pods 0.5 lines/min/pod) in 4 blocks, 128 log lines in 9 pod-minutes; evidence 1998 of 1111 needed; the most frequent of the lines that were read, which are not all: "connect ECONNREFUSED *" (120 lines of 4 pods, web-2-a and 3 more, last at 14:00:15 UTC)',
    { ...evidence, quotes: [refused], partly: true },
  ],
  [
    "error-logs 14.2 lines/min/pod = 2.4x the limit (limit 6 lines/min/pod; old pods 0.5 lines/min/pod) in 4 blocks, 128 log lines in 9 pod-minutes; evidence 1998 of 1111 needed; the lines could not be read (Elasticsearch did not answer within 2 s.)",
    { ...evidence, unread: "Elasticsearch did not answer within 2 s." },
  ],
  [
    "error-logs 0.5 lines/min/pod is within its limit of 6 lines/min/pod (120 log lines in 240 pod-minutes; evidence against it 0.5)",
    { code: "within-limits", signal: "error-logs", total: 240, bad: 120, badRatio: 0.5, limit: 6, evidence: 0.5, unit },
  ],
  [
    "error-logs: only 0.43 pod-minutes seen, 0.5 are needed for a verdict",
    { code: "not-enough-requests", signal: "error-logs", total: 0.4333, needed: 0.5, unit },
  ],
  [
    "error-logs recovered: 0.5 lines/min/pod, limit 6 lines/min/pod, over 4 blocks, 1 min after the rollback",
    { code: "recovered", signal: "error-logs", blocks: 4, badRatio: 0.5, limit: 6, afterMs: 60_000, unit },
  ],
  [
    "error-logs: the old revision was already above the limit (10 lines/min/pod before the rollout, limit 6 lines/min/pod), so 16 lines/min/pod is used instead",
    { code: "baseline-above-limit", signal: "error-logs", baselineRatio: 10, limit: 6, effectiveLimit: 16, unit },
  ],
  [
    "error-logs: nearly all the trouble comes from one pod, web-2 on node n1 (240 lines/min/pod; 0 lines/min/pod without it), so suspect the node before the revision",
    { code: "suspect-pod", signal: "error-logs", pod: "web-2", node: "n1", badRatio: 240, withoutIt: 0, unit },
  ],
  [
    "error-logs: old and new pods are bad alike (new 40 lines/min/pod, old 38 lines/min/pod, limit 6 lines/min/pod) for 4 blocks, so the cause is shared and a rollback would not help",
    { code: "shared-degradation", signal: "error-logs", newRatio: 40, oldRatio: 38, limit: 6, blocks: 4, unit },
  ],
])("%s", (words, reason) => {
  expect(explainReason(reason)).toBe(words);
});

test("a long pattern is quoted cut, and a headline has none", () => {
  const long = { ...evidence, quotes: [{ ...refused, pattern: "x".repeat(300) }] };
  expect(explainReason(long)).toMatch(/"x{239}…" \(120 lines/);
  expect(headline(long)).toBe(headline(evidence));
});

test("a headline has the rate and the limit", () => {
  expect(headline(evidence)).toBe("error-logs 14.2 lines/min/pod, limit 6 lines/min/pod");
});

test("a table of blocks has rates and pod-minutes", () => {
  const at = Date.UTC(2026, 10, 23, 14, 0, 15);
  const block = { at, newTotal: 0.75, newBad: 12, oldTotal: 2, oldBad: 1, limit: 6, baselineLimit: 0, controlLimit: null };
  const audit = {
    ...block,
    effectiveLimit: 6,
    limitSource: "limit",
    burn: 2.667,
    sustainBlocks: 4,
    evidence: 1.3,
    outcome: "breach",
  } as const;
  expect(blockTable([audit], unit)[1]?.split(/ {2,}/)).toEqual([
    "14:00:15 UTC",
    "12 of 0.75",
    "1 of 2",
    "6 lines/min/pod",
    "-",
    "-",
    "6 lines/min/pod",
    "2.667",
    "4",
    "1.3",
    "breach",
  ]);
});
