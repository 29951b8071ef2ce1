// From counters to increments, process by process: docs/judging.md: the formula. Every increment is used exactly once.
import type { ProcessReading } from "../model.ts";
import { jobOf } from "./process.ts";

/** What is remembered of one process. `passedOver`: another job was counted for its pod in its absence, so its next value only sets the base. */
interface CounterBase {
  readonly total: number;
  readonly bad: number;
  readonly badAtMost: number;
  readonly judgedAt: number | undefined;
  readonly born: boolean;
  readonly pod: string;
  readonly job: string;
  readonly passedOver: boolean;
}

/** Last values by process. */
export type CounterMemory = ReadonlyMap<string, CounterBase>;

/** Increments of one process in one block, bad <= badAtMost <= total unless the reading is of an exposure. */
export interface PodDelta {
  readonly reading: ProcessReading;
  readonly total: number;
  readonly bad: number;
  readonly badAtMost: number;
}

export interface RateCounts {
  readonly total: number;
  readonly bad: number;
}

export interface Deltas {
  readonly memory: CounterMemory;
  readonly deltas: readonly PodDelta[];
  /** What a person should know about these counts, one sentence each. */
  readonly notes: readonly string[];
}

export const noCounters: CounterMemory = new Map();

/** `bornInside`: the reading's pod was created after the guard's start, so its counters began at 0 within the guard. */
export function takeDeltas(
  memory: CounterMemory,
  readings: readonly ProcessReading[],
  bornInside: (reading: ProcessReading) => boolean,
): Deltas {
  const { counted, passedOver, notes } = onePerScrape(readings);
  const next = new Map(memory);
  const deltas: PodDelta[] = [];
  for (const reading of counted) {
    const born = bornInside(reading);
    const base = memory.get(keyOf(reading));
    const delta = base === undefined && seenByOtherJob(memory, reading) ? null : deltaOf(base, reading, born, notes);
    next.set(keyOf(reading), keptBase(base, reading) ?? baseOf(reading, born));
    if (delta !== null) deltas.push(delta);
  }
  for (const reading of passedOver) next.set(keyOf(reading), baseOf(reading, bornInside(reading)));
  if (next.size > readings.length) passOverAbsentJobs(next, readings, counted);
  return { memory: next, deltas, notes: [...notes] };
}

/** What is counted by time never starts again: where it falls, some of it was left out of the answer, and will be back. */
function keptBase(base: CounterBase | undefined, reading: ProcessReading): CounterBase | undefined {
  return reading.exposure === true && base !== undefined && reading.bad < base.bad ? base : undefined;
}

function deltaOf(base: CounterBase | undefined, reading: ProcessReading, born: boolean, notes: Set<string>): PodDelta | null {
  if (base?.passedOver) return null;
  if (base === undefined) return born ? clamped(reading, reading, notes) : null;
  if (reading.total >= base.total && bucketsChanged(base, reading)) {
    notes.add(`the histogram of ${reading.pod} has other buckets now: counted from there`);
    return null;
  }
  if (reading.total < base.total || reading.bad < base.bad || reading.badAtMost < base.badAtMost) {
    // A StatefulSet's new pod may come back under the name and address of the old one: then it did start at 0.
    if (born && !base.born) return clamped(reading, reading, notes);
    notes.add(`counters of ${reading.pod} started again (restart or expired series): counted from there`);
    return null;
  }
  const delta = { total: reading.total - base.total, bad: reading.bad - base.bad, badAtMost: reading.badAtMost - base.badAtMost };
  return clamped(reading, delta, notes);
}

/**
 * The limit falls otherwise than before: what was in doubt would come in as bad. Seen by the bucket it falls into, and by that bucket
 * holding less than before, which no counter does by itself.
 */
function bucketsChanged(base: CounterBase, reading: ProcessReading): boolean {
  const { bad, badAtMost, judgedAt } = reading;
  if (badAtMost - bad < base.badAtMost - base.bad) return true;
  return judgedAt !== undefined && base.judgedAt !== undefined && judgedAt !== base.judgedAt;
}

