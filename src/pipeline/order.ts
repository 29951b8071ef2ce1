import type { Command } from "../entry.ts";
import { pointless } from "../guards/command.ts";
import { standingOf } from "../guards/phase.ts";
import type { Flow } from "./flow.ts";
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

/** Writes an order into the record of its guard, which obeys it at its next step. `taken` only when it is written. */
export async function takeOrder(guard: string, command: Command, flow: Flow, underWay: OrdersUnderWay): Promise<Ordered> {
  const key = `${guard}/${command.id}`;
  while (underWay.has(key)) await underWay.get(key);
  const known = whatIsKnown(guard, command, flow);
  if (known !== undefined) return known;
  const writing = writeEntry(guard, { kind: "commanded", command }, flow);
  underWay.set(key, writing);
  try {
    if (await writing) return { taken: true, command, again: false };
  } finally {
    underWay.delete(key);
  }
  return { taken: false, why: "later", because: "it could not be written down" };
}

function whatIsKnown(guard: string, command: Command, { book }: Flow): Ordered | undefined {
  const run = book.open.get(guard);
  const ended = book.ended.get(guard);
  const standing = run?.standing ?? (ended === undefined ? undefined : standingOf(ended.entries));
  if (standing === undefined) return { taken: false, why: "unknown", because: `there is no guard ${guard}` };
  const before = (run?.record ?? ended)?.entries.find((entry) => entry.kind === "commanded" && entry.command.id === command.id);
  if (before?.kind === "commanded") {
    const { kind, by, reason } = before.command;
    if (kind === command.kind && by === command.by && reason === command.reason) return { taken: true, command, again: true };
    return { taken: false, why: "other-order", because: `another order of guard ${guard} has the id ${command.id}` };
  }
  const why = pointless(standing, command.kind);
  return why === undefined ? undefined : { taken: false, why: "pointless", because: `guard ${guard}: ${why}` };
}
