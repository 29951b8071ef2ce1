import type { Clock } from "../../clock.ts";
import { LeftToNext } from "../../errors.ts";
import type { Message } from "../../entry.ts";
import type { Ms } from "../../model.ts";
import { TargetError } from "./target.ts";
import type { Handles, Memory, Target } from "./target.ts";

type Item = { readonly message: Message; readonly done: () => void; readonly leave: (why: Error) => void };

export type LineOptions = {
  readonly target: Target;
  readonly clock: Pick<Clock, "sleep">;
  readonly random: () => number;
  readonly limit: number;
  readonly handles: Handles;
  readonly dropped: (target: string, message: Message, why: "full" | "refused" | "closed" | "stopped") => void;
  readonly failed: (target: string, message: Message, error: unknown) => void;
  /** The target took a message; not called for what it left out. */
  readonly arrived?: ((target: string) => void) | undefined;
};

const longestWaitMs = 60_000;
const longestRetryAfterMs = 3_600_000;

/** The queue before one target: in order, one at a time, the first one kept until it has arrived. */
export class Line {
  readonly #options: LineOptions;
  readonly #queue: Item[] = [];
  /** Of this process: a Guard that another process leads by now cannot be asked, and its receiver still must not get a twin. */
  readonly #handles = new Map<string, string>();
  #working: Promise<void> | undefined;
  #wake = new AbortController();
  #stopped = false;
  #closed = false;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  get depth(): number {
    return this.#queue.length;
  }

  /** Resolves when the message has arrived or was given up; rejects when it was left to another process. */
  push(message: Message): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const item = { message, done: resolve, leave: reject };
    if (this.#closed || this.#stopped) {
      this.#drop(item, this.#closed ? "closed" : "stopped");
      return promise;
    }
    if (message.kind === "ongoing" || message.kind === "finished") this.#overtake(message.guard);
    this.#queue.push(item);
    if (this.#queue.length > this.#options.limit) this.#dropLeast();
    this.#working ??= this.#work();
    return promise;
  }

  /** Ends the present pause, so that what waits is tried once more now; resolves when the queue is empty. */
  async hurry(): Promise<void> {
    this.#wake.abort();
    this.#wake = new AbortController();
    await this.#working;
  }

  /** Leaves what waits to whoever leads now, who tells it from the Guards: told by us too, and later, it would be news that is over. */
  withdraw(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
    this.#handles.clear();
    for (const item of this.#queue.splice(0)) item.leave(new LeftToNext("another instance tells it"));
  }

  /** Gives up what is left. */
  stop(): void {
    this.#stopped = true;
    this.#wake.abort();
    for (const item of this.#queue.splice(0)) this.#drop(item, "stopped");
  }

  async #work(): Promise<void> {
    let tries = 0;
    let last: Item | undefined;
    for (let item = this.#queue[0]; item !== undefined; item = this.#queue[0]) {
      tries = item === last ? tries + 1 : 1;
      last = item;
      const wait = await this.#try(item, tries);
      // The queue may have been taken away while the message was on its way.
      if (this.#stopped) break;
      if (wait !== undefined && this.#queue[0] === item) await this.#options.clock.sleep(wait, this.#wake.signal);
    }
    this.#working = undefined;
  }

  /** @returns how long to wait before the next try; undefined when this item is finished with. */
  async #try(item: Item, tries: number): Promise<Ms | undefined> {
    const { target, random, failed, arrived } = this.#options;
    try {
      if ((await target.send(item.message, this.#memoryOf(item.message))) !== "left-out") arrived?.(target.name);
      this.#remove(item);
      item.done();
      return undefined;
    } catch (error) {
      failed(target.name, item.message, error);
      const facts = error instanceof TargetError ? error.facts : {};
      if (facts.closed === true) {
        this.#closed = true;
        for (const each of this.#queue.splice(0)) this.#drop(each, "closed");
        return undefined;
      }
      if (facts.tries !== undefined && tries >= facts.tries) {
        this.#remove(item);
        this.#drop(item, "refused");
        return undefined;
      }
      // Full jitter: many instances that lost the same receiver do not come back at the same moment.
      const backoff = random() * Math.min(longestWaitMs, 1000 * 2 ** Math.min(tries, 10));
      return Math.max(backoff, Math.min(facts.retryAfterMs ?? 0, longestRetryAfterMs));
    }
  }

  #memoryOf({ guard }: Message): Memory {
    const { target, handles } = this.#options;
    return {
      handle: handles.get(guard, target.name) ?? this.#handles.get(guard),
      keep: (handle) => {
        this.#handles.set(guard, handle);
        handles.keep(guard, target.name, handle);
      },
    };
  }

  /** How a guard stands now takes the place of how it stood, where that is not on its way yet. */
  #overtake(guard: string): void {
    for (const item of this.#queue.slice(1)) {
      if (item.message.kind !== "ongoing" || item.message.guard !== guard) continue;
      this.#remove(item);
      item.done();
    }
  }

  /** The oldest piece of mere information goes first, then the oldest warning; the one on its way stays. */
  #dropLeast(): void {
    const waiting = this.#queue.slice(1);
    const least =
      waiting.find(({ message }) => message.severity === "info") ??
      waiting.find(({ message }) => message.severity === "warning") ??
      waiting[0];
    if (least === undefined) return;
    this.#remove(least);
    this.#drop(least, "full");
  }

  #remove(item: Item): void {
    const at = this.#queue.indexOf(item);
    if (at !== -1) this.#queue.splice(at, 1);
    if (item.message.kind === "finished") this.#handles.delete(item.message.guard);
  }

  #drop(item: Item, why: "full" | "refused" | "closed" | "stopped"): void {
    this.#options.dropped(this.#options.target.name, item.message, why);
    item.done();
  }
}
