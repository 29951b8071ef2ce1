import type { Clock } from "../../clock.ts";
import { RearguardError, sentence } from "../../errors.ts";
import type { Ms } from "../../model.ts";
import type { KubernetesApi } from "./api.ts";
import { backoffMs } from "./backoff.ts";
import { hasStatus, KubernetesError, notJson, transportError } from "./kubernetes-error.ts";
import type { Log } from "./log.ts";
import { dig, keyOf, text } from "./raw.ts";
import type { RawObject } from "./raw.ts";
import { parseWatchEvent } from "./watch-event.ts";

export interface ReflectorOptions {
  readonly api: Pick<KubernetesApi, "page" | "watch" | "renew">;
  /** Of the collection: `/apis/apps/v1/deployments`. */
  readonly path: string;
  readonly accept?: "metadata";
  readonly labelSelector?: string;
  /** Runs once on each object before it is handed over. */
  readonly strip: (object: RawObject) => RawObject;
  /** `namespace/name` and the object as it is now, undefined once it has gone. What it throws is logged and counted. */
  readonly onChange: (key: string, object: RawObject | undefined) => void;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly log: Log;
}

export interface ReflectorState {
  /** When the last whole list was in; absent before the first. */
  readonly syncedAt?: Ms;
  /** When the server last said anything, bookmarks included. */
  readonly lastEventAt?: Ms;
  /** Interruptions of any kind; the regular end of a watch is none. */
  readonly restarts: number;
  readonly parseErrors: number;
  readonly handlerErrors: number;
  /** Why it is not following now; absent while it is. */
  readonly lastError?: string;
}

export interface Reflector {
  /** Returns at once and never gives up: a server that is not up yet is tried again. */
  start(): void;
  stop(): Promise<void>;
  /** Resolves when the first list is in, or at `stop`. */
  synced(): Promise<void>;
  state(): ReflectorState;
}

const pageSize = 500;
const listDeadlineMs = 30_000;
/** Bookmarks come about once a minute. */
const inactivityMs: Ms = 75_000;
/** A watch shorter than this and without a word is a failure, or an eager proxy would be asked in a tight loop. */
const shortestWatchMs: Ms = 5_000;
const failuresBeforeRelist = 5;

