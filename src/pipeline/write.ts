import { sentence } from "../errors.ts";
import { summaryLine } from "../explain/summary.ts";
import type { GuardRecord, GuardSummary } from "../guards/guard.ts";
import { type Standing, standingOf } from "../guards/phase.ts";
import { append, summaryOf } from "../guards/record.ts";
import type { AnyRecord } from "../guards/remediation/record.ts";
import { openRun } from "../guards/run.ts";
import type { EntryBody } from "../entry.ts";
import type { Flow } from "./flow.ts";

/**
 * Appends an entry and saves. Only a receipt is kept when saving fails; everything else is decided again next beat. `holds`: whether the
 * entry is still right when its turn has come, after what was written meanwhile.
 */
export function writeEntry(name: string, body: EntryBody, flow: Flow, holds: (standing: Standing) => boolean = () => true) {
  return inTurn(name, flow, () => writeEntryNow(name, body, flow, holds));
}

async function writeEntryNow(name: string, body: EntryBody, flow: Flow, holds: (standing: Standing) => boolean): Promise<boolean> {
  const { book, edges, unsaved } = flow;
  const before = book.open.get(name);
  if (before === undefined || !holds(before.standing)) return false;
  const after = append(before, edges.now(), body);
  const owed = body.kind === "receipt" || unsaved.has(name);
  if (body.kind === "receipt") book.open.set(name, after);
  // Before the write: what changes while it is under way is owed again.
  unsaved.delete(name);
  const saved = await saveRecord(after.record, flow);
  const now = book.open.get(name);
  // Leadership went meanwhile, and the guard with it: what was written is read again by whoever leads next.
  if (now === undefined) return false;
  if (!saved) {
    if (owed) unsaved.add(name);
    return false;
  }
  // Blocks may have been judged meanwhile: only the record and what follows from its entries are replaced.
  const { pods, baselines, toldThrough, probes, jobs, alerts, handles } = now.record;
  const written = {
    ...(probes === undefined ? {} : { probes }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(alerts === undefined ? {} : { alerts }),
    ...(handles === undefined ? {} : { handles }),
  };
  const kept = { pods, baselines, toldThrough, ...written };
  book.open.set(name, { ...now, record: { ...after.record, ...kept }, standing: after.standing });
  return true;
}

/** Writes the guard down as it stands when it is newer than what is written; true when it is safe. */
export function persist(name: string, flow: Flow): Promise<boolean> {
  return inSharedTurn(name, flow, () => persistNow(name, flow));
}

async function persistNow(name: string, flow: Flow): Promise<boolean> {
  const run = flow.book.open.get(name);
  if (run === undefined) return false;
  if (!flow.unsaved.has(name)) return true;
  flow.unsaved.delete(name);
  const saved = await saveRecord(run.record, flow);
  if (!saved && flow.book.open.has(name)) flow.unsaved.add(name);
  return saved;
}

/** The same for a guard that has ended. */
export function persistEnded(name: string, flow: Flow): Promise<boolean> {
  return inTurn(name, flow, async () => {
    const record = flow.book.ended.get(name);
    return record !== undefined && (await saveRecord(record, flow));
  });
}

/**
 * The same turn for all who ask before it begins: it writes what they have brought. With a turn for each, every one of them would write what came
 * during the write before, and the last of a hundred would wait for a hundred writes.
 */
export function inSharedTurn(name: string, flow: Flow, write: () => Promise<boolean>): Promise<boolean> {
  const { waiting } = flow;
  const shared = waiting.get(name);
  if (shared !== undefined) return shared;
  const turn = inTurn(name, flow, () => {
    waiting.delete(name);
    return write();
  });
  waiting.set(name, turn);
  return turn;
}

/** Two writes of one guard at once would conflict with each other, and the older one could win. */
export async function inTurn(name: string, { writing }: Pick<Flow, "writing">, write: () => Promise<boolean>): Promise<boolean> {
  const turn = (writing.get(name) ?? Promise.resolve()).then(write, write);
  writing.set(name, turn);
  try {
    return await turn;
  } finally {
    if (writing.get(name) === turn) writing.delete(name);
  }
}

/** One write of one record. False when it was not written: the network (tried again), or somebody else's write (read again). */
async function saveRecord(record: GuardRecord, flow: Flow): Promise<boolean> {
  const { book, edges, settings } = flow;
  const run = book.open.get(record.name) ?? openRun(record, settings.pace);
  // Of this record: the run in memory moves on only when it is written.
  const summary = summaryOf({ ...run, record, standing: standingOf(record.entries) }, edges.now(), summaryLine(record.entries));
  return save(record, summary, flow);
}

/** The same for a record of any kind. */
export async function save(record: AnyRecord, summary: GuardSummary, flow: Flow): Promise<boolean> {
  const { book, edges } = flow;
  const { name } = record;
  try {
    const outcome = await edges.journal.save(record, summary);
    if (outcome === "saved") return true;
    if (outcome === "gone" && (await edges.journal.create(record, summary)) === "created") {
      edges.log.warn({ guard: name }, "guard object was deleted by somebody; it is written again, because the guard goes on");
      return true;
    }
    edges.log.warn({ guard: name, outcome }, "guard was changed by somebody else; it is read again");
    book.open.delete(name);
    book.remediations.delete(name);
    flow.unsaved.delete(name);
    flow.lost.add(name);
  } catch (error) {
    edges.log.warn({ guard: name, error: sentence(error) }, "guard could not be written; it is tried again");
  }
  return false;
}
