import type { Clock } from "../../clock.ts";
import type { Ms } from "../../model.ts";

/** Lets one call through each `gapMs`; the others wait their turn. For one caller at a time, as a line is. */
export function createPace(clock: Pick<Clock, "now" | "sleep">, gapMs: Ms): () => Promise<void> {
  let next = Number.NEGATIVE_INFINITY;
  return async () => {
    const wait = next - clock.now();
    // A clock that was set back must not hold up messages for as long as it was set back.
    if (wait > 0) await clock.sleep(Math.min(wait, gapMs));
    next = clock.now() + gapMs;
  };
}
