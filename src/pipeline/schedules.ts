import { sentence } from "../errors.ts";
import { isAhead, isTimely, runOf, type ScheduleMoment, whyMissed } from "../guards/schedule.ts";
import type { Ledger, ScheduleRun } from "../journal/ledger.ts";
import type { Ms, WorkloadRef } from "../model.ts";
import type { Trigger } from "../remediation.ts";
import type { MissedRuns, Schedule, ScheduleOutcome } from "../schedule.ts";
import type { Log } from "./edges.ts";

export interface ScheduleEdges {
  now(): Ms;
  leading(now: Ms): boolean;
  readonly ledger: Ledger;
  dueBetween(cron: string, timeZone: string, from: Ms, to: Ms): readonly Ms[];
  /** Of the policies in force. */
  schedules(): readonly Schedule[];
  /** What the policy of this name matches now. */
  workloads(policy: string): readonly WorkloadRef[];
  /** A run of this schedule that was due at another time is still under way for this workload. */
  underWay(policy: string, workload: WorkloadRef, due: Ms): boolean;
  /** Opens a guard, or finds the one that is open for this very trigger: twice is once. Rejects when it could not be written. */
  remediate(trigger: Trigger, policy: string, workload: WorkloadRef): Promise<unknown>;
  scheduled(policy: string, outcome: ScheduleOutcome, count: number): void;
  readonly log: Log;
}

export interface Schedules {
  /** Begins what is due; returns at once. */
  beat(now: Ms): void;
  /** Resolves when nothing that a beat began is still under way. */
  idle(): Promise<void>;
}

/** Farther back nobody wants to know what was missed. */
const lookBackMs: Ms = 31 * 86_400_000;

/** Outcome of a run in the ledger that may not be begun for all its workloads: whoever leads next goes on with it. */
const underWay = "under way";

/**
 * Runs remediations when they are due. That a run begins is written into the ledger first, so that neither a restart nor another leader
 * begins it again; what is not begun within five minutes is told as missed, once.
 */
