import { messageOf } from "../explain/message.ts";
import type { GuardRecord } from "../guards/guard.ts";
import { standingOf } from "../guards/phase.ts";
import type { GuardRun } from "../guards/run.ts";
import type { Flow } from "./flow.ts";
import { handOver, type Shelf } from "./hand-over.ts";
import { persist, persistEnded } from "./write.ts";

/** The guards of rollouts. */
export function rolloutsIn({ book }: Flow): Shelf<GuardRecord, GuardRun> {
  return { open: book.open, ended: book.ended, persist, persistEnded };
}

/** Tells people every entry that they do not know yet. */
export function tellNews(record: GuardRecord, flow: Flow): void {
  const { cluster, externalUrl } = flow.settings;
  const messagesFrom = (from: number) =>
    record.entries.slice(from).flatMap((entry) => {
      const then = standingOf(record.entries.slice(0, entry.seq + 1));
      return messageOf(record, entry, then, cluster, externalUrl) ?? [];
    });
  handOver(record, messagesFrom, rolloutsIn(flow), flow);
}
