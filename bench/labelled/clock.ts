import { setImmediate } from "node:timers/promises";
import type { Ms } from "../../src/model.ts";

export interface VirtualClock {
  now(): Ms;
  sleep(ms: Ms): Promise<void>;
  /** Moves the time on, waking each sleeper at its own instant and letting what it woke run to its next wait. */
  moveTo(to: Ms): Promise<void>;
}

interface Sleeper {
  readonly due: Ms;
  readonly wake: () => void;
}

/** A clock that only the replay moves: hours of data pass in a second. */
export function createVirtualClock(start: Ms): VirtualClock {
  let now = start;
  let sleepers: readonly Sleeper[] = [];
  return {
    now: () => now,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers = [...sleepers, { due: now + ms, wake }];
      }),
    async moveTo(to) {
      for (;;) {
        const next = sleepers.filter(({ due }) => due <= to).toSorted((one, other) => one.due - other.due)[0];
        if (next === undefined) break;
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        now = Math.max(now, next.due);
        next.wake();
        // All edges are in memory: one turn of the event loop runs everything that was woken.
        await setImmediate();
      }
      now = to;
    },
  };
}