export function createSchedules(edges: ScheduleEdges): Schedules {
  const { ledger, log } = edges;
  let startedAt: Ms | undefined;
  let ledSince: Ms | undefined;
  /** What the ledger says; absent until it was read under this leadership. */
  let known: Map<string, ScheduleRun> | undefined;
  let reading: Promise<void> | undefined;
  let failing = false;
  const looked = new Map<string, Ms>();
  const busy = new Map<string, Promise<void>>();
  const runs = new Map<string, Run>();
  /** Writes whose answer was lost: what stands there may be ours. */
  const unsure = new Map<string, ScheduleRun>();

  function beat(now: Ms): void {
    startedAt ??= now;
    if (!edges.leading(now)) return standDown();
    ledSince ??= now;
    if (known === undefined) {
      reading ??= read()
        .catch(failed)
        .finally(() => (reading = undefined));
      return;
    }
    for (const schedule of edges.schedules()) look(schedule, known, { now, startedAt, ledSince });
  }

  function standDown(): void {
    ledSince = undefined;
    known = undefined;
    looked.clear();
    runs.clear();
  }

  async function read(): Promise<void> {
    const { schedules } = await ledger.read();
    if (ledSince !== undefined) known = new Map(Object.entries(schedules));
    failing = false;
  }

  /** Said once while it goes on. */
  function failed(error: unknown): void {
    if (!failing) log.warn({ error: sentence(error) }, "the ledger cannot be used; schedules wait for it");
    failing = true;
  }

  function look(schedule: Schedule, ledgered: ReadonlyMap<string, ScheduleRun>, moment: ScheduleMoment): void {
    const key = keyOf(schedule);
    const { now } = moment;
    if (busy.has(key)) return;
    const last = ledgered.get(key);
    if (last === undefined) return work(key, () => remember(key, now));
    if (isAhead(last.due, now)) return work(key, () => comeBack(schedule, last.due, now));
    const from = Math.max(last.due, looked.get(key) ?? last.due, now - lookBackMs);
    const due = edges.dueBetween(schedule.cron, schedule.timeZone, from, now);
    if (due.length === 0) looked.set(key, now);
    const isUnderWay = last.outcome === underWay;
    if (isUnderWay && (due.length > 0 || !isTimely(last.due, now))) return work(key, () => end(schedule, last.due, moment));
    if (due.length > 0) return work(key, () => begin(schedule, due, moment));
    if (isUnderWay) work(key, () => goOn(schedule, last.due));
  }

  function work(key: string, what: () => Promise<void>): void {
    const working = what()
      .then(() => void (failing = false), failed)
      .finally(() => busy.delete(key));
    busy.set(key, working);
  }

  /** A schedule that nobody has known before: what would have been due earlier is nobody's business. */
  async function remember(key: string, now: Ms): Promise<void> {
    await write(key, (before) => before ?? { due: now, ranAt: now, outcome: "known since then" });
  }

  /** Written by a clock that was wrong: without this nothing would be due until the right one shows that time. */
  async function comeBack(schedule: Schedule, due: Ms, now: Ms): Promise<void> {
    const key = keyOf(schedule);
    await write(key, (before) => (before?.due === due ? { due: now, ranAt: now, outcome: "known since then" } : before));
    runs.delete(key);
    log.warn(
      { policy: schedule.policy, ledger: iso(due), now: iso(now) },
      "a schedule was written by a clock that was ahead; it goes on from now",
    );
  }

  async function begin(schedule: Schedule, due: readonly Ms[], moment: ScheduleMoment): Promise<void> {
    const { run, missed } = runOf(due, moment);
    const key = keyOf(schedule);
    const entry = { due: due.at(-1) ?? moment.now, ranAt: moment.now, outcome: run === undefined ? "missed" : underWay };
    const sent = unsure.get(key);
    let isOurs = false;
    unsure.set(key, entry);
    await write(key, (before) => {
      // Whoever else wrote it meanwhile has begun it, or told that it was missed.
      const isSent = sent !== undefined && before?.due === sent.due && before.ranAt === sent.ranAt && before.outcome === sent.outcome;
      isOurs = before !== undefined && (before.due < entry.due || isSent);
      return isOurs ? entry : before;
    });
    unsure.delete(key);
    if (!isOurs) return;
    for (const each of missed) tellMissed(schedule, each);
    if (run !== undefined) await goOn(schedule, run);
  }

  /** Begins the run for every workload that it is not begun for yet. What cannot be written is tried again at the next beat. */
  async function goOn(schedule: Schedule, due: Ms): Promise<void> {
    const key = keyOf(schedule);
    const { policy, cron, timeZone } = schedule;
    const before = runs.get(key);
    const run = before?.due === due ? before : newRun(due, edges.workloads(policy));
    runs.set(key, run);
    for (const [name, workload] of run.left) {
      const now = edges.now();
      if (!edges.leading(now) || !isTimely(due, now)) return;
      if (edges.underWay(policy, workload, due)) {
        run.left.delete(name);
        run.overlapping.push(name);
        continue;
      }
      try {
        await edges.remediate({ kind: "schedule", cron, timeZone, due }, policy, workload);
        run.left.delete(name);
        run.begun += 1;
      } catch (error) {
        if (!run.hasFailed)
          log.warn({ policy, workload: name, error: sentence(error) }, "a run of a schedule cannot begin; it is tried again");
        run.hasFailed = true;
      }
    }
    if (run.left.size === 0) await close(schedule, run);
  }

  /** It is too late for what is left of it. */
  async function end(schedule: Schedule, due: Ms, moment: ScheduleMoment): Promise<void> {
    const run = runs.get(keyOf(schedule));
    if (run?.due === due) return close(schedule, run);
    // Begun by another process, or before a restart: for whom, nobody knows any more.
    await settle(schedule, due, "cut off");
    tellMissed(schedule, { why: whyMissed(due, moment), count: 1, first: due, last: due });
  }

  async function close(schedule: Schedule, run: Run): Promise<void> {
    const { due, left, overlapping } = run;
    const { policy } = schedule;
    const isWhole = left.size === 0 && overlapping.length === 0;
    await settle(
      schedule,
      due,
      isWhole ? "begun" : `begun for ${run.begun}; ${left.size} late, ${overlapping.length} still under way from before`,
    );
    runs.delete(keyOf(schedule));
    log.info({ policy, due: iso(due), workloads: run.begun }, "a schedule was due");
    if (run.begun > 0 || isWhole) edges.scheduled(policy, "begun", 1);
    const one = { count: 1, first: due, last: due };
    if (overlapping.length > 0) tellMissed(schedule, { why: "overlap", ...one }, overlapping);
    if (left.size > 0) tellMissed(schedule, { why: "late", ...one }, [...left.keys()]);
  }

  async function settle(schedule: Schedule, due: Ms, outcome: string): Promise<void> {
    await write(keyOf(schedule), (before) => (before?.due === due ? { ...before, outcome } : before));
  }

  function tellMissed({ policy }: Schedule, { why, count, first, last }: MissedRuns, workloads?: readonly string[]): void {
    const of = workloads === undefined ? {} : { workloads };
    log.warn({ policy, why, count, first: iso(first), last: iso(last), ...of }, "runs of a schedule were missed");
    edges.scheduled(policy, why, count);
  }

  async function write(key: string, entryOf: (before: ScheduleRun | undefined) => ScheduleRun | undefined): Promise<void> {
    const state = await ledger.change((before) => {
      const entry = entryOf(before.schedules[key]);
      return entry === undefined || entry === before.schedules[key]
        ? before
        : { ...before, schedules: { ...before.schedules, [key]: entry } };
    });
    const entry = state.schedules[key];
    if (entry === undefined) known?.delete(key);
    else known?.set(key, entry);
  }

  return {
    beat,
    async idle() {
      const all = () => [...busy.values(), ...(reading === undefined ? [] : [reading])];
      while (all().length > 0) await Promise.all(all());
    },
  };
}

/** One run, as far as this process has come with it. */
interface Run {
  readonly due: Ms;
  /** By kind and name: not begun yet. */
  readonly left: Map<string, WorkloadRef>;
  readonly overlapping: string[];
  begun: number;
  hasFailed: boolean;
}

function newRun(due: Ms, workloads: readonly WorkloadRef[]): Run {
  const left = new Map(workloads.map((workload) => [`${workload.kind.toLowerCase()} ${workload.namespace}/${workload.name}`, workload]));
  return { due, left, overlapping: [], begun: 0, hasFailed: false };
}

/** A policy whose time was changed begins anew: what would have been due by its new time until now was not missed. */
function keyOf({ policy, cron, timeZone }: Schedule): string {
  return `${policy} ${cron} ${timeZone}`;
}

function iso(at: Ms): string {
  return new Date(at).toISOString();
}
