import { expect, test } from "vitest";
import { explainReason, headline } from "../../../src/explain/reason.ts";
import type { RemedyReason } from "../../../src/reason/remedy.ts";
import type { Reason, ReasonCode } from "../../../src/reason.ts";
import { errors } from "./sample-record.ts";

const liveControl: Reason = { ...errors, limitSource: "live-control", effectiveLimit: 0.06, oldRatio: 0.04, burn: 3.34 };
const baseline: Reason = { ...errors, limitSource: "baseline", effectiveLimit: 0.03, oldRatio: null, baselineRatio: 0.02, burn: 6.7 };
const alone: Reason = { ...errors, oldRatio: null, baselineRatio: null, blocks: 1 };
const peers = [
  { name: "shop/cart", ratio: 0.081, limit: 0.01 },
  { name: "shop/mail", ratio: 0.12, limit: 0.02 },
];
const before: Reason = { ...errors, oldRatio: null };
const controlWithoutRatio: Reason = { ...errors, limitSource: "live-control", effectiveLimit: 0.06, oldRatio: 0, burn: 3.34 };
const fast: Reason = { ...errors, mode: "fast" };

const burning: Reason = {
  code: "burn-rate",
  signal: "errors",
  factor: 3,
  limit: 0.01,
  longMs: 300_000,
  longTotal: 612,
  longBad: 26,
  shortMs: 60_000,
  shortTotal: 131,
  shortBad: 8,
};

const feasible: Reason = {
  code: "feasibility",
  signal: "errors",
  requestsPerMinute: 9.04,
  limit: 0.01,
  effectiveLimit: 0.01,
  historyMs: 6 * 3_600_000,
  windowMs: 1_800_000,
  smallest: 0.0466,
  delays: [
    { ratio: 1, afterMs: 60_000 },
    { ratio: 0.2, afterMs: 195_000 },
    { ratio: 0.02, afterMs: null },
  ],
  longestMs: 12 * 3_600_000,
};

const missing: Reason = {
  code: "traffic-missing",
  signal: "errors",
  counted: "all",
  newPerMinute: 1.25,
  oldPerMinute: 301,
  newPods: 2,
  oldPods: 6,
  blocks: 4,
  forMs: 60_000,
};
const ownLatency: Reason = { ...errors, signal: "latency", ownBound: { thresholdMs: 91.7004, quantile: 0.99 } };

const MIB = 2 ** 20;
const leak: Extract<Reason, { code: "resources" }> = {
  code: "resources",
  signal: "memory",
  resource: "memory",
  rule: "filling",
  pod: "web-2-a",
  container: "app",
  used: 412 * MIB,
  limit: 512 * MIB,
  share: null,
  forMs: 120_000,
  perHour: 105 * MIB,
  fullInMs: 57 * 60_000,
  pods: 3,
  of: 3,
  old: { share: 0.41, perHour: 2 * MIB },
};
const busy: typeof leak = {
  ...leak,
  signal: "cpu",
  resource: "cpu",
  rule: "above",
  used: 0.95,
  limit: 1,
  share: 0.9,
  forMs: 300_000,
  perHour: null,
  fullInMs: null,
  pods: 1,
  of: 2,
  old: { share: 0.4, perHour: null },
};
const newPattern: Reason = {
  code: "new-pattern",
  signal: "error-logs",
  pattern: "no contacts of *",
  lines: 120,
  pods: ["web-2-a"],
  of: 1,
  first: Date.UTC(2026, 10, 23, 14, 0, 15),
  lookbackMs: 6 * 3_600_000,
  sure: true,
};

