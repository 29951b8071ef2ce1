import { createTask } from "node-cron";
import type { Ms } from "./model.ts";

/** The one place that knows the time. `every` calls back once a beat and returns how to stop it. */
export interface Clock {
  now(): Ms;
  /** Resolves after `ms`; rejects never; wakes early (resolving) when `signal` aborts. */
  sleep(ms: Ms, signal?: AbortSignal): Promise<void>;
  /** Calls `beat` about once a second, never two at once; a beat that is late is dropped and counted by `missed`. */
  everySecond(beat: (now: Ms) => Promise<void>, missed: (count: number) => void): () => Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: sleepOnTimer,
  everySecond(beat, missed) {
    const task = createTask("* * * * * *", () => beat(Date.now()), { name: "heartbeat", noOverlap: true, suppressMissedWarning: true });
    task.on("execution:missed", () => missed(1));
    task.on("execution:overlap", () => missed(1));
    void task.start();
    return async () => {
      await task.destroy();
    };
  },
};

/** A clock that runs `speed` times as fast as the wall clock from `start` on: the demo in a hurry. */
export function fastClock(start: Ms, speed: number): Clock {
  const origin = Date.now();
  const now = () => start + (Date.now() - origin) * speed;
  return {
    now,
    sleep: (ms, signal) => sleepOnTimer(ms / speed, signal),
    everySecond(beat, missed) {
      let running: Promise<void> | undefined;
      const timer = setInterval(() => {
        if (running !== undefined) return missed(1);
        running = beat(now()).finally(() => (running = undefined));
      }, 1000 / speed);
      return async () => {
        clearInterval(timer);
        await running;
      };
    },
  };
}

function sleepOnTimer(ms: Ms, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener("abort", wake);
  });
}
