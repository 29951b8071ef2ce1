import { setImmediate, setTimeout } from "node:timers/promises";
import type { Clock } from "../../src/clock.ts";
import { createSleepers } from "./sleepers.ts";

export interface ManualClock extends Clock {
  /** Moves the time on, waking each sleeper at its own instant, and lets what it woke run. */
  advance(ms: number): Promise<void>;
  /** Moves on in steps until `holds`, giving sockets the time they need; fails after five real seconds. */
  advanceUntil(what: string, holds: () => boolean, stepMs?: number): Promise<void>;
}

/** A clock that only a test moves. */
export function createManualClock(start = Date.parse("2026-11-23T12:00:00Z")): ManualClock {
  let now = start;
  const sleepers = createSleepers();
  const beats = new Set<(at: number) => Promise<void>>();

  async function advance(ms: number): Promise<void> {
    const until = now + ms;
    for (;;) {
      await setImmediate();
      const second = Math.floor(now / 1000) * 1000 + 1000;
      const due = sleepers.firstDue(until);
      if (beats.size > 0 && second <= until && second <= (due?.due ?? until)) {
        now = second;
        for (const beat of beats) await beat(now);
      } else if (due) {
        now = Math.max(now, due.due);
        due.wake();
      } else {
        break;
      }
    }
    now = until;
    await setImmediate();
  }

  return {
    now: () => now,
    sleep: (ms, signal) => sleepers.sleepUntil(now + ms, signal),
    everySecond(beat) {
      beats.add(beat);
      return async () => {
        beats.delete(beat);
      };
    },
    advance,
    async advanceUntil(what, holds, stepMs = 0) {
      const giveUp = performance.now() + 5_000;
      while (!holds()) {
        if (performance.now() > giveUp) throw new Error(`never came: ${what}`);
        await advance(stepMs);
        // Sockets live by real time: a clock that ran ahead of them would make every answer late.
        await setTimeout(2);
      }
    },
  };
}
