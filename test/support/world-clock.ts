import type { Clock } from "../../src/clock.ts";
import { createSleepers } from "./sleepers.ts";

/** A clock that only a test moves, for a whole daemon: a beat that waits (for a retry's pause, say) does not stop the time. */
export interface WorldClock extends Clock {
  /** Goes to `to`, stopping at each sleeper's instant on the way so that `pause` can let what woke run; then beats. */
  move(to: number, pause: () => Promise<void>): Promise<void>;
  beating(): boolean;
}

export function createWorldClock(start: number): WorldClock {
  let now = start;
  let running = 0;
  const sleepers = createSleepers();
  const beats = new Set<() => void>();

  return {
    now: () => now,
    beating: () => running > 0,
    sleep: (ms, signal) => sleepers.sleepUntil(now + ms, signal),
    everySecond(beat, missed) {
      let current: Promise<void> | undefined;
      const tick = () => {
        if (current !== undefined) return missed(1);
        running += 1;
        current = beat(now).finally(() => {
          running -= 1;
          current = undefined;
        });
      };
      beats.add(tick);
      return async () => {
        beats.delete(tick);
        await current;
      };
    },
    async move(to, pause) {
      for (;;) {
        const first = sleepers.firstDue(to);
        if (first === undefined) break;
        now = Math.max(now, first.due);
        first.wake();
        await pause();
      }
      now = to;
      for (const beat of beats) beat();
      await pause();
    },
  };
}
