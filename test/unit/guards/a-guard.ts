// Builders for tests of deciding: a Deployment shop/web on its way from revision 6 to revision 7, seen by a policy that may act.
import type { Ask, Judgement } from "../../../src/guards/ask.ts";
import { brakedBy } from "../../../src/guards/brake-mark.ts";
import type { GovernorLimits, PastAction } from "../../../src/guards/governor.ts";
import type { GuardRecord } from "../../../src/guards/guard.ts";
import { standingOf } from "../../../src/guards/phase.ts";
import type { GuardEvidence } from "../../../src/judging/combine.ts";
import type { Action, ActionKind, Entry, EntryBody, Receipt } from "../../../src/entry.ts";
import type { Ms, PodState, Revision, Rollout, Workload, WorkloadRef } from "../../../src/model.ts";
import type { Reason, Verdict } from "../../../src/reason.ts";
import type { Policy } from "../../../src/policies/policy.ts";
import { aPolicy } from "../policies/a-policy.ts";

export const BLOCK: Ms = 15_000;
export const MINUTE: Ms = 60_000;
export const START: Ms = Date.UTC(2026, 10, 23, 14, 0, 0);

export const web: WorkloadRef = { namespace: "shop", kind: "Deployment", name: "web", uid: "uid-web" };

export function revision(number: number, created = START - 86_400_000): Revision {
  return { podTemplateHash: `hash-${number}`, number, name: `web-hash-${number}`, uid: `rs-${number}`, created };
}

export const old = revision(6);
export const fresh = revision(7, START);

export const rollout: Rollout = {
  workload: web,
  labels: { app: "web" },
  new: fresh,
  old,
  templateDigest: "digest-7",
  startedAt: START,
  desired: 8,
  strategy: "RollingUpdate",
  progressDeadline: 10 * MINUTE,
  restartOnly: false,
};

const http = "errors: { http: { preset: aspnet, errors: { limit: 1% } } }";

/** A policy with these lines of its spec; errors and pods as signals unless given. */
export function policyOf(...lines: readonly string[]): Policy {
  const signals = lines.some((line) => line.startsWith("signals:")) ? [] : [`signals: { ${http}, pods: { pods: {} } }`];
  const mode = lines.some((line) => line.startsWith("mode:")) ? [] : ["mode: enforce"];
  return aPolicy("backend", "{ namespaces: [shop] }", [...mode, ...lines, ...signals]);
}

export const enforcing = policyOf();

/** Entries with their place and time: one each 15 s after the opening, or at the given times. */
export function entriesOf(bodies: readonly (EntryBody & { readonly at?: Ms })[]): readonly Entry[] {
  const all: readonly (EntryBody & { readonly at?: Ms })[] = [{ kind: "opened", because: [], at: START }, ...bodies];
  return all.map((body, seq) => ({ ...body, seq, at: body.at ?? START + seq * BLOCK }));
}

export function recordOf(bodies: readonly (EntryBody & { readonly at?: Ms })[] = [], over: Partial<GuardRecord> = {}): GuardRecord {
  return {
    name: "web-guard",
    namespace: "shop",
    openedAt: START,
    rollout,
    policy: enforcing,
    entries: entriesOf(bodies),
    pods: [],
    baselines: {},
    audit: {},
    toldThrough: 0,
    ...over,
  };
}

/** The workload in the middle of the rollout: two of eight new pods are available. */
export function workloadOf(over: Partial<Workload> = {}): Workload {
  return {
    ref: web,
    labels: { app: "web" },
    annotations: {},
    deleting: false,
    generation: 7,
    observedGeneration: 7,
    templateDigest: "digest-7",
    desired: 8,
    strategy: "RollingUpdate",
    paused: false,
    progressDeadline: 10 * MINUTE,
    replicas: 10,
    updated: 2,
    available: 8,
    current: fresh,
    revisions: [fresh, old],
    selector: "app=web",
    owners: [],
    ...over,
  };
}

export const rolledOut: Partial<Workload> = { replicas: 8, updated: 8, available: 8 };
/** As our own brake leaves it. */
export const brakedByUs: Partial<Workload> = {
  paused: true,
  annotations: { [brakedBy]: JSON.stringify({ guard: "web-guard", since: "2026-11-23T14:00:30Z", release: "kubectl rollout resume" }) },
};
/** After a rollback: revision 6 is wanted again, under a new number. */
export const takenBack: Partial<Workload> = {
  templateDigest: "digest-6",
  annotations: { "kubernetes.io/change-cause": "errors" },
  generation: 8,
  observedGeneration: 8,
  current: { ...old, number: 8 },
  revisions: [{ ...old, number: 8 }, fresh],
};

export function pod(name: string, revisionOf: Revision, over: Partial<PodState> = {}): PodState {
  return {
    uid: `uid-${name}`,
    name,
    podTemplateHash: revisionOf.podTemplateHash,
    created: START,
    node: "node-1",
    ready: true,
    readySince: START + 10_000,
    containers: [],
    ...over,
  };
}

export function pods(count: number, revisionOf: Revision, over: Partial<PodState> = {}): readonly PodState[] {
  return Array.from({ length: count }, (_, i) => pod(`${revisionOf.name}-${i}`, revisionOf, over));
}

