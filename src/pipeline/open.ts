import { sentence } from "../errors.ts";
import { isBelievable } from "../guards/complete.ts";
import { standingOf } from "../guards/phase.ts";
import { limitationsOf, openRecord, summaryOf } from "../guards/record.ts";
import { isRemediation } from "../guards/remediation/record.ts";
import { openRun } from "../guards/run.ts";
import type { Workload } from "../model.ts";
import { detectRollout, guardName, type RolloutContext } from "../watchers/rollout.ts";
import { allRecords, isOwnRollback } from "./book.ts";
import type { Flow } from "./flow.ts";
import { resumeRemediation } from "./remediation/open.ts";
import { tellNews } from "./tell.ts";

/** After leadership came: the guards that were open go on, the ended ones are history for the governor. */
export async function resumeGuards(flow: Flow): Promise<void> {
  const { book, edges, settings } = flow;
  const records = await edges.journal.list();
  flow.lost.clear();
  for (const record of records) {
    if (isRemediation(record)) {
      resumeRemediation(record, flow);
      continue;
    }
    if (standingOf(record.entries).finished !== undefined) {
      book.ended.set(record.name, record);
      tellNews(record, flow);
      continue;
    }
    if (book.open.has(record.name)) continue;
    book.open.set(record.name, openRun(record, settings.pace));
    edges.log.info({ guard: record.name, namespace: record.namespace }, "guard resumed");
  }
}

/** Opens a guard for every changed workload that is in a rollout. A workload that could not be dealt with comes back next beat. */
export async function openGuards(flow: Flow, retry: Set<string>): Promise<void> {
  const { edges } = flow;
  const keys = new Set([...retry, ...edges.cluster.changed()]);
  retry.clear();
  for (const key of keys) {
    const workload = edges.cluster.get(key);
    if (workload === undefined) continue;
    try {
      await openIfRollout(workload, flow);
    } catch (error) {
      retry.add(key);
      edges.log.warn({ workload: key, error: sentence(error) }, "guard could not be opened; it is tried again");
    }
  }
}

async function openIfRollout(workload: Workload, flow: Flow): Promise<void> {
  const { book, edges, settings } = flow;
  const { ref, labels, annotations } = workload;
  const choice = edges.choosePolicy({ ...ref, labels, annotations });
  if (choice.kind !== "policy") return;
  const now = edges.now();
  const { policy } = choice;
  const known = book.seen.get(ref.uid);
  const detect = (context?: RolloutContext) => detectRollout(workload, known, now, policy.spec.window, context);
  const candidate = detect();
  // The controller writes the new revision's number before it says that it has seen the spec: what is not believed is not remembered.
  if (candidate === undefined) return isBelievable(workload) ? remember(workload, flow) : undefined;
  const name = guardName(ref, candidate.new);
  const exists = allRecords(book).some((record) => record.name === name);
  if (exists || isOwnRollback(book, candidate)) return remember(workload, flow);
  const rollout = detect(await edges.cluster.context(workload)) ?? candidate;
  const owners = workload.owners.map((owner) => `${owner.kind} (${owner.name})`);
  const record = openRecord(
    name,
    rollout,
    policy,
    now,
    limitationsOf(rollout, policy, owners, settings.pace.scrapeMs, settings.pace.logLagMs !== undefined, settings.takesAlerts),
  );
  const run = openRun(record, settings.pace);
  const outcome = await edges.journal.create(record, summaryOf(run, now, "opened"));
  remember(workload, flow);
  // Another leader opened it between our list and now: its record, not ours, is the truth.
  if (outcome === "exists") return adopt(name, flow);
  book.open.set(name, run);
  edges.cluster.follow(workload, []);
  edges.log.info(
    { guard: name, workload: `${ref.namespace}/${ref.name}`, revision: rollout.new.number, policy: policy.metadata.name },
    "guard opened",
  );
}

async function adopt(name: string, { book, edges, settings }: Flow): Promise<void> {
  const record = (await edges.journal.list()).find((candidate) => candidate.name === name);
  if (record === undefined || isRemediation(record)) return;
  if (standingOf(record.entries).finished === undefined) book.open.set(name, openRun(record, settings.pace));
  else book.ended.set(name, record);
}

function remember(workload: Workload, { book }: Flow): void {
  const { current } = workload;
  if (current === undefined) return;
  book.seen.set(workload.ref.uid, { lastHash: current.podTemplateHash, lastRevision: current.number });
}

/** Pods are watched for open guards only; repeated calls do no harm. */
export function followOpenGuards({ book, edges }: Flow): void {
  for (const run of book.open.values()) {
    const workload = edges.cluster.get(edges.cluster.keyOf(run.record.rollout.workload));
    if (workload !== undefined) edges.cluster.follow(workload, run.record.pods);
  }
  for (const { record } of book.remediations.values()) {
    const workload = edges.cluster.get(edges.cluster.keyOf(record.workload));
    if (workload?.ref.uid === record.workload.uid) edges.cluster.follow(workload, []);
  }
}