/** Follows one collection through every interruption: paged list, watch, and again; `onChange` sees each object's latest state. */
export function createReflector(options: ReflectorOptions): Reflector {
  const { api, path, clock, random, log } = options;
  const stopping = new AbortController();
  const firstList = Promise.withResolvers<void>();
  const known = new Map<string, { readonly uid: string; readonly version: string }>();
  let state: ReflectorState = { restarts: 0, parseErrors: 0, handlerErrors: 0 };
  /** Where to go on watching; undefined asks for a new list. */
  let version: string | undefined;
  let failures = 0;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        version ??= await relist();
        await follow(version);
      } catch (error) {
        if (stopping.signal.aborted) return;
        await recover(error);
      }
    }
  }

  async function recover(error: unknown): Promise<void> {
    // Not only 410: a server restored from a backup refuses our version in other words.
    if (hasStatus(error, 410) || failures >= failuresBeforeRelist) version = undefined;
    state = { ...state, restarts: state.restarts + 1, lastError: sentence(error) };
    const waitMs = backoffMs(failures, random);
    failures += 1;
    log.warn({ path, error: sentence(error), failures, waitMs }, "watch interrupted");
    await clock.sleep(waitMs, stopping.signal);
  }

  async function relist(): Promise<string> {
    const seen = new Set<string>();
    let next: string | undefined;
    let listed: string;
    do {
      const page = await api.page(path, {
        limit: pageSize,
        deadlineMs: listDeadlineMs,
        signal: stopping.signal,
        ...(options.accept === undefined ? {} : { accept: options.accept }),
        ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
        ...(next === undefined ? {} : { next }),
      });
      for (const object of page.items) {
        const key = keyOf(object);
        if (key === undefined) throw notJson(`GET ${path}`, 200, "an item of the list has no name");
        seen.add(key);
        upsert(key, object);
      }
      listed = page.resourceVersion;
      next = page.next;
    } while (next !== undefined);
    for (const key of known.keys()) if (!seen.has(key)) remove(key);
    state = { ...state, syncedAt: clock.now() };
    firstList.resolve();
    return listed;
  }

  async function follow(from: string): Promise<void> {
    const quiet = new AbortController();
    const signal = AbortSignal.any([stopping.signal, quiet.signal]);
    let heardAt = clock.now();
    let openedAt: Ms | undefined;
    let heard = false;

    function isUseful(): boolean {
      return heard || (openedAt !== undefined && clock.now() - openedAt >= shortestWatchMs);
    }

    async function watchSilence(): Promise<void> {
      while (!signal.aborted) {
        const left = heardAt + inactivityMs - clock.now();
        if (left <= 0) {
          api.renew();
          quiet.abort(unreachable(`watch silent for ${inactivityMs / 1000} s`));
        } else {
          await clock.sleep(left, signal);
        }
      }
    }

    const watchdog = watchSilence();
    try {
      const stream = await api.watch(path, {
        resourceVersion: from,
        timeoutSeconds: 240 + Math.floor(random() * 60),
        signal,
        ...(options.accept === undefined ? {} : { accept: options.accept }),
        ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
      });
      openedAt = clock.now();
      state = withoutError(state);
      for await (const line of stream) {
        heardAt = clock.now();
        obey(line);
        heard = true;
        state = { ...state, lastEventAt: heardAt };
      }
      if (!isUseful() && !stopping.signal.aborted) throw unreachable("watch closed at once");
    } catch (error) {
      if (quiet.signal.aborted) throw quiet.signal.reason;
      throw error instanceof RearguardError ? error : transportError(`GET ${path}`, error);
    } finally {
      if (isUseful()) failures = 0;
      quiet.abort();
      await watchdog;
    }
  }

  function unreachable(why: string): KubernetesError {
    return new KubernetesError("KUBERNETES_UNREACHABLE", `GET ${path}: ${why}`);
  }

  function obey(line: string): void {
    const event = parseWatchEvent(line);
    if (event === undefined) {
      state = { ...state, parseErrors: state.parseErrors + 1 };
      throw notJson(`GET ${path}`, 200, `a watch event cannot be read, it begins with ${JSON.stringify(line.slice(0, 40))}`);
    }
    if (event.kind !== "bookmark") {
      const key = keyOf(event.object);
      if (key !== undefined && event.kind === "changed") upsert(key, event.object);
      if (key !== undefined && event.kind === "deleted") remove(key);
    }
    version = event.version;
  }

  function upsert(key: string, object: RawObject): void {
    const uid = text(dig(object, "metadata", "uid")) ?? "";
    const objectVersion = text(dig(object, "metadata", "resourceVersion")) ?? "";
    const before = known.get(key);
    if (before?.uid === uid && before.version === objectVersion) return;
    // Deleted and made anew while we were away: two objects, and two calls.
    if (before !== undefined && before.uid !== uid) remove(key);
    const delivered = tell(key, () => options.strip(object));
    known.set(key, { uid, version: delivered ? objectVersion : "" });
  }

  function remove(key: string): void {
    known.delete(key);
    tell(key, () => undefined);
  }

  function tell(key: string, object: () => RawObject | undefined): boolean {
    try {
      options.onChange(key, object());
      return true;
    } catch (error) {
      state = { ...state, handlerErrors: state.handlerErrors + 1 };
      log.error({ path, key, error: sentence(error), stack: error instanceof Error ? error.stack : undefined }, "watch handler failed");
      return false;
    }
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      firstList.resolve();
      await running;
    },
    synced: () => firstList.promise,
    state: () => state,
  };
}

function withoutError(state: ReflectorState): ReflectorState {
  const { lastError: _, ...healthy } = state;
  return healthy;
}
