import type { Clock } from "../../src/clock.ts";

/** A clock on which every sleep is over at once, and the time has passed. */
export function jumpingClock(start = Date.parse("2026-11-23T14:03:00Z")): Pick<Clock, "now" | "sleep"> {
  let now = start;
  return {
    now: () => now,
    async sleep(ms) {
      now += ms;
    },
  };
}
