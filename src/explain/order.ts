import type { OrderedReason } from "../reason/order.ts";

/** "ordered by alice: the supplier has a fault". */
export function orderSentence({ by, reason }: OrderedReason): string {
  return `ordered by ${by}: ${reason}`;
}