export const evidence: Reason = {
  code: "evidence",
  signal: "errors",
  evidence: 2000,
  needed: 1111,
  badRatio: 0.2,
  burn: 20,
  effectiveLimit: 0.01,
  limitSource: "limit",
  limit: 0.01,
  oldRatio: 0.001,
  baselineRatio: 0.001,
  total: 900,
  bad: 180,
  blocks: 3,
  unit: "requests",
};
export const shared: Reason = { code: "shared-degradation", signal: "errors", newRatio: 0.3, oldRatio: 0.3, limit: 0.01, blocks: 4 };
export const crashing: Reason = { code: "pods", signal: "pods", trouble: "crash-loop", pods: ["web-1"], of: 2, detail: "", forMs: 5000 };

export const crashLoop: Verdict = { signal: "pods", state: "breach", because: [crashing] };
export const podsReady: Verdict = { signal: "pods", state: "pass", because: [{ code: "pods-ready", ready: 8, of: 8, afterMs: 9000 }] };

const calm: GuardEvidence = {
  evidence: 0.5,
  withoutOnePod: 0.5,
  needed: 1111,
  leading: "errors",
  firesBrake: false,
  firesFull: false,
  firesRollback: false,
};

export function judgementOf(over: Partial<Judgement> = {}): Judgement {
  return {
    guard: calm,
    verdicts: { errors: { signal: "errors", state: "pass", because: [] } },
    counted: {},
    byRule: {},
    silences: {},
    traffic: [],
    quietBlocks: 0,
    lastRequestsAt: null,
    caughtUp: true,
    ...over,
  };
}

/** Evidence enough to brake, and at 2000 to roll back. */
export function doubtful(value: number): Judgement {
  const fires = value >= 1111;
  return judgementOf({
    guard: { ...calm, evidence: value, withoutOnePod: value, firesBrake: value >= 100, firesFull: fires, firesRollback: fires },
    verdicts: { errors: { signal: "errors", state: fires ? "breach" : value >= 100 ? "warn" : "pass", because: [evidence] } },
  });
}

export const limits: GovernorLimits = {
  killSwitch: false,
  rollback: {
    cooldownMs: 30 * MINUTE,
    perHour: { workload: 2, namespace: 3, cluster: 10 },
    concurrent: 3,
    flap: { times: 3, withinMs: 24 * 60 * MINUTE },
  },
  remedy: {
    cooldownMs: 10 * MINUTE,
    perHour: { workload: 6, namespace: 12, cluster: 40 },
    concurrent: 5,
    flap: { times: 8, withinMs: 24 * 60 * MINUTE },
  },
  sharedCause: { workloads: 4, withinMs: 5 * MINUTE },
  minReady: 1,
};

export function pastRollback(over: Partial<PastAction> = {}): PastAction {
  return {
    guard: "other-guard",
    kind: "rollback",
    namespace: "other",
    workloadUid: "uid-other",
    at: START,
    underWay: false,
    condemnedHash: "hash-x",
    targetHash: "hash-w",
    ...over,
  };
}

/** What is asked a minute after the start; `standing` follows from the record's entries. */
export function askOf(record: GuardRecord, over: Partial<Ask> = {}): Ask {
  return {
    record,
    standing: standingOf(record.entries),
    judgement: judgementOf(),
    workload: workloadOf(),
    pods: record.pods,
    rules: [],
    now: START + MINUTE,
    limits,
    state: {},
    past: [],
    breaches: [],
    passed: [],
    verify: { withinMs: 5 * MINUTE, blocks: 4, blockMs: BLOCK },
    aftermath: { kind: "seen", at: over.now ?? START + MINUTE, services: [], condemned: 0 },
    ...over,
  };
}

const judged = { templateDigest: "digest-7", podTemplateHash: fresh.podTemplateHash };

export function actionOf(kind: ActionKind, nth = 1): Action {
  const common = { id: `web-guard.${kind}.${nth}`, workload: web, guard: "web-guard" };
  switch (kind) {
    case "brake":
      return { ...common, kind, judged };
    case "release":
      return { ...common, kind };
    case "rollback":
      return { ...common, kind, judged, target: old, braked: false, cause: "errors" };
    case "drain":
      return { ...common, kind, condemned: fresh, keep: 2 };
  }
}

export function intended(kind: ActionKind, nth = 1, because: readonly Reason[] = [evidence]): EntryBody {
  return { kind: "intended", action: actionOf(kind, nth), because };
}

export function receipt(
  kind: ActionKind,
  outcome: Receipt["outcome"] = "applied",
  nth = 1,
  at = START + 2 * BLOCK,
  because?: Reason,
): EntryBody {
  const what = { action: `web-guard.${kind}.${nth}`, kind, outcome, at, detail: "for a test" } as const;
  return { kind: "receipt", receipt: because === undefined ? what : { ...what, because } };
}

/** An action that was carried out: its intent and its receipt. */
export function done(kind: ActionKind, nth = 1, at = START + 2 * BLOCK, because: readonly Reason[] = [evidence]): readonly EntryBody[] {
  return [intended(kind, nth, because), receipt(kind, "applied", nth, at)];
}
