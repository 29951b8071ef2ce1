import { LeftToNext, sentence } from "../../errors.ts";
import { remediationMessageOf } from "../../explain/remediation/message.ts";
import type { RemediationRecord } from "../../guards/remediation/record.ts";
import { remedyStandingOf } from "../../guards/remediation/standing.ts";
import type { Flow } from "../flow.ts";
import { persistEndedRemediation, persistRemediation } from "./write.ts";

/** Hands every entry that people do not know yet to the receivers, in order; marks them as told once the receivers have them. */
export function tellRemedyNews(record: RemediationRecord, flow: Flow): void {
  const from = Math.max(record.toldThrough, flow.handed.get(record.name) ?? 0);
  const through = record.entries.length;
  if (from >= through) return;
  const messages = record.entries.slice(from).flatMap((entry) => {
    const { phase } = remedyStandingOf(record.entries.slice(0, entry.seq + 1));
    return remediationMessageOf(record, entry, phase, flow.settings.cluster, flow.settings.externalUrl) ?? [];
  });
  flow.handed.set(record.name, through);
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
  const run = book.remediations.get(name);
  if (run !== undefined) {
    book.remediations.set(name, { ...run, record: { ...run.record, toldThrough: Math.max(run.record.toldThrough, through) } });
    unsaved.add(name);
    return;
  }
  const ended = book.endedRemediations.get(name);
  if (ended === undefined) return;
  book.endedRemediations.set(name, { ...ended, toldThrough: through });
  await persistEndedRemediation(name, flow);
  if (through < ended.entries.length) return;
  flow.handed.delete(name);
  flow.telling.delete(name);
}

/** Whether it was a remediation's: its handle is written down at once. */
export function keepRemedyHandle(name: string, target: string, handle: string, flow: Flow): boolean {
  const { book, unsaved } = flow;
  const run = book.remediations.get(name);
  if (run !== undefined) {
    book.remediations.set(name, { ...run, record: withHandle(run.record, target, handle) });
    unsaved.add(name);
    void persistRemediation(name, flow);
    return true;
  }
  const ended = book.endedRemediations.get(name);
  if (ended === undefined) return false;
  book.endedRemediations.set(name, withHandle(ended, target, handle));
  void persistEndedRemediation(name, flow);
  return true;
}

function withHandle(record: RemediationRecord, target: string, handle: string): RemediationRecord {
  return { ...record, handles: { ...record.handles, [target]: handle } };
}
