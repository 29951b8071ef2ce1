import { expect, test } from "vitest";
import type { GuardSummary } from "../../../src/guards/guard.ts";
import { guardObjectOf, mostBytes, readGuardObject } from "../../../src/journal/guard-object.ts";
import type { BlockAudit, PodState } from "../../../src/model.ts";
import { brake, errors, recordWith, rollback, startedAt } from "../explain/sample-record.ts";

const summary: GuardSummary = {
  phase: "verifying",
  braked: false,
  message: "rolled back",
  evidence: 1998.3456,
  updatedAt: startedAt + 60_000,
};

const block: BlockAudit = {
  at: startedAt + 15_000,
  newTotal: 301,
  newBad: 61,
  oldTotal: 2900,
  oldBad: 9,
  limit: 0.01,
  baselineLimit: 0.0045000000000000005,
  controlLimit: null,
  effectiveLimit: 0.01,
  limitSource: "limit",
  burn: 20.26578073089701,
  sustainBlocks: 1,
  evidence: 12.700000000000001,
  outcome: "breach",
};

const crashing = { name: "app", ready: false, restarts: 2, waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } };

const pod: PodState = {
  uid: "p-1",
  name: "web-7c9a2e-x",
  podTemplateHash: "7c9a2e",
  created: startedAt,
  ready: false,
  gone: startedAt + 50_000,
  containers: [crashing],
};

const record = {
  ...recordWith(
    { kind: "opened", because: [] },
    { kind: "intended", action: brake, because: [errors] },
    { kind: "receipt", receipt: { action: brake.id, kind: "brake", outcome: "applied", at: startedAt + 46_000, detail: "paused" } },
    { kind: "intended", action: rollback, because: [{ ...errors, oldRatio: null }] },
  ),
  pods: [pod],
  baselines: { errors: { from: 1, to: 2, total: 54_210, bad: 163, dispersion: 1.0700000000000001, upper: 0.0036 } },
  audit: { errors: [block] },
  toldThrough: 3,
};

/** As the API server gives it back: through JSON, with its own metadata. */
function stored(guard: object): unknown {
  const { metadata, ...rest } = JSON.parse(JSON.stringify(guard)) as { metadata: object };
  return { ...rest, metadata: { ...metadata, uid: "u-1", resourceVersion: "42" } };
}

test("a record comes back from the custom resource exactly, to the last digit", () => {
  const read = readGuardObject(stored(guardObjectOf(record, summary)));

  expect(read).toEqual({ uid: "u-1", resourceVersion: "42", record, summary: { ...summary, evidence: 1998 } });
});

test("so do the alerts that were told while it was open", () => {
  const alert = { fingerprint: "c1f2", startsAt: startedAt + 1, labels: { alertname: "High" }, summary: "5 %", pod: "web-1" };
  const told = { ...record, alerts: { alerts: [alert, { ...alert, fingerprint: "77aa", endsAt: startedAt + 2 }] } };
  expect(readGuardObject(stored(guardObjectOf(told, summary)))).toMatchObject({ record: told });
});

test("a guard whose status was never written reads as one without entries", () => {
  const { status: _, ...created } = guardObjectOf(record, summary);

  const read = readGuardObject(stored(created));

  expect(read).toEqual({
    uid: "u-1",
    resourceVersion: "42",
    record: { ...record, entries: [], pods: [], baselines: {}, audit: {}, toldThrough: 0 },
  });
});

test("the object is found by its workload", () => {
  expect(guardObjectOf(record, summary).metadata).toEqual({
    name: "web-1a2b3c",
    namespace: "shop",
    labels: { "rearguard.dev/workload-uid": record.rollout.workload.uid },
  });
});

test("an audit that is too long is cut to its newest blocks, and no entry is lost", () => {
  const blocks = Array.from({ length: 5000 }, (_, index) => ({ ...block, at: index }));

  const guard = guardObjectOf({ ...record, audit: { errors: blocks, latency: blocks } }, summary);

  expect(Buffer.byteLength(JSON.stringify(guard))).toBeLessThanOrEqual(mostBytes);
  expect(guard.status.audit["errors"]?.at(-1)?.at).toBe(4999);
  expect(guard.status.audit["errors"]?.length).toBeGreaterThan(500);
  expect(guard.status.entries).toEqual(record.entries);
});

test("when cutting the audit is not enough, pods lose their words and nothing else", () => {
  const pods = Array.from({ length: 2000 }, (_, index) => ({
    ...pod,
    uid: `p-${index}`,
    containers: [{ ...crashing, waiting: { ...crashing.waiting, message: "x".repeat(900) } }],
  }));

  const { status } = guardObjectOf({ ...record, pods }, summary);

  expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThanOrEqual(mostBytes);
  expect(status.pods).toHaveLength(2000);
  expect(status.pods[0]?.containers[0]?.waiting).toEqual({ reason: "CrashLoopBackOff", message: "" });
});

test("what receivers call their thing for a guard comes back as it was kept", () => {
  const handles = { slack: '{"channel":"C042","ts":"1732370575.000001","through":4}' };
  const stored = { metadata: { uid: "u", resourceVersion: "1" } };

  const written = guardObjectOf({ ...record, handles }, summary);
  const read = readGuardObject({ ...written, metadata: { ...written.metadata, ...stored.metadata } });

  expect(typeof read === "string" ? read : read.record.handles).toEqual(handles);
});

test("evidence beyond every number is stored as the largest, for JSON would make it null", () => {
  const endless = { ...record, ...recordWith({ kind: "held", because: [{ ...errors, evidence: Number.POSITIVE_INFINITY }] }) };

  const guard = guardObjectOf(endless, { ...summary, evidence: Number.POSITIVE_INFINITY });

  expect(guard.status.evidence).toBe(Number.MAX_VALUE);
  expect(JSON.stringify(guard.status.entries)).toContain('"evidence":1.7976931348623157e+308');
});

test("a secret in a pod's message is not stored", () => {
  const leaking = {
    ...pod,
    containers: [{ ...crashing, waiting: { reason: "X", message: "GET https://me:hunter2@db failed" } }],
  };

  expect(JSON.stringify(guardObjectOf({ ...record, pods: [leaking] }, summary))).not.toContain("hunter2");
});

test.each<[string, (guard: Record<string, unknown>) => unknown, string]>([
  ["an object of another kind", () => ({ metadata: {} }), "spec"],
  ["an entry without seq", (guard) => ({ ...guard, status: { ...(guard["status"] as object), entries: [{ at: 1 }] } }), "entries"],
  ["a policy of another version", (guard) => ({ ...guard, spec: { ...(guard["spec"] as object), policy: { kind: "Other" } } }), "policy"],
])("%s is a sentence, not a crash", (_, change, mention) => {
  const read = readGuardObject(change(stored(guardObjectOf(record, summary)) as Record<string, unknown>));

  expect(read).toBeTypeOf("string");
  expect(read).toContain(mention);
});
