import { expect, test } from "vitest";
import { messageOf } from "../../../src/explain/message.ts";
import type { EntryBody, Receipt } from "../../../src/entry.ts";
import type { Reason } from "../../../src/reason.ts";
import { brake, errors, recordWith, rollback, startedAt } from "./sample-record.ts";

function receipt(of: Pick<Receipt, "kind" | "outcome" | "detail"> & Partial<Receipt>, action: string): EntryBody {
  return { kind: "receipt", receipt: { action, at: startedAt, ...of } };
}

function messageAbout(bodies: readonly EntryBody[], summary: { phase: "observing" | "verifying" | "unresolved"; braked: boolean }) {
  const record = recordWith(...bodies);
  const entry = record.entries.at(-1);
  if (entry === undefined) throw new Error("no entry");
  return messageOf(record, entry, summary, "prod-eu");
}

const intendedBrake: EntryBody = { kind: "intended", action: brake, because: [errors] };
const intendedRollback: EntryBody = { kind: "intended", action: rollback, because: [errors] };

test("a brake names the cluster, the numbers, the time and both commands", () => {
  const message = messageAbout([intendedBrake, receipt({ kind: "brake", outcome: "applied", detail: "paused" }, brake.id)], {
    phase: "observing",
    braked: true,
  });

  expect(message).toMatchObject({ id: "web-1a2b3c-1", kind: "braked", severity: "warning", phase: "observing", at: startedAt + 45_000 });
  expect(message?.title).toBe("[prod-eu] shop/web is braked: errors 20 %, limit 1 %");
  expect(message?.text).toBe(
    [
      "The rollout of revision 7 of Deployment shop/web is paused on early evidence; no further pods are replaced. Cluster prod-eu.",
      "- errors 20 % = 20x the limit (limit 1 %; old pods 0.33 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed.",
      "At 14:02:55 UTC, 45 s after the rollout began at 14:02:10 UTC. Guard web-1a2b3c.",
      "Let it go on: kubectl rollout resume deployment/web -n shop. Take it back now: kubectl rollout resume deployment/web -n shop && kubectl rollout undo deployment/web -n shop --to-revision=6. " +
        "While it is paused, `kubectl rollout undo` refuses and `kubectl rollout status` waits, so resume comes first.",
    ].join("\n"),
  );
});

test("a rollback says where it went and how to read what was bad", () => {
  const applied = receipt({ kind: "rollback", outcome: "applied", detail: "the template of web-6d4f8b is back" }, rollback.id);
  const message = messageAbout([intendedRollback, applied], { phase: "verifying", braked: false });

  expect(message).toMatchObject({ kind: "rolled-back", severity: "critical", because: [errors] });
  expect(message?.title).toBe("[prod-eu] shop/web rolled back to revision 6: errors 20 %, limit 1 %");
  expect(message?.text.split("\n")[0]).toBe(
    "Revision 7 of Deployment shop/web was taken back to revision 6: the template of web-6d4f8b is back. Cluster prod-eu.",
  );
  expect(message?.next).toBe("See what was in the bad revision: kubectl rollout history deployment/web -n shop --revision=7");
});

test("a refused rollback gives the server's words and the command to do it by hand", () => {
  const because: Reason = { code: "forbidden", detail: 'deployments.apps "web" is forbidden' };
  const refused = receipt({ kind: "rollback", outcome: "refused", detail: "the account may not do it", because }, rollback.id);
  const message = messageAbout([intendedRollback, refused], { phase: "observing", braked: false });

  expect(message).toMatchObject({ kind: "failed", severity: "critical" });
  expect(message?.title).toBe(
    '[prod-eu] shop/web rollback refused: the API server refused the change: deployments.apps "web" is forbidden',
  );
  expect(message?.next).toBe(
    "Give Rearguard's account the role in deploy/rbac/enforce.yaml. By hand: kubectl rollout undo deployment/web -n shop --to-revision=6",
  );
});

test.each<[string, Reason, boolean, string]>([
  [
    "owned by Argo CD",
    { code: "owned", owner: "argocd", name: "shop", mark: "tracking-id" },
    false,
    "Roll back where it is defined, in Argo CD application shop.",
  ],
  [
    "paused by a person",
    { code: "paused-by-other" },
    false,
    "Ask who paused it. Take it back by hand: kubectl rollout resume deployment/web -n shop && kubectl rollout undo deployment/web -n shop --to-revision=6",
  ],
  [
    "a first deploy",
    { code: "nothing-to-undo", why: "first-deploy" },
    false,
    "Deploy a fixed revision, or stop its pods: kubectl scale deployment/web -n shop --replicas=0",
  ],
  [
    "marked unsafe while braked",
    { code: "marked-unsafe", annotation: "rearguard.dev/rollback: unsafe" },
    true,
    "Check that the old revision still works with the present data, then: kubectl rollout resume deployment/web -n shop && kubectl rollout undo deployment/web -n shop --to-revision=6",
  ],
  ["observed only", { code: "observe-mode" }, false, "Take it back by hand: kubectl rollout undo deployment/web -n shop --to-revision=6"],
])("a rollback withheld because the workload is %s says what helps", (_, reason, braked, next) => {
  const message = messageAbout([{ kind: "withheld", action: "rollback", because: [errors, reason] }], { phase: "observing", braked });

  expect(message?.next).toBe(next);
  expect(message?.severity).toBe(reason.code === "observe-mode" ? "warning" : "critical");
  expect(message?.text).toContain(
    "Revision 7 of Deployment shop/web would have been rolled back, but Rearguard does not do it. Cluster prod-eu.",
  );
});

