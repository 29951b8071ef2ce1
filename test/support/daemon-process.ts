import type { Clock } from "../../src/clock.ts";
import type { Clients } from "../../src/connect.ts";

/** A write to the API server that a process is about to make, or has just had answered. */
export interface Write {
  readonly when: "before" | "after";
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly dryRun: boolean;
}

/** What a process that may be killed at any await sees of the world: the same clients and clock, until it is dead. */
export interface DaemonProcess {
  readonly clients: Clients;
  readonly clock: Clock;
  /** From now on nothing it waits for ever comes: no line of its code runs any more. */
  kill(): void;
  /** Lets a dead process's parts end so that its sockets can be closed: whatever it waited for fails. */
  bury(): void;
  /** Calls that were sent and not answered, those to a source that hangs left out. */
  pending(): number;
  /** Calls to a source that hangs whose time-out is due in the world, and must come before the world goes on. */
  overdue(): number;
  /** Grows with everything that happens at the edges. */
  progress(): number;
  /** Path and label selector of each open watch, with the newest version that was obeyed. */
  watches(): readonly WatchPosition[];
}

export interface WatchPosition {
  readonly path: string;
  readonly selector: string | undefined;
  readonly seen: number;
}

const bookmarkEveryMs = 60_000;
/** The client's time-out goes by the wall clock; in the world a query that hangs takes so long. */
const hangsForMs = 10_000;

/** `hung`: whether Prometheus leaves this query, or Elasticsearch every search, unanswered now. */
export function createDaemonProcess(
  inner: { readonly clients: Clients; readonly clock: Clock },
  edges: { readonly onWrite: (write: Write) => void; readonly hung: (asked: { readonly promql: string } | "logs") => boolean },
): DaemonProcess {
  const { clock } = inner;
  const { kubernetes, prometheus, elasticsearch, http, targets, alertmanagers } = inner.clients;
  const burial = Promise.withResolvers<never>();
  burial.promise.catch(() => {});
  const buried = Promise.withResolvers<void>();
  const open = new Map<object, { path: string; selector: string | undefined; seen: number }>();
  let dead = false;
  let pending = 0;
  const asking = new Map<{ readonly hangs: () => boolean }, number>();
  let progress = 0;

  /** The answer, unless the process is dead by then. */
  async function alive<T>(work: () => Promise<T>): Promise<T> {
    if (dead) return burial.promise;
    progress += 1;
    try {
      const value = await work();
      return dead ? await burial.promise : value;
    } catch (error) {
      if (dead) return await burial.promise;
      throw error;
    } finally {
      progress += 1;
    }
  }

  function call<T>(work: () => Promise<T>): Promise<T> {
    return alive(async () => {
      pending += 1;
      try {
        return await work();
      } finally {
        pending -= 1;
      }
    });
  }

  function ask<T>(what: { readonly promql: string } | "logs", work: () => Promise<T>): Promise<T> {
    return alive(async () => {
      const one = { hangs: () => edges.hung(what) };
      asking.set(one, clock.now());
      try {
        return await work();
      } finally {
        asking.delete(one);
      }
    });
  }

  function write<T>(method: Write["method"], path: string, dryRun: boolean | undefined, work: () => Promise<T>): Promise<T> {
    return call(async () => {
      const what = { method, path, dryRun: dryRun === true };
      edges.onWrite({ ...what, when: "before" });
      if (dead) return burial.promise;
      const answer = await work();
      edges.onWrite({ ...what, when: "after" });
      return answer;
    });
  }

  /** The sandbox's bookmarks come by the wall clock, which stands nearly still here: they are said by the world's clock instead. */
  async function* obeyed(lines: AsyncIterable<string>, position: { seen: number }, ended: AbortSignal): AsyncGenerator<string> {
    const iterator = lines[Symbol.asyncIterator]();
    let next = iterator.next();
    try {
      for (;;) {
        const quiet = new AbortController();
        const signal = AbortSignal.any([quiet.signal, ended]);
        const line = await Promise.race([next, clock.sleep(bookmarkEveryMs, signal).then(() => undefined)]);
        quiet.abort();
        if (dead) return await burial.promise;
        if (line?.done === true) return;
        if (line === undefined && ended.aborted) {
          // The inner stream says how it ended.
          if ((await next).done === true) return;
          continue;
        }
        if (line === undefined) {
          yield JSON.stringify({ type: "BOOKMARK", object: { metadata: { resourceVersion: String(position.seen) } } });
          continue;
        }
        yield line.value;
        position.seen = Math.max(position.seen, versionIn(line.value));
        progress += 1;
        next = iterator.next();
      }
    } finally {
      next.catch(() => {});
      open.delete(position);
    }
  }

  const clients: Clients = {
    kubernetes: {
      get: (path, options) => call(() => kubernetes.get(path, options)),
      text: (path, query, options) => call(() => kubernetes.text(path, query, options)),
      list: (path, options) => call(() => kubernetes.list(path, options)),
      page: (path, options) => call(() => kubernetes.page(path, options)),
      watch: (path, options) =>
        call(async () => {
          const position = { path, selector: options.labelSelector, seen: Number(options.resourceVersion) };
          const lines = await kubernetes.watch(path, options);
          open.set(position, position);
          return obeyed(lines, position, options.signal);
        }),
      patch: (path, body, options) => write("PATCH", path, options.dryRun, () => kubernetes.patch(path, body, options)),
      post: (path, body, options) => write("POST", path, options?.dryRun, () => kubernetes.post(path, body, options)),
      put: (path, body, options) => write("PUT", path, options?.dryRun, () => kubernetes.put(path, body, options)),
      del: (path, options) => write("DELETE", path, options?.dryRun, () => kubernetes.del(path, options)),
      renew: () => kubernetes.renew(),
    },
    prometheus: {
      query: (promql, at) => ask({ promql }, () => prometheus.query(promql, at)),
      queryRange: (promql, from, to, step) => ask({ promql }, () => prometheus.queryRange(promql, from, to, step)),
      close: () => prometheus.close(),
    },
    ...(elasticsearch === undefined
      ? {}
      : { elasticsearch: { search: (request) => ask("logs", () => elasticsearch.search(request)), close: () => elasticsearch.close() } }),
    http: { get: (request) => call(() => http.get(request)) },
    alertmanagers: alertmanagers.map((peer) => ({ name: peer.name, firing: (group) => call(() => peer.firing(group)) })),
    targets: targets.map((target) => ({ ...target, send: (message, memory) => call(() => target.send(message, memory)) })),
    close: () => inner.clients.close(),
  };

  return {
    clients,
    clock: {
      now: () => clock.now(),
      async sleep(ms, signal) {
        progress += 1;
        await clock.sleep(ms, signal);
        progress += 1;
        if (dead) await buried.promise;
      },
      everySecond: (beat, missed) => clock.everySecond(async (now) => (dead ? undefined : beat(now)), missed),
    },
    kill() {
      dead = true;
    },
    bury() {
      dead = true;
      burial.reject(new Error("this process was killed"));
      buried.resolve();
    },
    pending: () => (dead ? 0 : pending + [...asking.keys()].filter(({ hangs }) => !hangs()).length),
    overdue: () => (dead ? 0 : [...asking.values()].filter((since) => clock.now() - since >= hangsForMs).length),
    progress: () => progress,
    watches: () => (dead ? [] : [...open.values()]),
  };
}

function versionIn(line: string): number {
  return Number(/"resourceVersion":"(\d+)"/.exec(line)?.[1] ?? 0);
}