function clamped(
  reading: ProcessReading,
  delta: { readonly total: number; readonly bad: number; readonly badAtMost: number },
  notes: Set<string>,
): PodDelta {
  if (reading.exposure === true) return { reading, ...delta };
  if (delta.bad > delta.total || delta.badAtMost > delta.total)
    notes.add(`more bad than all that was counted in ${reading.pod}: taken as all bad`);
  const bad = Math.min(delta.bad, delta.total);
  return { reading, total: delta.total, bad, badAtMost: Math.min(Math.max(delta.badAtMost, bad), delta.total) };
}

function baseOf(reading: ProcessReading, born: boolean): CounterBase {
  const { total, bad, badAtMost, judgedAt } = reading;
  return { total, bad, badAtMost, judgedAt, born, pod: podOf(reading), job: jobOf(reading.process), passedOver: false };
}

/** Requests already counted through one job must not come in again as the first value of another. */
function seenByOtherJob(memory: CounterMemory, reading: ProcessReading): boolean {
  const pod = podOf(reading);
  const job = jobOf(reading.process);
  for (const base of memory.values()) if (base.pod === pod && base.job !== job) return true;
  return false;
}

/** A pod scraped by two jobs counts once: by the job that most pods here have, the first by name on a tie. */
function onePerScrape(readings: readonly ProcessReading[]): {
  readonly counted: readonly ProcessReading[];
  readonly passedOver: readonly ProcessReading[];
  readonly notes: Set<string>;
} {
  const notes = new Set<string>();
  const jobs = jobsOfPods(readings);
  if ([...jobs.values()].every((names) => names.size === 1)) return { counted: readings, passedOver: [], notes };
  const popularity = new Map<string, number>();
  for (const names of jobs.values()) for (const name of names) popularity.set(name, (popularity.get(name) ?? 0) + 1);
  const kept = new Map<string, string>();
  for (const [pod, names] of jobs)
    kept.set(
      pod,
      [...names].reduce((best, name) => (ranksBefore(name, best, popularity) ? name : best)),
    );
  const counted: ProcessReading[] = [];
  const passedOver: ProcessReading[] = [];
  for (const reading of readings) {
    const job = jobOf(reading.process);
    const keep = kept.get(podOf(reading)) ?? job;
    (job === keep ? counted : passedOver).push(reading);
    if (job !== keep) notes.add(`scraped twice: job "${keep}" is counted, job "${job}" is not`);
  }
  return { counted, passedOver, notes };
}

function jobsOfPods(readings: readonly ProcessReading[]): Map<string, Set<string>> {
  const jobs = new Map<string, Set<string>>();
  for (const reading of readings) {
    const names = jobs.get(podOf(reading)) ?? new Set<string>();
    jobs.set(podOf(reading), names.add(jobOf(reading.process)));
  }
  return jobs;
}

function ranksBefore(name: string, best: string, popularity: ReadonlyMap<string, number>): boolean {
  const more = (popularity.get(name) ?? 0) - (popularity.get(best) ?? 0);
  return more > 0 || (more === 0 && name < best);
}

/** When a job drops out for a while and another one is counted, its first delta on return would count those requests again. */
function passOverAbsentJobs(next: Map<string, CounterBase>, readings: readonly ProcessReading[], counted: readonly ProcessReading[]): void {
  const present = new Set(readings.map(keyOf));
  const jobs = new Map(counted.map((reading) => [podOf(reading), jobOf(reading.process)]));
  for (const [key, base] of next) {
    const job = jobs.get(base.pod);
    if (job === undefined || present.has(key) || base.passedOver) continue;
    if (base.job !== job) next.set(key, { ...base, passedOver: true });
  }
}

/** A pod that calls the workload it belongs to is two: what it answers and what it calls are counted apart. */
function podOf(reading: ProcessReading): string {
  return `${reading.view ?? "pods"}/${reading.namespace}/${reading.pod}`;
}

function keyOf(reading: ProcessReading): string {
  return `${podOf(reading)}/${reading.process}`;
}

export function sumOf(counts: readonly RateCounts[]): RateCounts {
  let total = 0;
  let bad = 0;
  for (const count of counts) {
    total += count.total;
    bad += count.bad;
  }
  return { total, bad };
}
