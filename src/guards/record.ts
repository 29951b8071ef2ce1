import type { Entry, EntryBody } from "../entry.ts";
import type { BlockAudit, Ms, Rollout } from "../model.ts";
import type { Policy } from "../policies/policy.ts";
import { signalOf } from "../policies/signal.ts";
import type { GuardRecord, GuardSummary } from "./guard.ts";
import { type GuardRun, isCounted, isOfService, isSeenByCallers, underConfidence, withEntry } from "./run.ts";
import { judgementOf } from "./judgement.ts";

/** Blocks kept per signal when something happened: a quarter of an hour at 15 s blocks. */
const AUDIT_BLOCKS = 60;

/** More than this costs time at every traffic (docs/judging.md: what a guard says at its start). */
const SLOW_SCRAPES: Ms = 15_000;

export function openRecord(name: string, rollout: Rollout, policy: Policy, now: Ms, limitations: readonly string[]): GuardRecord {
  const because = limitations.map((detail) => ({ code: "limitation", detail }) as const);
  return {
    name,
    namespace: rollout.workload.namespace,
    openedAt: now,
    rollout,
    policy,
    entries: [{ seq: 0, at: now, kind: "opened", because }],
    pods: [],
    baselines: {},
    audit: {},
    toldThrough: 0,
  };
}

/** The guard with one entry more and the blocks that led to it. */
export function append(run: GuardRun, at: Ms, body: EntryBody): GuardRun {
  const entry: Entry = { seq: run.standing.nextSeq, at, ...body };
  const next = withEntry(run, entry);
  if (entry.kind === "completed" || entry.kind === "opened" || entry.kind === "noted") return next;
  const audit: Record<string, readonly BlockAudit[]> = { ...run.record.audit };
  for (const [signal, state] of Object.entries(run.counted)) {
    if (state.audit.length > 0) audit[signal] = state.audit.slice(-AUDIT_BLOCKS);
  }
  return { ...next, record: { ...next.record, audit } };
}

/** What is shown beside the entries. `message` is rendered by the caller, which may use words. */
export function summaryOf(run: GuardRun, now: Ms, message: string): GuardSummary {
  const { evidence } = judgementOf(run, now).guard;
  return { phase: run.standing.phase, braked: run.standing.braked, message, evidence, updatedAt: now };
}

/** Requests that the judged revision answered badly while it was watched. Callers do not tell which revision failed them. */
export function badServed(run: GuardRun): number {
  return Math.max(
    0,
    ...Object.entries(run.signals).map(([name, signal]) => {
      const rule = run.rules[name];
      const byRule = rule?.kind === "rate" || rule?.kind === "burn-rate" ? rule.state : undefined;
      const isServed = signal.kind === "http-errors" && !isSeenByCallers(signal);
      return isServed ? ((run.counted[name] ?? byRule)?.bad ?? 0) : 0;
    }),
  );
}

export const noElasticsearch = "the settings name no Elasticsearch (elasticsearch.url)";

const approximate = {
  fast: "evidence fast: approximate bound, it depends on how clumped the errors were before the rollout",
  independent: "evidence independent: approximate bound, it holds only where requests fail independently of each other",
} as const;

/** What this guard will not be able to do, told when it opens rather than when it matters. */
export function limitationsOf(
  rollout: Rollout,
  policy: Policy,
  owners: readonly string[],
  scrapeMs: Ms,
  readsLogs = false,
  takesAlerts = false,
): readonly string[] {
  const told: string[] = [];
  if (rollout.old === undefined) {
    const why = rollout.new.number <= 1 ? "this is the first revision" : "no other revision was seen complete before this one";
    told.push(`${why}: there is nothing to roll back to and no old revision to compare with`);
  }
  for (const [signal, written] of Object.entries(policy.spec.signals)) {
    const { http } = written;
    if (rollout.old === undefined && Object.values(http?.slower ?? {}).includes("old")) {
      told.push(`${signal} is judged against the old revision's own latency: without an old revision it cannot be judged`);
    }
  }
  for (const [signal, { logs }] of Object.entries(policy.spec.signals)) {
    if (logs !== undefined && !readsLogs) told.push(`${signal}: ${noElasticsearch}, so it cannot be judged`);
    else if (rollout.old === undefined && logs?.newPatterns === "alert") {
      told.push(`${signal}: without an old revision no error pattern can be called new`);
    }
  }
  if (rollout.restartOnly) told.push("only the restart annotation differs from the old template: there is nothing to undo");
  if (rollout.strategy === "Recreate") told.push("strategy Recreate: old and new pods never run together, so there is no live control");
  if (rollout.desired === 0) told.push("no replicas: nothing runs, so nothing can be judged");
  if (rollout.desired === 1) told.push("one replica: a bad pod cannot be told from a bad revision");
  for (const owner of owners) told.push(`${owner} owns the template: Rearguard brakes and tells, but does not roll back`);
  if (policy.spec.mode === "observe") told.push("policy mode observe: nothing is changed in the cluster");
  for (const [name, { job }] of Object.entries(policy.spec.signals)) {
    if (job !== undefined && policy.spec.mode === "observe")
      told.push(`${name}: policy mode observe creates no Job, so it cannot be judged`);
  }
  for (const [name, { probe }] of Object.entries(policy.spec.signals)) {
    if (probe !== undefined) told.push(`${name}: old and new pods answer together, so what fails for both is laid to the new revision`);
  }
  for (const [name, { alert }] of Object.entries(policy.spec.signals)) {
    if (alert !== undefined && !takesAlerts) told.push(`${name}: the settings take no alerts (alerts), so none is heard of`);
  }
  for (const [name, written] of Object.entries(policy.spec.signals)) {
    const signal = signalOf(written);
    if (isOfService(signal)) {
      told.push(
        `${name}: ${written.http?.preset} counts the whole Service: old and new pods cannot be told apart, so there is no live control, and only the time before the first new pod, and other workloads, to compare with`,
      );
    }
    if (!isSeenByCallers(signal) || isOfService(signal)) continue;
    told.push(
      `${name}: callers count calls to old and new pods together, so what fails on the way to the old ones is laid to the new revision`,
    );
  }
  if (underConfidence(policy).length === 0) told.push("no signal of this policy has a statistical bound");
  else if (policy.spec.evidence !== "burn") told.push(approximate[policy.spec.evidence]);
  if (scrapeMs > SLOW_SCRAPES && Object.values(policy.spec.signals).some((written) => isCounted(signalOf(written)))) {
    told.push(`pods are scraped every ${scrapeMs / 1000} s: at 15 s or less a bad revision is found sooner`);
  }
  return told;
}
