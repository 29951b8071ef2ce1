import { expect, test } from "vitest";
import { explainReason, headline } from "../../../src/explain/reason.ts";
import type { Reason, ReasonCode } from "../../../src/model.ts";
import { errors } from "./sample-record.ts";

const liveControl: Reason = { ...errors, limitSource: "live-control", effectiveLimit: 0.06, oldRatio: 0.04, burn: 3.34 };
const baseline: Reason = { ...errors, limitSource: "baseline", effectiveLimit: 0.03, oldRatio: null, baselineRatio: 0.02, burn: 6.7 };
const alone: Reason = { ...errors, oldRatio: null, baselineRatio: null, blocks: 1 };
const before: Reason = { ...errors, oldRatio: null };
const controlWithoutRatio: Reason = { ...errors, limitSource: "live-control", effectiveLimit: 0.06, oldRatio: 0, burn: 3.34 };
const ownLatency: Reason = { ...errors, signal: "latency", ownBound: { thresholdMs: 91.7004, quantile: 0.99 } };

// Keyed by code, so that a code without a golden sentence does not compile.
const golden: Readonly<Record<ReasonCode, readonly (readonly [Reason, string])[]>> = {
  evidence: [
    [errors, "errors 20 % = 20x the limit (limit 1 %; old pods 0.33 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed"],
    [
      liveControl,
      "errors 20 % = 3.3x the limit (max of 1 % limit, 6 % = 1.5x old pods 4 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
    [
      baseline,
      "errors 20 % = 6.7x the limit (max of 1 % limit, 3 % = 1.5x before the rollout 2 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
    [
      alone,
      "errors 20 % = 20x the limit (limit 1 %; nothing older to compare with) in 1 block, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
    [
      before,
      "errors 20 % = 20x the limit (limit 1 %; before the rollout 0.3 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
    [
      controlWithoutRatio,
      "errors 20 % = 3.3x the limit (max of 1 % limit, 6 % from old pods) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
    [
      ownLatency,
      "latency 20 % slower than 91.7 ms (the old revision's own p99 bound) = 20x the limit (limit 1 %; old pods 0.33 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
  ],
  pods: [
    [
      {
        code: "pods",
        signal: "pods",
        trouble: "crash-loop",
        pods: ["web-a", "web-b"],
        of: 2,
        detail: "container app exited with 1 (Error)",
        forMs: 4000,
      },
      "pods: 2 of 2 new pods keep crashing (for 4 s: web-a, web-b): container app exited with 1 (Error)",
    ],
    [
      { code: "pods", signal: "pods", trouble: "image-pull", pods: ["a", "b", "c", "d", "e"], of: 8, detail: "", forMs: 120_000 },
      "pods: 5 of 8 new pods cannot pull their image (for 2 min: a, b, c and 2 more)",
    ],
    [
      {
        code: "pods",
        signal: "pods",
        trouble: "bad-config",
        pods: ["a"],
        of: 1,
        forMs: 30_000,
        detail: 'secret "db" not found',
      },
      'pods: 1 of 1 new pod cannot start with its configuration (for 30 s: a): secret "db" not found',
    ],
  ],
  threshold: [
    [
      { code: "threshold", signal: "cpu", value: 0.9412, comparison: "above", limit: 0.9, forMs: 300_000, series: 'pod="web-a"' },
      'cpu 0.9412 is above its limit 0.9 for 5 min (pod="web-a")',
    ],
    [
      { code: "threshold", signal: "orders", value: 2, comparison: "below", limit: 5, forMs: 60_000, series: "" },
      "orders 2 is below its limit 5 for 1 min",
    ],
  ],
  "suspect-pod": [
    [
      { code: "suspect-pod", signal: "errors", pod: "web-a", node: "node-3", badRatio: 0.8, withoutIt: 0.002 },
      "errors: nearly all the trouble comes from one pod, web-a on node node-3 (80 % bad; 0.2 % without it), so suspect the node before the revision",
    ],
  ],
  "shared-degradation": [
    [
      { code: "shared-degradation", signal: "errors", newRatio: 0.31, oldRatio: 0.3, limit: 0.01, blocks: 4 },
      "errors: old and new pods are bad alike (new 31 %, old 30 %, limit 1 %) for 4 blocks, so the cause is shared and a rollback would not help",
    ],
  ],
  "no-usable-data": [
    [
      { code: "no-usable-data", signal: "errors", outcome: "no-data", detail: "http_requests_total has no series", forMs: 300_000 },
      "errors: the source has no data for 5 min (http_requests_total has no series)",
    ],
    [
      { code: "no-usable-data", signal: "errors", outcome: "error", detail: "connection refused", forMs: 60_000 },
      "errors: the source does not answer properly for 1 min (connection refused)",
    ],
    [
      { code: "no-usable-data", signal: "errors", outcome: "too-few", detail: "3 requests", forMs: 60_000 },
      "errors: too few requests to judge for 1 min (3 requests)",
    ],
    [
      { code: "no-usable-data", signal: "orders", outcome: "too-few", detail: "3 events", forMs: 60_000, unit: "events" },
      "orders: too few events to judge for 1 min (3 events)",
    ],
  ],
  "not-enough-requests": [
    [
      { code: "not-enough-requests", signal: "errors", total: 41, needed: 300 },
      "errors: only 41 requests seen, 300 are needed for a verdict",
    ],
    [
      { code: "not-enough-requests", signal: "orders", total: 1, needed: 600, unit: "events" },
      "orders: only 1 event seen, 600 are needed for a verdict",
    ],
  ],
  "within-limits": [
    [
      {
        code: "within-limits",
        signal: "latency",
        total: 4000,
        bad: 150,
        badRatio: 0.0375,
        limit: 0.05,
        evidence: 0.4,
        ownBound: { thresholdMs: 100, quantile: 0.95 },
      },
      "latency 3.75 % slower than 100 ms (the old revision's own p95 bound) is within its limit of 5 % (150 bad of 4000; evidence against it 0.4)",
    ],
    [
      { code: "within-limits", signal: "errors", total: 54_210, bad: 108, badRatio: 108 / 54_210, limit: 0.01, evidence: 0.00031 },
      "errors 0.199 % is within its limit of 1 % (108 bad of 54,210; evidence against it 0.00031)",
    ],
  ],
  "baseline-above-limit": [
    [
      { code: "baseline-above-limit", signal: "errors", baselineRatio: 0.02, limit: 0.01, effectiveLimit: 0.03 },
      "errors: the old revision was already above the limit (2 % before the rollout, limit 1 %), so 3 % is used instead",
    ],
  ],
  "evidence-faded": [
    [
      { code: "evidence-faded", signal: "errors", evidence: 4.2, blocks: 4 },
      "errors: the evidence faded to 4.2 over 4 blocks with requests",
    ],
  ],
  superseded: [[{ code: "superseded", by: "revision 8 (web-9f)" }, "a newer revision arrived: revision 8 (web-9f)"]],
  "workload-deleted": [[{ code: "workload-deleted" }, "the workload was deleted"]],
  "observe-mode": [[{ code: "observe-mode" }, "the policy only observes (mode: observe)"]],
  "policy-only-notifies": [[{ code: "policy-only-notifies", signal: "cpu" }, "the policy only notifies on cpu"]],
  owned: [
    [
      { code: "owned", owner: "argocd", name: "shop", mark: "argocd.argoproj.io/tracking-id" },
      "it belongs to Argo CD application shop (argocd.argoproj.io/tracking-id), which would undo our change",
    ],
  ],
  "nothing-to-undo": [
    [{ code: "nothing-to-undo", why: "first-deploy" }, "this is the first revision, so there is nothing to go back to"],
    [{ code: "nothing-to-undo", why: "restart-only" }, "the rollout only restarted the pods (same template), so there is nothing to undo"],
    [{ code: "nothing-to-undo", why: "revision-gone" }, "the previous revision's ReplicaSet no longer exists (see revisionHistoryLimit)"],
    [{ code: "nothing-to-undo", why: "target-known-bad" }, "the previous revision is itself known to be bad"],
  ],
  "paused-by-other": [[{ code: "paused-by-other" }, "somebody else has paused the rollout, and their pause is left alone"]],
  "marked-unsafe": [
    [
      { code: "marked-unsafe", annotation: "rearguard.dev/rollback: unsafe" },
      "a rollback is marked unsafe by the annotation rearguard.dev/rollback: unsafe",
    ],
  ],
  governor: [
    [
      { code: "governor", rule: "cool-down", detail: "web was rolled back 4 min ago, the rule asks for 10 min" },
      'held back by the safety rule "cool-down": web was rolled back 4 min ago, the rule asks for 10 min',
    ],
  ],
  forbidden: [
    [
      { code: "forbidden", detail: 'deployments.apps "web" is forbidden' },
      'the API server refused the change: deployments.apps "web" is forbidden',
    ],
  ],
  conflict: [
    [
      { code: "conflict", detail: "its template is not the one that was judged" },
      "somebody changed the workload meanwhile: its template is not the one that was judged",
    ],
  ],
  recovered: [
    [
      { code: "recovered", signal: "errors", blocks: 4, badRatio: 0.0021, limit: 0.01, afterMs: 75_000 },
      "errors recovered: 0.21 %, limit 1 %, over 4 blocks, 1 min 15 s after the rollback",
    ],
  ],
  "pods-ready": [[{ code: "pods-ready", ready: 8, of: 8, afterMs: 12_000 }, "8 of 8 pods ready after 12 s"]],
  "not-recovered": [
    [
      { code: "not-recovered", detail: "errors 18 %, limit 1 %", afterMs: 300_000 },
      "still not recovered 5 min after the rollback: errors 18 %, limit 1 %",
    ],
  ],
  limitation: [
    [
      { code: "limitation", detail: "one replica: there is no old pod to compare with" },
      "one replica: there is no old pod to compare with",
    ],
  ],
};

test.each(Object.values(golden).flat())("$code is explained in a sentence with its numbers", (reason, sentence) => {
  expect(explainReason(reason)).toBe(sentence);
});

test("a headline keeps the two numbers that matter", () => {
  expect(headline(liveControl)).toBe("errors 20 %, limit 6 %");
  expect(headline({ code: "pods", signal: "pods", trouble: "never-ready", pods: ["a"], of: 3, detail: "x", forMs: 9 })).toBe(
    "1 of 3 new pods never became ready",
  );
});
