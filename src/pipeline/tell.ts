import { LeftToNext, sentence } from "../errors.ts";
import { messageOf } from "../explain/message.ts";
import type { GuardRecord } from "../guards/guard.ts";
import { standingOf } from "../guards/phase.ts";
import type { Flow } from "./flow.ts";
import { persist, persistEnded } from "./write.ts";

/** Hands every entry that people do not know yet to the receivers, in order; marks them as told once the receivers have them. */
export function tellNews(record: GuardRecord, flow: Flow): void {
  const from = Math.max(record.toldThrough, flow.handed.get(record.name) ?? 0);
  const through = record.entries.length;
  if (from >= through) return;
  const messages = record.entries.slice(from).flatMap((entry) => {
    const then = standingOf(record.entries.slice(0, entry.seq + 1));
    return messageOf(record, entry, then, flow.settings.cluster, flow.settings.externalUrl) ?? [];
  });
  flow.handed.set(record.name, through);
  // In their order: an entry that is nobody's news is told at once, and must not vouch for news that is still on its way.
  const told = Promise.all([flow.telling.get(record.name), flow.edges.tell(messages)]).then(() => markTold(record.name, through, flow));
  flow.telling.set(record.name, told);
  told.catch((error: unknown) => {
    if (error instanceof LeftToNext) return;
    flow.edges.log.error({ guard: record.name, error: sentence(error) }, "messages were not handed over");
  });
}

/** A crash before this tells people twice rather than never; receivers know the messages by their ids. */
async function markTold(name: string, through: number, flow: Flow): Promise<void> {
  const { book, unsaved } = flow;
  const run = book.open.get(name);
  if (run !== undefined) {
    book.open.set(name, { ...run, record: { ...run.record, toldThrough: Math.max(run.record.toldThrough, through) } });
    unsaved.add(name);
    return;
  }
  const ended = book.ended.get(name);
  if (ended === undefined) return;
  book.ended.set(name, { ...ended, toldThrough: through });
  await persistEnded(name, flow);
  if (through < ended.entries.length) return;
  flow.handed.delete(name);
  flow.telling.delete(name);
}

/** Written down at once: a restart that did not know it would make a second thing at the receiver. */
export function keepHandle(name: string, target: string, handle: string, flow: Flow): void {
  const { book, unsaved } = flow;
  const run = book.open.get(name);
  if (run !== undefined) {
    book.open.set(name, { ...run, record: withHandle(run.record, target, handle) });
    unsaved.add(name);
    void persist(name, flow);
    return;
  }
  const ended = book.ended.get(name);
  if (ended === undefined) return;
  book.ended.set(name, withHandle(ended, target, handle));
  void persistEnded(name, flow);
}

function withHandle(record: GuardRecord, target: string, handle: string): GuardRecord {
  return { ...record, handles: { ...record.handles, [target]: handle } };
}
