import type { Ms } from "../model.ts";

const REST_MS = 30_000;
const LONGEST_REST_MS = 300_000;

/** Tries of one kind of action that came to nothing since the last one that succeeded. */
export interface Failure {
  readonly count: number;
  readonly at: Ms;
}

/**
 * `now`: try. `later`: rest first, 30 s longer after each failure, at most 5 min. `never`: the tries are used up.
 * After a failure that seems to lie ahead the clock was set back: nobody knows how long ago it was.
 */
export function whenToTry(failure: Failure | undefined, now: Ms, tries: number): "now" | "later" | "never" {
  if (failure === undefined) return "now";
  if (failure.count >= tries) return "never";
  return failure.at <= now && now < failure.at + Math.min(LONGEST_REST_MS, REST_MS * failure.count) ? "later" : "now";
}
