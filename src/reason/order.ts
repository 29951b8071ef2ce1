// What people order, as nouns. Like model.ts: imports nothing but nouns, does nothing.

/** A person ordered it. */
export interface OrderedReason {
  readonly code: "ordered";
  readonly by: string;
  readonly reason: string;
}