test("what was withheld is titled by what is wrong and by why nothing is done", () => {
  const because: readonly Reason[] = [errors, { code: "paused-by-other" }];
  const message = messageAbout([{ kind: "withheld", action: "rollback", because }], { phase: "observing", braked: false });

  expect(message?.title).toBe(
    "[prod-eu] shop/web rollback withheld: errors 20 %, limit 1 %; somebody else has paused the rollout, and their pause is left alone",
  );
});

test.each<[Reason, boolean, string, string]>([
  [
    { code: "shared-degradation", signal: "errors", newRatio: 0.3, oldRatio: 0.3, limit: 0.01, blocks: 4 },
    false,
    "warning",
    "something is wrong, but it does not point at revision 7",
  ],
  [
    { code: "no-usable-data", signal: "errors", outcome: "error", detail: "connection refused", forMs: 300_000 },
    true,
    "critical",
    "it cannot tell good from bad now",
  ],
])("a hold says what it is about ($code), and pages when a brake waits for a person", (reason, braked, severity, words) => {
  const message = messageAbout([{ kind: "held", because: [reason] }], { phase: "observing", braked });

  expect(message?.severity).toBe(severity);
  expect(message?.text).toContain(`The guard of Deployment shop/web is on hold: ${words}. Nothing is rolled back.`);
  expect(message?.text.includes("kubectl rollout resume deployment/web -n shop")).toBe(braked);
});

test("an unresolved end is critical and counts what was served", () => {
  const because: readonly Reason[] = [{ code: "not-recovered", detail: "errors 18 %, limit 1 %", afterMs: 300_000 }];
  const message = messageAbout([{ kind: "finished", phase: "unresolved", because, badServed: 12_678 }], {
    phase: "unresolved",
    braked: false,
  });

  expect(message?.severity).toBe("critical");
  expect(message?.text).toContain(
    "Deployment shop/web is NOT resolved: somebody has to look at it now. The guarded revision served 12,678 bad requests.",
  );
  expect(message?.next).toContain("kubectl describe deployment/web -n shop");
});

test.each<[string, EntryBody]>([
  ["an intent", intendedRollback],
  ["a completed rollout", { kind: "completed" }],
  ["a finished drain", receipt({ kind: "drain", outcome: "applied", detail: "scaled to 2" }, "d")],
])("%s is nobody's news", (_, body) => {
  expect(messageAbout([body], { phase: "observing", braked: false })).toBeUndefined();
});

test.each<EntryBody>([
  { kind: "opened", because: [] },
  { kind: "held", because: [errors] },
  { kind: "withheld", action: "brake", because: [{ code: "observe-mode" }] },
  receipt({ kind: "release", outcome: "applied", detail: "resumed" }, "r"),
  receipt({ kind: "rollback", outcome: "dry-run", detail: "accepted" }, rollback.id),
  receipt({ kind: "drain", outcome: "failed", detail: "timed out" }, "d"),
  { kind: "finished", phase: "passed", because: [], badServed: 0 },
  { kind: "finished", phase: "inconclusive", because: [], badServed: 0 },
])("every message names the cluster in title and text ($kind)", (body) => {
  const message = messageAbout([body], { phase: "observing", braked: false });

  expect(message?.title).toContain("[prod-eu]");
  expect(message?.text).toContain("Cluster prod-eu.");
  expect(message?.text).not.toContain("undefined");
});

test("a message links to its guard where the settings tell how people reach the API", () => {
  const record = recordWith(intendedBrake, receipt({ kind: "brake", outcome: "applied", detail: "paused" }, brake.id));
  const [entry] = record.entries.slice(-1);
  const linkFor = (externalUrl?: string) =>
    entry && messageOf(record, entry, { phase: "observing", braked: true }, "prod-eu", externalUrl)?.link;

  expect(linkFor("https://rearguard.example/base/")).toBe("https://rearguard.example/base/api/v1/guards/web-1a2b3c");
  expect(linkFor()).toBeUndefined();
});

test("a message names who began the rollout, where that is certain", () => {
  const record = recordWith(intendedBrake, receipt({ kind: "brake", outcome: "applied", detail: "paused" }, brake.id));
  const [entry] = record.entries.slice(-1);
  const changed = { ...record, rollout: { ...record.rollout, changedBy: "kubectl-set" } };

  const text = entry && messageOf(changed, entry, { phase: "observing", braked: true }, "prod-eu")?.text;

  expect(text).toContain("45 s after the rollout began at 14:02:10 UTC, by a change of kubectl-set. Guard web-1a2b3c.");
});
