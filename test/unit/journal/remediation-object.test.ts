import { expect, test } from "vitest";
import { readRemediationObject, remediationObjectOf } from "../../../src/journal/remediation-object.ts";
import { owes } from "../../../src/guards/remediation/end.ts";
import { remedyStandingOf } from "../../../src/guards/remediation/standing.ts";
import { START, web } from "../guards/a-guard.ts";
import { recordOf, remediationOf, slow } from "../guards/remediation/a-remedy.ts";

const policy = remediationOf(
  "when: { cpu: { promql: { query: 'max(cpu)', above: 0.8, for: 2m } } }",
  'do: [{ scale: { by: 2 } }, { job: { pod: { containers: [{ name: fix, image: "{{image}}" }] } } }, diagnose, notify]',
);
const action = {
  id: "web-remedy-1.scale.1",
  kind: "scale",
  workload: web,
  owner: { kind: "workload" },
  from: 4,
  to: 6,
  purpose: "remedy",
  guard: "web-remedy-1",
} as const;
const record = recordOf(
  policy,
  [
    { kind: "intended", step: 0, action, because: [{ code: "plan-scale", from: 4, to: 6, replicas: 4, owner: "workload", name: "" }] },
    { kind: "receipt", receipt: { action: action.id, kind: "scale", outcome: "applied", at: START, detail: "6 pods" } },
  ],
  { alerts: [slow, { ...slow, fingerprint: "f2", endsAt: START + 5 }], toldThrough: 2, handles: { slack: "17.2" } },
);
const summary = { phase: "verifying", braked: false, message: "scaled", evidence: 1, updatedAt: START } as const;

/** As the API server gives it back. */
function stored(object: object): unknown {
  const { metadata, ...rest } = JSON.parse(JSON.stringify(object)) as { metadata: object };
  return { ...rest, metadata: { ...metadata, uid: "u-1", resourceVersion: "42" } };
}

test("a remediation comes back exactly as it was written, and stands where it stood", () => {
  const read = readRemediationObject(stored(remediationObjectOf(record, summary)));
  if (typeof read === "string") throw new Error(read);
  expect(read.record).toEqual(record);
  expect(read.summary).toEqual(summary);
  const standing = remedyStandingOf(read.record.entries);
  expect(standing).toMatchObject({ phase: "verifying", step: 0, done: [{ action: { id: action.id }, sure: true }] });
  expect(owes({ record: read.record, standing })).toBe(true);
});

test("one whose first status was not written yet goes on from what opened it", () => {
  const { status: _, ...created } = remediationObjectOf(recordOf(policy), summary);
  const read = readRemediationObject(stored(created));
  if (typeof read === "string") throw new Error(read);
  expect(read.summary).toBeUndefined();
  expect(read.record).toEqual(recordOf(policy));
});

test("what is not ours is refused in one sentence, and secrets are not stored", () => {
  expect(readRemediationObject(stored({ metadata: { name: "x", namespace: "y" }, spec: { trigger: { kind: "alert" } } }))).toMatch(
    /workload/,
  );
  const object = remediationObjectOf(
    { ...record, alerts: [{ ...slow, summary: "token: glsa_abcdefghijklmnopqrstuvwxyz012345_0a1b2c3d" }] },
    summary,
  );
  expect(JSON.stringify(object)).not.toContain("glsa_abcdefghijklmnopqrstuvwxyz012345_0a1b2c3d");
});
