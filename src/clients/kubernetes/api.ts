import type { Clock } from "../../clock.ts";
import { hasStatus, KubernetesError, notJson } from "./kubernetes-error.ts";
import { lines } from "./lines.ts";
import { dig, isObject, objects, text } from "./raw.ts";
import type { RawObject } from "./raw.ts";
import { call, callText, open } from "./request.ts";
import type { Connector, WireRequest } from "./request.ts";

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** 10 s unless told. */
  readonly deadlineMs?: number;
  /** `object` (as it is unless told): an answer without metadata.uid is refused. `any`: whatever JSON comes. */
  readonly expect?: "object" | "any";
}

export interface GetOptions extends CallOptions {
  /** Whether it exists and how it is marked, without its content. */
  readonly accept?: "metadata";
}

export interface WriteOptions extends CallOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
}

export interface PatchOptions extends WriteOptions {
  readonly type: "json" | "merge" | "strategic" | "apply";
  /** Of an `apply`: take fields over from other managers. */
  readonly force?: boolean;
}

export interface ListOptions extends Omit<CallOptions, "expect"> {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects in one page; 500 unless told. */
  readonly limit?: number;
  readonly accept?: "metadata";
}

export interface RawPage {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
  /** Token of the next page; absent on the last. */
  readonly next?: string;
}

export interface WatchOptions {
  readonly resourceVersion: string;
  readonly labelSelector?: string;
  readonly timeoutSeconds: number;
  readonly accept?: "metadata";
  readonly signal: AbortSignal;
}

/** Raw JSON to and from paths such as `/apis/apps/v1/namespaces/prod/deployments/shop`. Each call throws KubernetesError. */
export interface KubernetesApi {
  readonly get: (path: string, options?: GetOptions) => Promise<RawObject>;
  /** An answer that is no JSON, such as a pod's log. */
  readonly text: (path: string, query: Readonly<Record<string, string>>, options?: Omit<CallOptions, "expect">) => Promise<string>;
  /** All pages; when the list expires in the middle (410) it begins anew, twice at most. */
  readonly list: (path: string, options?: ListOptions) => Promise<readonly RawObject[]>;
  readonly page: (path: string, options: ListOptions & { readonly next?: string }) => Promise<RawPage>;
  /** One string an event, not yet parsed. */
  readonly watch: (path: string, options: WatchOptions) => Promise<AsyncIterable<string>>;
  readonly patch: (path: string, body: unknown, options: PatchOptions) => Promise<RawObject>;
  readonly post: (path: string, body: unknown, options?: WriteOptions) => Promise<RawObject>;
  readonly put: (path: string, body: unknown, options?: WriteOptions) => Promise<RawObject>;
  /** The deleted object, or a Status; `body` is DeleteOptions. */
  readonly del: (path: string, options?: WriteOptions & { readonly body?: unknown }) => Promise<RawObject>;
  /** The connections may be dead: open new ones from here on. */
  readonly renew: () => void;
}

const callDeadlineMs = 10_000;
const readTries = 4;
const longestRetryAfterMs = 10_000;
const contentTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

