import { LeftToNext, sentence } from "../errors.ts";
import type { Message } from "../entry.ts";
import type { AnyRecord } from "../guards/remediation/record.ts";
import type { Flow } from "./flow.ts";

/** Guards of one kind in the book, and how each is written down. */
export interface Shelf<R extends AnyRecord, Run extends { readonly record: R }> {
  readonly open: Map<string, Run>;
  readonly ended: Map<string, R>;
  persist(name: string, flow: Flow): Promise<boolean>;
  persistEnded(name: string, flow: Flow): Promise<boolean>;
}

/** Hands what people do not know yet to the receivers, in order; marks it as told once the receivers have it. `messagesFrom`: of the entries from this one on. */
export function handOver<R extends AnyRecord, Run extends { readonly record: R }>(
  record: R,
  messagesFrom: (entry: number) => readonly Message[],
  shelf: Shelf<R, Run>,
  flow: Flow,
): void {
  const { name } = record;
  const from = Math.max(record.toldThrough, flow.handed.get(name) ?? 0);
  const through = record.entries.length;
  if (from >= through) return;
  const messages = messagesFrom(from);
  flow.handed.set(name, through);
  // In their order: an entry that is nobody's news is told at once, and must not vouch for news that is still on its way.
  const told = Promise.all([flow.telling.get(name), flow.edges.tell(messages)]).then(() => markTold(name, through, shelf, flow));
  flow.telling.set(name, told);
  told.catch((error: unknown) => {
    if (error instanceof LeftToNext) return;
    flow.edges.log.error({ guard: name, error: sentence(error) }, "messages were not handed over");
  });
}

/** A crash before this tells people twice rather than never; receivers know the messages by their ids. */
async function markTold<R extends AnyRecord, Run extends { readonly record: R }>(
  name: string,
  through: number,
  shelf: Shelf<R, Run>,
  flow: Flow,
): Promise<void> {
  const run = shelf.open.get(name);
  if (run !== undefined) {
    shelf.open.set(name, { ...run, record: { ...run.record, toldThrough: Math.max(run.record.toldThrough, through) } });
    flow.unsaved.add(name);
    return;
  }
  const ended = shelf.ended.get(name);
  if (ended === undefined) return;
  shelf.ended.set(name, { ...ended, toldThrough: through });
  await shelf.persistEnded(name, flow);
  if (through < ended.entries.length) return;
  flow.handed.delete(name);
  flow.telling.delete(name);
}

/** Written down at once: a restart that did not know it would make a second thing at the receiver. False: there is no such guard here. */
export function keepHandle<R extends AnyRecord, Run extends { readonly record: R }>(
  name: string,
  [target, handle]: readonly [target: string, handle: string],
  shelf: Shelf<R, Run>,
  flow: Flow,
): boolean {
  const run = shelf.open.get(name);
  if (run !== undefined) {
    shelf.open.set(name, { ...run, record: { ...run.record, handles: { ...run.record.handles, [target]: handle } } });
    flow.unsaved.add(name);
    void shelf.persist(name, flow);
    return true;
  }
  const ended = shelf.ended.get(name);
  if (ended === undefined) return false;
  shelf.ended.set(name, { ...ended, handles: { ...ended.handles, [target]: handle } });
  void shelf.persistEnded(name, flow);
  return true;
}
