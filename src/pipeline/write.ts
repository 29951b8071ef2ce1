import { sentence } from "../errors.ts";
import { summaryLine } from "../explain/summary.ts";
import type { GuardRecord } from "../guards/guard.ts";
import { append, summaryOf } from "../guards/record.ts";
import { openRun } from "../guards/run.ts";
import type { EntryBody } from "../model.ts";
import type { Flow } from "./flow.ts";

/** Appends an entry and saves. Only a receipt is kept when saving fails; everything else is decided again next beat. */
export async function writeEntry(name: string, body: EntryBody, flow: Flow): Promise<boolean> {
  const { book, edges, unsaved } = flow;
  const before = book.open.get(name);
  if (before === undefined) return false;
  const after = append(before, edges.now(), body);
  if (body.kind === "receipt") {
    book.open.set(name, after);
    unsaved.add(name);
  }
  if (!(await saveRecord(after.record, flow))) return false;
  unsaved.delete(name);
  // Blocks may have been judged meanwhile: only the record and what follows from its entries are replaced.
  const now = book.open.get(name) ?? after;
  const { pods, baselines, toldThrough } = now.record;
  book.open.set(name, { ...now, record: { ...after.record, pods, baselines, toldThrough }, standing: after.standing });
  return true;
}

/** Writes the guard down as it stands when it is newer than what is written; true when it is safe. */
export async function persist(name: string, flow: Flow): Promise<boolean> {
  const run = flow.book.open.get(name);
  if (run === undefined) return false;
  if (!flow.unsaved.has(name)) return true;
  flow.unsaved.delete(name);
  const saved = await saveRecord(run.record, flow);
  if (!saved && flow.book.open.has(name)) flow.unsaved.add(name);
  return saved;
}

/** One write of one record. False when it was not written: the network (tried again), or somebody else's write (read again). */
export async function saveRecord(record: GuardRecord, flow: Flow): Promise<boolean> {
  const { book, edges, settings } = flow;
  const { name } = record;
  try {
    const run = book.open.get(name) ?? openRun(record, settings.pace);
    const summary = summaryOf({ ...run, record }, edges.now(), summaryLine(record.entries));
    const outcome = await edges.journal.save(record, summary);
    if (outcome === "saved") return true;
    edges.log.warn({ guard: name, outcome }, "guard was changed or deleted by somebody else; it is read again");
    book.open.delete(name);
    flow.unsaved.delete(name);
    flow.lost.add(name);
  } catch (error) {
    edges.log.warn({ guard: name, error: sentence(error) }, "guard could not be written; it is tried again");
  }
  return false;
}
