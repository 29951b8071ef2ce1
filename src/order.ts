// What people order of Rearguard, as nouns. Like model.ts: imports nothing but nouns, does nothing.
import type { Ms } from "./model.ts";

/** All action rests until a person lets it go on. */
export interface Pause {
  readonly by: string;
  readonly reason: string;
  readonly at: Ms;
}

/** A person ordered it. */
export interface OrderedReason {
  readonly code: "ordered";
  readonly by: string;
  readonly reason: string;
}