// Keyed by code, so that a code without a golden sentence does not compile.
const golden: Readonly<Record<Exclude<ReasonCode, RemedyReason["code"]>, readonly (readonly [Reason, string])[]>> = {
  "at-maximum": [
    [
      { code: "at-maximum", owner: "hpa", name: "web", max: 10, least: 10, wanted: 12 },
      "HorizontalPodAutoscaler web already keeps its maximum of 10 pods, and its maximum is not raised",
    ],
    [
      { code: "at-maximum", owner: "keda", name: "worker", max: 10, least: null, wanted: 12 },
      "ScaledObject worker allows at most 10 pods, 12 are wanted, and its maximum is not raised",
    ],
  ],
  "disruption-budget": [
    [
      { code: "disruption-budget", pod: "web-1-a", detail: "The disruption budget web needs 2 healthy pods and has 2 currently" },
      "a PodDisruptionBudget does not let pod web-1-a go: The disruption budget web needs 2 healthy pods and has 2 currently",
    ],
  ],
  environment: [
    [
      { code: "environment", signal: "errors", suffering: peers, of: 5, blocks: 4, since: 0 },
      "errors: 2 of 5 other workloads, none of them rolling out, went over their own limits in the same 4 blocks (shop/cart 8.1 %, limit 1 %, shop/mail 12 %, limit 2 %), so suspect the environment before the revision",
    ],
  ],
  ordered: [[{ code: "ordered", by: "alice", reason: "the supplier has a fault" }, "ordered by alice: the supplier has a fault"]],
  cancelled: [
    [{ code: "cancelled", by: "dana", reason: "the cause is known" }, "dana cancelled it: the cause is known"],
    [{ code: "cancelled", by: "dana", reason: "" }, "dana cancelled it"],
  ],
  "called-off": [[{ code: "called-off", afterMs: 120_000 }, "the trouble was over when it was due, 2 min after it was announced"]],
  "peers-well": [
    [
      { code: "peers-well", signal: "errors", suffering: 0, of: 3 },
      "errors: no old pods are left to compare with; none of 3 other workloads had trouble at the same time",
    ],
    [
      { code: "peers-well", signal: "errors", suffering: 0, of: 1 },
      "errors: no old pods are left to compare with; the one other workload that was asked had no trouble",
    ],
    [
      { code: "peers-well", signal: "errors", suffering: 1, of: 1 },
      "errors: no old pods are left to compare with; 1 of 1 other workload had trouble at the same time",
    ],
  ],
  "peers-unknown": [
    [
      { code: "peers-unknown", signal: "errors", detail: "Prometheus did not answer" },
      "errors: no old pods are left to compare with, and how other workloads fared could not be asked (Prometheus did not answer)",
    ],
  ],
  evidence: [
    [
      { ...errors, seenBy: "callers" },
      "errors as callers see them 20 % = 20x the limit (limit 1 %; old pods 0.33 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
    [errors, "errors 20 % = 20x the limit (limit 1 %; old pods 0.33 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed"],
    [
      liveControl,
      "errors 20 % = 3.3x the limit (max of 1 % limit, 6 % by old pods (4 %)) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
    [
      baseline,
      "errors 20 % = 6.7x the limit (max of 1 % limit, 3 % by the time before the rollout (2 %)) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
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
      "errors 20 % = 3.3x the limit (max of 1 % limit, 6 % by old pods (0 %)) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
    [
      fast,
      "errors 20 % = 20x the limit (limit 1 %; old pods 0.33 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed (fast: the bound is approximate)",
    ],
    [
      { ...errors, signal: "latency", slowerThanMs: 500 },
      "latency 20 % slower than 500 ms = 20x the limit (limit 1 %; old pods 0.33 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
    [
      ownLatency,
      "latency 20 % slower than 91.7 ms (the old revision's own p99 bound) = 20x the limit (limit 1 %; old pods 0.33 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed",
    ],
  ],
  "new-pattern": [
    [
      newPattern,
      'error-logs: new pods log "no contacts of *" (120 lines of pod web-2-a, first at 14:00:15 UTC), which old pods did not log in 6 h before the rollout or since',
    ],
    [
      { ...newPattern, pods: ["web-2-a", "web-2-b"], of: 5, sure: false },
      'error-logs: new pods log "no contacts of *" (120 lines of 5 pods, web-2-a and 4 more, first at 14:00:15 UTC), which is not among the lines of old pods that could be read of 6 h before the rollout or since; they logged more, so it may not be new',
    ],
  ],
  "lines-without-pod": [
    [
      { code: "lines-without-pod", signal: "error-logs", lines: 12, field: "kubernetes.pod.name" },
      "error-logs: 12 error lines of the last minute in this namespace have no field kubernetes.pod.name: it cannot be said whose they are, and they are left out",
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
      'cpu 0.9412 is above its limit 0.9 for 5 min (pod="web-a"); a plain rule, without a bound on wrong rollbacks',
    ],
    [
      { code: "threshold", signal: "orders", value: 2, comparison: "below", limit: 5, forMs: 60_000, series: "" },
      "orders 2 is below its limit 5 for 1 min; a plain rule, without a bound on wrong rollbacks",
    ],
  ],
  resources: [
    [
      leak,
      "memory: app in pod web-2-a uses 412 MiB of its memory limit of 512 MiB, grows by 105 MiB/h and is full in 57 min (3 of 3 new pods; old pods: 41 %, 2 MiB/h); a plain rule, without a bound on wrong rollbacks",
    ],
    [
      { ...leak, held: "alike", old: { share: 0.8, perHour: 100 * MIB } },
      "memory: app in pod web-2-a uses 412 MiB of its memory limit of 512 MiB, grows by 105 MiB/h and is full in 57 min (3 of 3 new pods; old pods: 80 %, 100 MiB/h); old pods do the same, so a rollback would not help; a plain rule, without a bound on wrong rollbacks",
    ],
    [
      busy,
      "cpu: app in pod web-2-a uses 0.95 cores of its CPU limit of 1 core, 95 % where 90 % are allowed, for 5 min (1 of 2 new pods; old pods: 40 %); a plain rule, without a bound on wrong rollbacks",
    ],
    [
      { ...busy, old: { share: null, perHour: null } },
      "cpu: app in pod web-2-a uses 0.95 cores of its CPU limit of 1 core, 95 % where 90 % are allowed, for 5 min (1 of 2 new pods; old pods: no limit); a plain rule, without a bound on wrong rollbacks",
    ],
    [
      { ...busy, held: "no-old", old: null },
      "cpu: app in pod web-2-a uses 0.95 cores of its CPU limit of 1 core, 95 % where 90 % are allowed, for 5 min (1 of 2 new pods; no old pods seen); no such container of an old pod was seen, so it cannot be told whether this is new; a plain rule, without a bound on wrong rollbacks",
    ],
  ],
  "no-limit": [
    [
      { code: "no-limit", signal: "memory", resource: "memory", containers: ["app", "proxy"] },
      "memory: containers app, proxy have no memory limit (resources.limits.memory), so that cannot be judged",
    ],
    [
      { code: "no-limit", signal: "cpu", resource: "cpu", containers: ["app"] },
      "cpu: container app has no CPU limit (resources.limits.cpu), so that cannot be judged",
    ],
  ],
  "seen-briefly": [
    [
      { code: "seen-briefly", signal: "load", resource: "cpu", seenMs: 0, neededMs: 300_000, warmUpMs: 300_000 },
      "load: the CPU of the new pods was not looked at yet; its rule needs 5 min after a warm-up of 5 min",
    ],
    [
      { code: "seen-briefly", signal: "load", resource: "memory", seenMs: 60_000, neededMs: 300_000, warmUpMs: 0 },
      "load: the memory of the new pods was looked at for 1 min only; its rule needs 5 min",
    ],
  ],
  failures: [
    [
      { code: "failures", signal: "queue", value: 120, comparison: "above", limit: 100, failed: 3, of: 5, series: "" },
      "queue 120 is above its limit 100 in 3 of its last 5 samples; a plain rule, without a bound on wrong rollbacks",
    ],
  ],
  rate: [
    [
      { code: "rate", signal: "errors", badRatio: 25 / 600, bad: 25, total: 600, overMs: 60_000, limit: 0.01, forMs: 120_000 },
      "errors 4.17 % over 1 min is above the limit of 1 % for 2 min (25 of 600 requests); a plain rule, without a bound on wrong rollbacks",
    ],
  ],
  "burn-rate": [
    [
      burning,
      "errors 4.25 % over 5 min and 6.11 % over 1 min are above 3x the limit of 1 % (612 requests); a plain rule, without a bound on wrong rollbacks",
    ],
    [
      { ...burning, longBad: 12 },
      "errors 6.11 % over 1 min is above 3x the limit of 1 %, but 1.96 % over 5 min is not (612 requests); a plain rule, without a bound on wrong rollbacks",
    ],
  ],
  probe: [
    [
      {
        code: "probe",
        signal: "health",
        detail: "GET http://web.shop.svc/health answered 503 instead of 2xx",
        failed: 3,
        of: 5,
        everyMs: 30_000,
        sinceGoodMs: 90_000,
      },
      "health failed in 3 of its last 5 calls, one every 30 s: GET http://web.shop.svc/health answered 503 instead of 2xx, 1 min 30 s after a good one; old and new pods answer together; a plain rule, without a bound on wrong rollbacks",
    ],
  ],
  job: [
    [
      {
        code: "job",
        signal: "smoke",
        detail: "container test of pod smoke-1 ended with exit code 1",
        log: "GET /\nexpected 200, got 500\n",
      },
      "the smoke test smoke failed: container test of pod smoke-1 ended with exit code 1; its last line: expected 200, got 500; a plain rule, without a bound on wrong rollbacks",
    ],
    [
      { code: "job", signal: "smoke", detail: "container test of pod smoke-1 ended with exit code 1", log: "" },
      "the smoke test smoke failed: container test of pod smoke-1 ended with exit code 1; a plain rule, without a bound on wrong rollbacks",
    ],
  ],
  alert: [
    [
      {
        code: "alert",
        signal: "alerts",
        name: "HighErrorRate",
        labels: { severity: "critical", team: "shop" },
        summary: "checkout 5xx above 5 %",
        since: Date.UTC(2026, 10, 23, 14, 3, 7),
        forMs: 130_000,
        others: 0,
      },
      'alerts: alert HighErrorRate {severity="critical", team="shop"} fires since 14:03:07 UTC, for 2 min 10 s: checkout 5xx above 5 %; a plain rule, without a bound on wrong rollbacks',
    ],
    [
      {
        code: "alert",
        signal: "alerts",
        name: "HighErrorRate",
        labels: {},
        summary: "",
        since: Date.UTC(2026, 10, 23, 14, 3, 7),
        forMs: 600_000,
        others: 2,
        held: "before",
        afterStartMs: -300_000,
      },
      "alerts: alert HighErrorRate fires since 14:03:07 UTC, for 10 min; it fires 3 times; it began 5 min before the rollout, so it is not laid to the new revision",
    ],
    [
      {
        code: "alert",
        signal: "alerts",
        name: "HighErrorRate",
        labels: {},
        summary: "",
        since: Date.UTC(2026, 10, 23, 14, 3, 7),
        forMs: 60_000,
        others: 0,
        held: "before",
        afterStartMs: 20_000,
      },
      "alerts: alert HighErrorRate fires since 14:03:07 UTC, for 1 min; it began 20 s after the start of the rollout, when its rule still looked at the time before, so it is not laid to the new revision",
    ],
    [
      {
        code: "alert",
        signal: "alerts",
        name: "PodSlow",
        labels: { pod: "web-1" },
        summary: "",
        since: Date.UTC(2026, 10, 23, 14, 3, 7),
        forMs: 60_000,
        others: 0,
        held: "old-pod",
      },
      'alerts: alert PodSlow {pod="web-1"} fires since 14:03:07 UTC, for 1 min; it is about a pod of the old revision, so it is not laid to the new one',
    ],
    [
      {
        code: "alert",
        signal: "alerts",
        name: "PodSlow",
        labels: {},
        summary: "",
        since: Date.UTC(2026, 10, 23, 14, 3, 7),
        forMs: 60_000,
        others: 0,
        held: "alike",
      },
      "alerts: alert PodSlow fires since 14:03:07 UTC, for 1 min; the same alert fires since before the rollout, or of old pods too, so it is not laid to the new revision",
    ],
  ],
  diagnosis: [
    [
      {
        code: "diagnosis",
        namespace: "shop",
        kind: "Deployment",
        name: "web",
        finding: {
          ailment: "image-pull",
          pods: ["web-1", "web-2", "web-3", "web-4"],
          count: 4,
          words: "ErrImagePull: shop:2: not found.",
          container: "app",
          image: "shop:2",
        },
        of: 6,
      },
      "4 of 6 pods cannot pull image shop:2 (container app) (web-1, web-2, web-3 and 1 more): ErrImagePull: shop:2: not found; see whether the image is there and may be pulled: docker pull shop:2; kubectl get deployment/web -n shop -o jsonpath={.spec.template.spec.imagePullSecrets}",
    ],
    [
      {
        code: "diagnosis",
        namespace: "shop",
        kind: "Deployment",
        name: "web",
        finding: { ailment: "crash", pods: ["web-1"], count: 1, words: "", container: "app", exitCode: 1, log: "no database\ngiving up\n" },
        of: 1,
      },
      "1 of 1 pod crashes in container app (exit code 1) (web-1); its last lines:\nno database\ngiving up\nsee its whole log: kubectl logs web-1 -n shop -c app --previous",
    ],
    [
      {
        code: "diagnosis",
        namespace: "shop",
        kind: "Deployment",
        name: "web",
        finding: { ailment: "quota", pods: [], count: 3, words: "exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1" },
        of: 4,
      },
      "3 of 4 pods cannot be created within the namespace's quota or limits: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1; see what is used up: kubectl describe resourcequota,limitrange -n shop; then raise it, or ask for less: kubectl edit deployment/web -n shop",
    ],
  ],
  "endpoints-ready": [
    [
      { code: "endpoints-ready", services: [{ name: "web", ready: 4, fits: true }], pods: 4 },
      "Service web (4 ready endpoints) reaches the 4 restored pods",
    ],
    [
      {
        code: "endpoints-ready",
        services: [
          { name: "web", ready: 3, fits: true },
          { name: "web-headless", ready: 4, fits: true },
        ],
        pods: 4,
      },
      "Services web (3 ready endpoints), web-headless (4 ready endpoints) reach the 4 restored pods",
    ],
  ],
  "endpoints-missing": [
    [
      { code: "endpoints-missing", service: "web", fits: true, pods: 4 },
      "Service web has no ready endpoint among the 4 ready pods that were restored",
    ],
    [
      { code: "endpoints-missing", service: "web", fits: false, pods: 1 },
      "Service web has no ready endpoint among the 1 ready pod that was restored: its selector fits only the revision that was taken back",
    ],
  ],
  history: [
    [{ code: "history", was: 6, is: 8, between: [] }, "the history is as expected: revision 6 is the newest again, as revision 8"],
    [
      { code: "history", was: 6, is: 9, between: [8], cause: "kubectl apply" },
      'the history is as expected: revision 6 is the newest again, as revision 9; revision 8 came in between; somebody has changed its change cause to "kubectl apply"',
    ],
  ],
  "still-bad": [
    [
      { code: "still-bad", signal: "errors", blocks: 4, badRatio: 0.2, limit: 0.01 },
      "errors is still bad: 20 % over 4 blocks since the rollback, limit 1 %",
    ],
  ],
  tried: [
    [
      {
        code: "tried",
        actions: [
          { kind: "brake", outcome: "applied", at: Date.UTC(2026, 10, 23, 14, 0, 30) },
          { kind: "rollback", outcome: "failed", at: Date.UTC(2026, 10, 23, 14, 0, 45), to: 6 },
          { kind: "rollback", outcome: "applied", at: Date.UTC(2026, 10, 23, 14, 1, 15), to: 6 },
        ],
      },
      "tried: braked at 14:00:30 UTC, rollback failed at 14:00:45 UTC, rolled back to revision 6 at 14:01:15 UTC",
    ],
  ],
  certificate: [
    [
      { code: "certificate", signal: "health", host: "shop.example", days: 12, limit: 30 },
      "health: the certificate of shop.example runs out in 12 days, fewer than 30; that is no fault of the revision",
    ],
    [
      { code: "certificate", signal: "health", host: "shop.example", days: 0, limit: 30 },
      "health: the certificate of shop.example has run out, or does so within a day, fewer than 30; that is no fault of the revision",
    ],
  ],
  "rule-blind": [
    [
      { code: "rule-blind", signal: "errors", seen: 40, needed: 100, overMs: 60_000 },
      "errors: at most 40 requests came within 1 min, its rule needs 100",
    ],
    [
      { code: "rule-blind", signal: "cpu", seen: 2, needed: 5, overMs: null },
      "cpu: only 2 of the 5 samples that its rule looks at were answered",
    ],
  ],
  "window-extended": [
    [
      { code: "window-extended", signal: "errors", outcome: "error", silentMs: 570_000, byMs: 570_000 },
      "errors can be judged again; for 9 min 30 s the source does not answer properly, so the window ends 9 min 30 s later",
    ],
  ],
  "suspect-pod": [
    [
      { code: "suspect-pod", signal: "errors", pod: "gate-a", node: "unknown", badRatio: 0.8, withoutIt: 0.002, seenBy: "callers" },
      "errors: nearly all failed calls are those of one caller, pod gate-a (80 % failed; 0.2 % of the others'), so suspect that caller before the revision",
    ],
    [
      { code: "suspect-pod", signal: "errors", pod: "web-a", node: "node-3", badRatio: 0.8, withoutIt: 0.002 },
      "errors: nearly all the trouble comes from one pod, web-a on node node-3 (80 % bad; 0.2 % without it), so suspect the node before the revision",
    ],
  ],
  "suspect-node": [
    [
      {
        code: "suspect-node",
        signal: "pods",
        node: "node-3",
        pods: ["web-a", "web-b"],
        readyElsewhere: 4,
        neighbours: 0,
        unreadyNeighbours: 0,
      },
      "pods: all 2 new pods in trouble run on node node-3, and 4 new pods on other nodes are ready, so suspect the node before the revision",
    ],
    [
      { code: "suspect-node", signal: "pods", node: "node-3", pods: ["web-a"], readyElsewhere: 1, neighbours: 2, unreadyNeighbours: 1 },
      "pods: the only new pod in trouble runs on node node-3, and 1 new pod on other nodes is ready, and 1 of 2 pods that ran there before is not ready either, so suspect the node before the revision",
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
    [
      { code: "within-limits", signal: "errors", total: 1000, bad: 20, badRatio: 0.02, limit: 0.01, effectiveLimit: 0.028, evidence: 0.4 },
      "errors 2 % is over its limit of 1 %, but old pods or the time before the rollout allow up to 2.8 % (20 bad of 1000; evidence against it 0.4)",
    ],
    [
      { code: "within-limits", signal: "errors", total: 1000, bad: 11, badRatio: 0.011, limit: 0.01, effectiveLimit: 0.01, evidence: 1.2 },
      "errors 1.1 % is over its limit of 1 %, but not surely (11 bad of 1000; evidence against it 1.2)",
    ],
  ],
  "passed-early": [
    [
      { code: "passed-early", signal: "errors", evidence: 34.2, needed: 20, total: 12_000, bad: 12, limit: 0.01, afterMs: 300_000 },
      "errors passed early, 5 min after the rollout: at most 12 of 12,000 requests bad, evidence 34 of 20 needed that it is below its limit of 1 %",
    ],
  ],
  "baseline-above-limit": [
    [
      { code: "baseline-above-limit", signal: "errors", baselineRatio: 0.02, limit: 0.01, effectiveLimit: 0.03 },
      "errors: the old revision was already above the limit (2 % before the rollout, limit 1 %), so 3 % is used instead",
    ],
    [
      { code: "baseline-above-limit", signal: "errors", baselineRatio: 0.7, limit: 0.01, effectiveLimit: 1 },
      "errors: the old revision was already above the limit (70 % before the rollout, limit 1 %), so no share of bad ones would be more than it may be",
    ],
  ],
  "evidence-faded": [
    [
      { code: "evidence-faded", signal: "errors", evidence: 4.2, blocks: 4 },
      "errors: the evidence faded to 4.2 over 4 blocks with requests",
    ],
  ],
  preset: [
    [
      {
        code: "preset",
        signal: "errors",
        preset: "istio",
        metric: "istio_requests_total",
        pods: 6,
        statusLabel: "response_code",
        podLabel: "pod",
        passedOver: [],
      },
      "errors is judged by preset istio: found istio_requests_total of 6 pods with label response_code",
    ],
    [
      {
        code: "preset",
        signal: "latency",
        preset: "otel",
        metric: "http_server_request_duration_seconds_bucket",
        pods: 1,
        statusLabel: "http_response_status_code",
        podLabel: "exported_pod",
        passedOver: [{ preset: "istio", metric: "istio_request_duration_milliseconds_bucket", because: "mesh" }],
      },
      "latency is judged by preset otel: found http_server_request_duration_seconds_bucket of 1 pod, named by label exported_pod; istio (istio_request_duration_milliseconds_bucket) fits too, but what pods count themselves goes before what a mesh counts",
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
  "answers-well": [
    [
      { code: "answers-well", signal: "health", calls: 2, afterMs: 74_000 },
      "health answered well twice in a row, 1 min 14 s after the rollback",
    ],
  ],
  "pods-ready": [[{ code: "pods-ready", ready: 8, of: 8, afterMs: 12_000 }, "8 of 8 pods ready after 12 s"]],
  "not-recovered": [
    [
      { code: "not-recovered", detail: "errors 18 %, limit 1 %", afterMs: 300_000 },
      "still not recovered 5 min after the rollback: errors 18 %, limit 1 %",
    ],
  ],
  "traffic-missing": [
    [
      { ...missing, oldPods: 1 },
      "errors: a new pod gets 1.3 requests/min, an old one 300, over 4 blocks with 2 new pods and 1 old pod ready",
    ],
    [missing, "errors: a new pod gets 1.3 requests/min, an old one 300, over 4 blocks with 2 new pods and 6 old pods ready"],
    [
      { ...missing, counted: "successful", newPerMinute: 0 },
      "errors: a new pod answers well 0 requests/min, an old one 300, over 4 blocks with 2 new pods and 6 old pods ready",
    ],
  ],
  feasibility: [
    [
      feasible,
      "errors: at 9 requests/min this guard can see 4.66 % bad requests and more within 30 min (limit 1 %); a total failure takes about 1 min, 20 % takes about 3 min 15 s, 2 % takes more than 12 h",
    ],
    [
      { ...feasible, requestsPerMinute: 1234, effectiveLimit: 0.035, historyMs: 1_800_000, delays: [{ ratio: 1, afterMs: 60_000 }] },
      "errors: at 1200 requests/min this guard can see 4.66 % bad requests and more within 30 min (limit 1 %; with 30 min of history the effective limit is 3.5 %); a total failure takes about 1 min",
    ],
    [
      { ...feasible, requestsPerMinute: 0.2, smallest: null },
      "errors: at 0.2 requests/min this guard cannot see even a total failure within 30 min (limit 1 %)",
    ],
    [
      { ...feasible, requestsPerMinute: 0, smallest: null },
      "errors: no requests were counted in the 6 h before the rollout, so there is no baseline, and what this guard can see is not known",
    ],
  ],
  "not-judged": [
    [
      { code: "not-judged", signal: "latency", detail: "p95 old: there is no old revision to compare with" },
      "latency is not judged: p95 old: there is no old revision to compare with",
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
  expect(headline({ ...errors, signal: "latency", slowerThanMs: 500 })).toBe("latency 20 % slower than 500 ms, limit 1 %");
  expect(headline({ code: "pods", signal: "pods", trouble: "never-ready", pods: ["a"], of: 3, detail: "x", forMs: 9 })).toBe(
    "1 of 3 new pods never became ready",
  );
});
