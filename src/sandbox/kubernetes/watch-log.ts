import type { KubeObject } from "./object.ts";

/** One write, as those who watch get to know it. */
export interface WatchEvent {
  readonly kind: "ADDED" | "MODIFIED" | "DELETED";
  /** Storage key of the type. */
  readonly key: string;
  readonly version: number;
  readonly object: KubeObject;
  /** What it was before; a selector that no longer matches makes of a change a DELETED. */
  readonly previous: KubeObject | undefined;
}

const kept = 20_000;

/** The newest writes in order, so that a watch may begin at a version of the past. */
export class WatchLog {
  #events: WatchEvent[] = [];
  #forgottenUpTo = 0;

  add(event: WatchEvent): void {
    this.#events.push(event);
    if (this.#events.length < 2 * kept) return;
    this.forget(this.#events[this.#events.length - kept]?.version ?? 0);
  }

  /** A version up to this one is too old to start from. */
  get forgottenUpTo(): number {
    return this.#forgottenUpTo;
  }

  forget(upTo: number): void {
    this.#forgottenUpTo = upTo;
    this.#events = this.#events.filter((event) => event.version > upTo);
  }

  /** Everything after `version`; undefined when that is too long ago (410). */
  since(version: number): readonly WatchEvent[] | undefined {
    if (version < this.#forgottenUpTo) return undefined;
    return this.#events.filter((event) => event.version > version);
  }
}
