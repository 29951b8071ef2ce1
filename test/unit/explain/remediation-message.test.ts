import { expect, test } from "vitest";
import { remediationMessageOf } from "../../../src/explain/remediation/message.ts";
import type { Reason } from "../../../src/reason.ts";
import type { RemediationEntryBody } from "../../../src/remediation.ts";
import { MINUTE } from "../guards/a-guard.ts";
import { recordOf, remediationOf, slow } from "../guards/remediation/a-remedy.ts";

const policy = remediationOf("do: [{ scale: { by: 2 } }, { rollback: {} }, notify]");
const fires: Reason = { code: "alert-fires", name: "Slow", labels: {}, summary: "", since: slow.startsAt, forMs: MINUTE, others: 0 };
const paused: Reason = { code: "governor", rule: "paused", detail: "all action was paused by alice 3 s ago: storage is being moved" };
const notHelped: Reason = { code: "not-helped", step: "rollback", nth: 2, of: 3, afterMs: 11 * MINUTE, withinMs: 10 * MINUTE };

/** Of the last of these entries. */
function told(...bodies: readonly RemediationEntryBody[]) {
  const record = recordOf(policy, bodies);
  const last = record.entries.at(-1);
  if (last === undefined) throw new Error("no entry");
  const message = remediationMessageOf(record, last, "observing", "test");
  if (message === undefined) throw new Error("nobody's news");
  return message;
}

test("whoever is paged reads what came of each step", () => {
  const { title, text } = told(
    { kind: "escalated", step: 0, because: [fires, paused] },
    { kind: "escalated", step: 1, because: [fires, notHelped] },
    { kind: "finished", phase: "unresolved", because: [fires, { code: "ladder-over", steps: 3, done: 1 }] },
  );
  expect(title).toBe(
    "[test] shop/web NOT resolved: alert Slow fires for 1 min; all 3 steps of the policy are used up (1 action carried out)",
  );
  expect(text.split("\n").filter((line) => line.startsWith("- "))).toEqual([
    expect.stringMatching(/^- alert Slow .*fires/),
    '- held back by the safety rule "paused": all action was paused by alice 3 s ago: storage is being moved.',
    "- step 2 of 3, rollback, has not helped within 10 min.",
    "- all 3 steps of the policy are used up (1 action carried out).",
  ]);
});

test.each<[string, RemediationEntryBody, string, string]>([
  [
    "the trouble is over for now, and not the workload",
    { kind: "noted", because: [{ code: "over-for-now", afterMs: MINUTE, restoreInMs: MINUTE }] },
    "[test] shop/web over for now",
    "The trouble of Deployment shop/web is over for now.",
  ],
  [
    "a Job has ended",
    { kind: "noted", because: [{ code: "job-ended", job: "web-fix", outcome: "passed", detail: "", log: "" }] },
    "[test] shop/web Job ended: Job web-fix did its work",
    "A Job for Deployment shop/web has ended.",
  ],
])("says that %s", (_what, body, title, sentence) => {
  const message = told(body);
  expect(message.title.startsWith(title)).toBe(true);
  expect(message.text).toContain(sentence);
});

test("what holds a step comes with what a person can do about it", () => {
  const of = (because: Reason) => told({ kind: "withheld", action: "scale", step: 0, because: [fires, because] }).next;
  expect(of(paused)).toBe("Resume all action at the API when it is safe.");
  expect(of({ code: "governor", rule: "frozen", detail: "" })).toContain("kubectl annotate deployment/web -n shop rearguard.dev/freeze-");
  expect(of({ code: "governor", rule: "cooldown", detail: "" })).toBe("Look at it: kubectl describe deployment/web -n shop");
  expect(of({ code: "forbidden", detail: "" })).toContain("deploy/rbac/remediate.yaml");
});
