import type { GuardRecord } from "../../../src/guards/guard.ts";
import type { Action, Entry, EntryBody } from "../../../src/entry.ts";
import type { Revision, WorkloadRef } from "../../../src/model.ts";
import type { Reason } from "../../../src/reason.ts";
import { policySchema } from "../../../src/policies/policy.ts";

export const startedAt = Date.UTC(2026, 10, 23, 14, 2, 10);

export const web: WorkloadRef = { namespace: "shop", kind: "Deployment", name: "web", uid: "4b1c5d0e-0000-4000-8000-000000000001" };

export const old: Revision = { podTemplateHash: "6d4f8b", number: 6, name: "web-6d4f8b", uid: "rs-6", created: startedAt - 86_400_000 };
export const bad: Revision = { podTemplateHash: "7c9a2e", number: 7, name: "web-7c9a2e", uid: "rs-7", created: startedAt };

export const errors: Extract<Reason, { code: "evidence" }> = {
  code: "evidence",
  signal: "errors",
  evidence: 1998.3,
  needed: 1111.1,
  badRatio: 181 / 903,
  burn: 20.04,
  effectiveLimit: 0.01,
  limitSource: "limit",
  limit: 0.01,
  oldRatio: 0.0033,
  baselineRatio: 0.003,
  total: 903,
  bad: 181,
  blocks: 3,
  unit: "requests",
};

export const brake: Action = {
  id: "web-1:brake:0",
  kind: "brake",
  workload: web,
  guard: "web-1a2b3c",
  judged: { templateDigest: "sha-bad", podTemplateHash: bad.podTemplateHash },
};
export const rollback: Action = {
  id: "web-1:rollback:0",
  kind: "rollback",
  workload: web,
  guard: "web-1a2b3c",
  target: old,
  braked: true,
  judged: brake.judged,
  cause: "errors 20 %, limit 1 %",
};

const policy = policySchema.parse({
  apiVersion: "rearguard.dev/v1alpha1",
  kind: "Policy",
  metadata: { name: "backend" },
  spec: { match: { namespaces: ["shop"] }, mode: "enforce", signals: { pods: { pods: {} } } },
});

/** A record with these entries, one every 15 s from 30 s after the start on. */
export function recordWith(...bodies: readonly EntryBody[]): GuardRecord {
  const entries: readonly Entry[] = bodies.map((body, seq) => ({ ...body, seq, at: startedAt + 30_000 + seq * 15_000 }));
  return {
    name: "web-1a2b3c",
    namespace: "shop",
    openedAt: startedAt + 1000,
    rollout: {
      workload: web,
      labels: { app: "web" },
      new: bad,
      old,
      templateDigest: "sha-bad",
      startedAt,
      desired: 8,
      strategy: "RollingUpdate",
      progressDeadline: 600_000,
      restartOnly: false,
    },
    policy,
    entries,
    pods: [],
    baselines: {},
    audit: {},
    toldThrough: 0,
  };
}
