import type { RequestListener, ServerResponse } from "node:http";

type Raw = Readonly<Record<string, unknown>>;
type Answer = (response: ServerResponse, url: URL) => void;

/** One collection of an API server, hand-written so that it can misbehave on cue. */
export interface FakeCollection {
  readonly answer: RequestListener;
  readonly items: Map<string, Raw>;
  version: number;
  readonly pageSize: { value: number };
  /** Taken first in, first out, in place of a proper answer. */
  readonly listFaults: Answer[];
  readonly watchFaults: Answer[];
  readonly lists: URL[];
  readonly watches: { readonly url: URL; readonly response: ServerResponse; readonly accept: string }[];
  put(name: string, uid?: string): Raw;
  /** Sends an event on the newest watch. */
  send(type: string, object: unknown): void;
  bookmark(): void;
}

export function createFakeCollection(): FakeCollection {
  const items = new Map<string, Raw>();
  const collection: FakeCollection = {
    items,
    version: 1,
    pageSize: { value: 500 },
    listFaults: [],
    watchFaults: [],
    lists: [],
    watches: [],
    answer(request, response) {
      const url = new URL(request.url ?? "", "http://fake");
      if (url.searchParams.has("watch")) {
        collection.watches.push({ url, response, accept: request.headers.accept ?? "" });
        return (collection.watchFaults.shift() ?? openWatch)(response, url);
      }
      collection.lists.push(url);
      return (collection.listFaults.shift() ?? list)(response, url);
    },
    put(name, uid = `uid-${name}`) {
      collection.version += 1;
      const object = { metadata: { name, namespace: "prod", uid, resourceVersion: String(collection.version) } };
      items.set(name, object);
      return object;
    },
    send(type, object) {
      collection.watches.at(-1)?.response.write(`${JSON.stringify({ type, object })}\n`);
    },
    bookmark() {
      collection.version += 1;
      collection.send("BOOKMARK", { metadata: { resourceVersion: String(collection.version) } });
    },
  };

  function list(response: ServerResponse, url: URL): void {
    const from = Number(url.searchParams.get("continue") ?? 0);
    const to = from + collection.pageSize.value;
    const metadata = { resourceVersion: String(collection.version), ...(to < items.size ? { continue: String(to) } : {}) };
    json(response, 200, { metadata, items: [...items.values()].slice(from, to) });
  }

  return collection;
}

export function openWatch(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
}

export function json(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

export function status(code: number, message: string, reason = ""): Answer {
  return (response) => json(response, code, { kind: "Status", code, message, reason });
}

export function loginPage(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/html" });
  response.end("<!doctype html><title>Sign in</title>");
}
