import type { JobMemory } from "../judging/job.ts";
import type { Ms, Revision, WorkloadRef } from "../model.ts";
import type { JobSignal, PodSpec } from "../policies/job-signal.ts";
import { servingSince } from "./probe.ts";
import type { GuardRun } from "./run.ts";

/** One smoke test of one guard: what its Job is made of, and by what it is found again. */
export interface SmokeTest {
  readonly guard: string;
  readonly signal: string;
  /** Of the Job. */
  readonly name: string;
  readonly workload: WorkloadRef;
  readonly revision: Revision;
  /** With its placeholders. */
  readonly pod: PodSpec;
  readonly timeoutMs: Ms;
}

/** The API server is asked how a Job stands this often. */
const lookEveryMs: Ms = 5_000;
/** Kubernetes itself ends a Job at its deadline; so long later we stop to wait for that. */
const graceMs: Ms = 60_000;
/** How long Kubernetes keeps a Job that ended, for people to look at. */
export const jobKeptMs: Ms = 3_600_000;

/** Whether this smoke test is to be started or looked at now. A Job changes the cluster, so an observing policy starts none, nor does what stops all action. */
export function jobDue(run: GuardRun, name: string, signal: JobSignal, isStopped: boolean, now: Ms): boolean {
  const { record, standing, rules } = run;
  const memory = record.jobs?.[name];
  const state = rules[name]?.state;
  if (memory?.finding !== undefined || record.policy.spec.mode !== "enforce") return false;
  if (standing.rollback !== undefined || standing.pending?.action.kind === "rollback" || standing.finished !== undefined) return false;
  if (state?.lastAt != null && now - state.lastAt < lookEveryMs) return false;
  if (memory?.job !== undefined) return true;
  if (isStopped) return false;
  if (memory !== undefined) return true;
  // Nobody watched until the window was over: what is tested now decides nothing.
  if (standing.completedAt !== undefined && now > standing.completedAt + record.policy.spec.window) return false;
  if (signal.when === "completed") return standing.completedAt !== undefined;
  return standing.completedAt !== undefined || servingSince(record.rollout, record.pods) !== null;
}

/** A Job that was not created, or did not end, in its time: undefined while it has some left. */
export function overdueJob(run: GuardRun, { startedAt, job }: JobMemory, { timeoutMs }: JobSignal, now: Ms): string | undefined {
  if (job !== undefined) return now - job.createdAt > timeoutMs + graceMs ? "its Job did not end in its time" : undefined;
  // Nobody tried while no process ran.
  return now - Math.max(startedAt, run.watchedSince ?? now) > timeoutMs ? "its Job could not be created in its time" : undefined;
}

/** A Job that was to be created so long ago that it may have run since, or even have been cleared away: one that ends at once is, an hour later. */
export function isTooLateForJob(
  { startedAt }: Pick<JobMemory, "startedAt">,
  { timeoutMs }: Pick<JobSignal, "timeoutMs">,
  now: Ms,
): boolean {
  return now - startedAt > Math.min(timeoutMs + graceMs, jobKeptMs - graceMs);
}

export function withJob(run: GuardRun, name: string, memory: JobMemory): GuardRun {
  return { ...run, record: { ...run.record, jobs: { ...run.record.jobs, [name]: memory } } };
}

/** Of one smoke test of one guard: the same after a restart, so that it is created once. Also fits a label. */
export function jobName(guard: string, signal: string, signals: readonly string[]): string {
  const readable = signal.length <= 30 ? signal : `${signal.slice(0, 27)}${signals.indexOf(signal)}`;
  return `${readable}-${guard.slice(-31).replace(/^[^a-z0-9]+/, "")}`;
}
