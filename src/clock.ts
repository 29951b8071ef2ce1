import { createTask, parse } from "node-cron";
import { type CronReading, dueBetween as dueBy } from "./clock/due-between.ts";
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

/**
 * When a cron expression was due in a time zone, after `from` and up to `to`: ascending, as node-cron reads the expression. Twice a year the
 * clock on the wall jumps: what then is due once says `clock/due-between.ts`.
 * @throws RangeError for a time zone, Error for an expression, that are none.
 */
export function dueBetween(cron: string, timeZone: string, from: Ms, to: Ms): readonly Ms[] {
  return dueBy(readingOf(cron), offsetIn(timeZone), from, to);
}

const readings = new Map<string, CronReading>();

/** Days are asked of node-cron itself, as days in UTC. */
function readingOf(cron: string): CronReading {
  const known = readings.get(cron);
  if (known !== undefined) return known;
  const { minute: minutes, hour: hours } = parse(cron);
  const task = createTask(cron, () => {}, { timezone: "UTC" });
  // Or node-cron would keep it for ever; it is never started, and still knows its days.
  void task.destroy();
  const [hour = 0, minute = 0] = [hours[0], minutes[0]];
  const reading = { minutes, hours, isDay: (midnight: Ms) => task.match(new Date(midnight + (hour * 60 + minute) * 60_000)) };
  readings.set(cron, reading);
  return reading;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function offsetIn(timeZone: string): (at: Ms) => Ms {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  formats.set(timeZone, format);
  return (at) => {
    const name = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
    const [, sign, hours = 0, minutes = 0] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    return (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -60_000 : 60_000);
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
