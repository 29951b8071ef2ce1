import type { Clock } from "../../clock.ts";
import type { Message } from "../../entry.ts";
import type { Ms } from "../../model.ts";
import { Line } from "./line.ts";
import type { LineOptions } from "./line.ts";
import type { Handles, Target } from "./target.ts";

export interface Outbox {
  /** Hands the message to every target (`ongoing`: to those that ask for it); resolves when each has it or it was given up (and reported as dropped), rejects when it was left to another process. */
  tell(message: Message): Promise<void>;
  /** Messages waiting, by target. */
  depths(): Readonly<Record<string, number>>;
  /** At the loss of leadership: what waits is the next leader's to tell. */
  withdraw(): void;
  /** At stop: tries all that waits once more now, gives up what has not arrived after `deadlineMs`, takes nothing more. */
  drain(deadlineMs: Ms): Promise<void>;
}

/**
 * One queue for each target: in order, at least once, and a target that is down delays nobody else.
 * @param options.handles where it outlives this process what receivers call their thing for a guard; nowhere unless told.
 * @param options.limit messages kept for one target; beyond it the oldest `info` is dropped first. 1000 unless told.
 */
export function createOutbox(
  options: Pick<LineOptions, "clock" | "dropped" | "failed" | "arrived"> & {
    readonly targets: readonly Target[];
    readonly clock: Pick<Clock, "sleep">;
    readonly limit?: number;
    readonly handles?: Handles;
    readonly random?: () => number;
  },
): Outbox {
  const { targets, clock, dropped, failed, arrived, limit = 1000, random = Math.random, handles = forgetful } = options;
  const forOngoing = new Set(targets.flatMap((target) => (target.ongoing === true ? [target.name] : [])));
  const lines = new Map(
    targets.map((target) => [target.name, new Line({ target, clock, random, limit, handles, dropped, failed, arrived })]),
  );
  return {
    async tell(message) {
      const all = [...lines].filter(([name]) => message.kind !== "ongoing" || forOngoing.has(name));
      await Promise.all(all.map(([, line]) => line.push(message)));
    },
    depths: () => Object.fromEntries([...lines].map(([name, line]) => [name, line.depth])),
    withdraw() {
      for (const line of lines.values()) line.withdraw();
    },
    async drain(deadlineMs) {
      const enough = new AbortController();
      const all = Promise.all([...lines.values()].map((line) => line.hurry()));
      await Promise.race([all, clock.sleep(deadlineMs, enough.signal)]);
      enough.abort();
      for (const line of lines.values()) line.stop();
    },
  };
}

const forgetful: Handles = { get: () => undefined, keep: () => {} };
