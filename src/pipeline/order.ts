import type { Command } from "../entry.ts";
import { pointless } from "../guards/command.ts";
import { standingOf } from "../guards/phase.ts";
import { type AnyRecord, isFinished, isRemediation, type RemediationRecord } from "../guards/remediation/record.ts";
import type { Flow } from "./flow.ts";
import { writeRemedyEntry } from "./remediation/write.ts";
import { writeEntry } from "./write.ts";

/** What became of an order. */
export type Ordered =
  /** It is written down and will be obeyed. `again`: it was written before. */
  | { readonly taken: true; readonly command: Command; readonly again: boolean }
  | { readonly taken: false; readonly why: OrderRefusal; readonly because: string };

/** `later`: not possible now, the same may be asked again. */
export type OrderRefusal = "unknown" | "pointless" | "other-order" | "later";

/** Orders of which the same is being written: two posts at once are one. Of one pipeline. */
export type OrdersUnderWay = Map<string, Promise<unknown>>;

/** An order is never forgotten, and an object of the API server can hold only so much. */
const mostOrders = 100;

/** Writes an order into the record of its guard, which obeys it at its next step. `taken` only when it is written. */
export async function takeOrder(guard: string, command: Command, flow: Flow, underWay: OrdersUnderWay): Promise<Ordered> {
  const key = `${guard}/${command.id}`;
  while (underWay.has(key)) await underWay.get(key);
  const known = whatIsKnown(guard, command, flow);
  if (known !== undefined) return known;
  const entry = { kind: "commanded", command } as const;
  const isOpen = ({ finished }: { readonly finished?: unknown }) => finished === undefined;
  const writing = flow.book.remediations.has(guard) ? writeRemedyEntry(guard, entry, flow, isOpen) : writeEntry(guard, entry, flow, isOpen);
  underWay.set(key, writing);
  try {
    if (await writing) return { taken: true, command, again: false };
  } finally {
    underWay.delete(key);
  }
  // The guard may have ended while this waited for its turn.
  return whatIsKnown(guard, command, flow) ?? { taken: false, why: "later", because: "it could not be written down" };
}

function whatIsKnown(guard: string, command: Command, { book }: Flow): Ordered | undefined {
  const record =
    (book.open.get(guard) ?? book.remediations.get(guard))?.record ?? book.ended.get(guard) ?? book.endedRemediations.get(guard);
  if (record === undefined) return { taken: false, why: "unknown", because: `there is no guard ${guard}` };
  const commands = commandsOf(record);
  const before = commands.find(({ id }) => id === command.id);
  if (before !== undefined) {
    const { kind, by, reason } = before;
    if (kind === command.kind && by === command.by && reason === command.reason) return { taken: true, command, again: true };
    return { taken: false, why: "other-order", because: `another order of guard ${guard} has the id ${command.id}` };
  }
  const isLast = command.kind === "abort" && !commands.some(({ kind }) => kind === "abort");
  if (commands.length >= mostOrders && !isLast) {
    return { taken: false, why: "pointless", because: `guard ${guard}: it was given ${mostOrders} orders, and takes only the one to end` };
  }
  const why = isRemediation(record) ? pointlessForRemedy(record, command.kind) : pointless(standingOf(record.entries), command.kind);
  return why === undefined ? undefined : { taken: false, why: "pointless", because: `guard ${guard}: ${why}` };
}

function commandsOf({ entries }: AnyRecord): readonly Command[] {
  return [...entries].flatMap((entry) => (entry.kind === "commanded" ? [entry.command] : []));
}

function pointlessForRemedy(record: RemediationRecord, kind: Command["kind"]): string | undefined {
  if (isFinished(record)) return "it has ended";
  return kind === "abort" ? undefined : `it is of no rollout, and nothing of it can be ordered but abort`;
}
