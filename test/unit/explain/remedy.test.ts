import { expect, test } from "vitest";
import { headline, explainReason } from "../../../src/explain/reason.ts";
import type { RemedyReason } from "../../../src/reason/remedy.ts";

const since = Date.UTC(2026, 10, 23, 14, 0, 0);
const minute = 60_000;
const fires = {
  code: "alert-fires",
  name: "Slow",
  labels: { severity: "page" },
  summary: "p95 812 ms",
  since,
  forMs: 4 * minute,
  others: 0,
} as const;

// Keyed by code, so that a code without a golden sentence does not compile.
const golden: Readonly<Record<RemedyReason["code"], readonly (readonly [RemedyReason, string])[]>> = {
  "alert-fires": [
    [fires, 'alert Slow {severity="page"} fires since 14:00:00 UTC, for 4 min: p95 812 ms'],
    [
      { ...fires, labels: {}, summary: "", others: 2 },
      "alert Slow fires since 14:00:00 UTC, for 4 min; 2 other alerts of this workload fire too",
    ],
  ],
  "alert-over": [
    [{ code: "alert-over", name: "Slow", firings: 1, afterMs: 5 * minute }, "alert Slow is over, 5 min after this guard opened"],
    [
      { code: "alert-over", name: "Slow", firings: 3, afterMs: minute },
      "alert Slow is over, 1 min after this guard opened (it fired 3 times)",
    ],
  ],
  "schedule-due": [
    [{ code: "schedule-due", cron: "0 6 * * *", timeZone: "UTC", due: since }, 'it was due at 14:00:00 UTC ("0 6 * * *", UTC)'],
  ],
  condition: [
    [
      { code: "condition", signal: "cpu", state: "not", detail: "it is not above 0.8 (0.31)" },
      "cpu: it does not hold: it is not above 0.8 (0.31)",
    ],
    [{ code: "condition", signal: "cpu", state: "unknown", detail: "no answer" }, "cpu: nobody knows whether it holds: no answer"],
  ],
  "plan-scale": [
    [{ code: "plan-scale", from: 4, to: 6, replicas: 4, owner: "workload", name: "" }, "there are 4 pods, 6 are wanted"],
    [
      { code: "plan-scale", from: 2, to: 8, replicas: 6, owner: "hpa", name: "web" },
      "there are 6 pods; HorizontalPodAutoscaler web is to keep at least 8 instead of 2",
    ],
  ],
  "plan-restart": [
    [
      { code: "plan-restart", pod: "web-a", nth: 1, of: 2, because: "restarts", value: 1 },
      "pod web-a is the worst of those that are there: restarted once (1 of 2 to restart)",
    ],
    [
      { code: "plan-restart", pod: "web-a", nth: 2, of: 2, because: "not-ready", value: 90_000 },
      "pod web-a is the worst of those that are there: not ready for 1 min 30 s (2 of 2 to restart)",
    ],
  ],
  "plan-rollback": [
    [{ code: "plan-rollback", from: 7, to: 6, ageMs: 10 * minute }, "revision 7 is 10 min old, and revision 6 is known to be good"],
  ],
  "plan-job": [[{ code: "plan-job", job: "web-fix" }, "Job web-fix is what the policy runs now"]],
  "scale-limit": [
    [
      { code: "scale-limit", replicas: 10, wanted: 12, limit: 10, by: "most", name: "" },
      "12 pods were wanted, 10 pods are there, and the policy allows at most 10",
    ],
    [
      { code: "scale-limit", replicas: 1, wanted: 3, limit: 1, by: "keda", name: "web" },
      "3 pods were wanted, 1 pod is there, and ScaledObject web allows at most 1",
    ],
  ],
  "revision-too-old": [
    [
      { code: "revision-too-old", ageMs: 90 * minute, withinMs: 60 * minute },
      "the running revision is 1 h 30 min old; only one younger than 1 h is blamed",
    ],
    [{ code: "revision-too-old", ageMs: null, withinMs: 60 * minute }, "nobody knows how old the running revision is, so it is not blamed"],
  ],
  "rollout-guard": [[{ code: "rollout-guard", guard: "web-1" }, "guard web-1 judges a rollout of this workload and decides first"]],
  progressing: [
    [
      { code: "progressing", updated: 1, desired: 4, replicas: 5 },
      "a rollout is under way: 1 of 4 pods have the newest template, 5 are there",
    ],
  ],
  "not-helped": [
    [
      { code: "not-helped", step: "scale", nth: 1, of: 3, afterMs: 11 * minute, withinMs: 10 * minute },
      "step 1 of 3, scale, has not helped within 10 min",
    ],
  ],
  "over-for-now": [
    [
      { code: "over-for-now", afterMs: minute, restoreInMs: 30 * minute },
      "what was scaled is given back in 30 min if the trouble stays away",
    ],
    [{ code: "over-for-now", afterMs: minute, restoreInMs: 0 }, "what was scaled is given back now"],
  ],
  "trouble-again": [[{ code: "trouble-again", afterMs: 2 * minute }, "it came back 2 min after it was over"]],
  "given-back": [
    [{ code: "given-back", from: 6, to: 4, heldMs: 40 * minute }, "what was scaled was given back after 40 min: from 6 to 4"],
    [
      { code: "given-back", from: 6, to: null, heldMs: minute },
      "what was scaled was given back after 1 min: from 6 to what was there without a number",
    ],
  ],
  "ladder-over": [
    [{ code: "ladder-over", steps: 3, done: 2 }, "all 3 steps of the policy are used up (2 actions carried out)"],
    [{ code: "ladder-over", steps: 1, done: 0 }, "the one step of the policy is used up, and nothing was changed"],
  ],
  "job-ended": [
    [{ code: "job-ended", job: "web-fix", outcome: "passed", detail: "", log: "" }, "Job web-fix did its work"],
    [
      { code: "job-ended", job: "web-fix", outcome: "failed", detail: "exit code 1", log: "no space left\n" },
      "Job web-fix failed: exit code 1; its last lines:\nno space left\n",
    ],
  ],
};

test.each(Object.values(golden).flat())("%j reads as a clause with its numbers", (reason, sentence) => {
  expect(explainReason(reason)).toBe(sentence);
});

test("the headline of an alert leaves its labels and words out", () => {
  expect(headline(fires)).toBe("alert Slow fires for 4 min");
});