export function createKubernetesApi({ connector, clock }: { connector: Connector; clock: Pick<Clock, "sleep"> }): KubernetesApi {
  function once(request: WireRequest, options: CallOptions = {}): Promise<unknown> {
    return call(connector, request, options.deadlineMs ?? callDeadlineMs, options.signal);
  }

  /** Reads may be asked again: when the server says when, or when a kept connection turned out to be closed. */
  async function read(request: WireRequest, options: CallOptions = {}): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await once(request, options);
      } catch (error) {
        const waitMs = retryDelay(error);
        if (waitMs === undefined || tries === readTries) throw error;
        await clock.sleep(waitMs, options.signal);
        options.signal?.throwIfAborted();
      }
    }
  }

  async function page(path: string, options: ListOptions & { readonly next?: string }): Promise<RawPage> {
    const { limit = 500, next, accept, labelSelector, fieldSelector } = options;
    const query = { limit: String(limit), continue: next, labelSelector, fieldSelector };
    const answer = await read({ method: "GET", path, query, accept: acceptOf(accept, "List") }, options);
    const version = text(dig(answer, "metadata", "resourceVersion"));
    if (!isList(answer) || version === undefined) throw notJson(`GET ${path}`, 200, "the answer is not a list");
    const token = text(dig(answer, "metadata", "continue"));
    return { items: objects(dig(answer, "items")), resourceVersion: version, ...(token === undefined ? {} : { next: token }) };
  }

  async function allPages(path: string, options: ListOptions): Promise<readonly RawObject[]> {
    const items: RawObject[] = [];
    let next: string | undefined;
    do {
      const got = await page(path, next === undefined ? options : { ...options, next });
      items.push(...got.items);
      next = got.next;
    } while (next !== undefined);
    return items;
  }

  async function write(request: WireRequest, options: WriteOptions = {}): Promise<RawObject> {
    const { dryRun, fieldManager } = options;
    const query = { ...request.query, dryRun: dryRun === true ? "All" : undefined, fieldManager };
    return demand(request, await once({ ...request, query }, options), options.expect);
  }

  return {
    async get(path, options = {}) {
      const request = { method: "GET", path, accept: acceptOf(options.accept, "") } as const;
      return demand(request, await read(request, options), options.expect);
    },
    text: (path, query, options = {}) =>
      callText(connector, { method: "GET", path, query, accept: "*/*" }, options.deadlineMs ?? callDeadlineMs, options.signal),
    async list(path, options = {}) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await allPages(path, options);
        } catch (error) {
          if (!hasStatus(error, 410) || tries === 3) throw error;
        }
      }
    },
    page,
    async watch(path, { resourceVersion, labelSelector, timeoutSeconds, accept, signal }) {
      const query = {
        watch: "1",
        allowWatchBookmarks: "true",
        timeoutSeconds: String(timeoutSeconds),
        resourceVersion,
        labelSelector,
      };
      return lines(await open(connector, { method: "GET", path, query, accept: acceptOf(accept, "") }, signal));
    },
    patch(path, body, options) {
      const query = { force: options.force === true ? "true" : undefined };
      return write({ method: "PATCH", path, body, query, contentType: contentTypes[options.type] }, options);
    },
    post: (path, body, options) => write({ method: "POST", path, body }, options),
    put: (path, body, options) => write({ method: "PUT", path, body }, options),
    del: (path, { body, ...options } = {}) =>
      write({ method: "DELETE", path, ...(body === undefined ? {} : { body }) }, { expect: "any", ...options }),
    renew: () => connector.renew(),
  };
}

/** Plain JSON stands behind the metadata form for servers that do not know it. */
function acceptOf(accept: "metadata" | undefined, suffix: "List" | ""): string {
  const plain = "application/json";
  return accept === "metadata" ? `${plain};as=PartialObjectMetadata${suffix};g=meta.k8s.io;v=v1,${plain}` : plain;
}

/** An empty list of metadata comes with `items: null`. */
function isList(answer: unknown): boolean {
  const items = dig(answer, "items");
  return Array.isArray(items) || (items === null && (text(dig(answer, "kind")) ?? "").endsWith("List"));
}

function demand({ method, path }: WireRequest, answer: unknown, expected: CallOptions["expect"] = "object"): RawObject {
  if (!isObject(answer)) throw notJson(`${method} ${path}`, 200, "the answer is not a JSON object");
  if (expected === "object" && text(dig(answer, "metadata", "uid")) === undefined) {
    throw notJson(`${method} ${path}`, 200, "the answer is not an API object: it has no metadata.uid");
  }
  return answer;
}

function retryDelay(error: unknown): number | undefined {
  if (!(error instanceof KubernetesError)) return undefined;
  const { status, retryAfterMs } = error;
  if (status === undefined) return isClosedConnection(error) ? 0 : undefined;
  if (status !== 429 && status < 500) return undefined;
  if (retryAfterMs === undefined) return status === 429 ? 1_000 : undefined;
  return retryAfterMs <= longestRetryAfterMs ? retryAfterMs : undefined;
}

function isClosedConnection(error: KubernetesError): boolean {
  const code = dig(error.cause, "cause", "code");
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}
