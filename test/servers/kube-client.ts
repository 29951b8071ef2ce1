import { setTimeout as delay } from "node:timers/promises";
import { Agent, fetch } from "undici";

/** The few fields of any Kubernetes object that the test servers look at. */
export type KubeObject = {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
};

export type KubeClient = AsyncDisposable & {
  /**
   * One call with JSON in and out; `T` is the caller's word for what the API answers.
   * @throws KubeError when the answer is not 2xx.
   */
  request<T>(
    method: string,
    path: string,
    options?: {
      readonly body?: unknown;
      readonly contentType?: string;
      readonly signal?: AbortSignal;
    },
  ): Promise<T>;
  /** True when a GET of a path that answers no JSON, such as /readyz, is 2xx; false for any other answer. */
  answers(path: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Calls `onChange` with the whole collection after every change until disposed; lists again
   * after any interruption, so it outlives a restart of the API server.
   */
  follow<T extends KubeObject>(path: string, onChange: (items: readonly T[]) => void): AsyncDisposable;
};

class KubeError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type KubeClientOptions = {
  readonly server: string;
  readonly token: string;
  readonly ca: string;
};

/** Plain undici, on purpose not the client under test: an independent view of the same API. */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const { server, token, ca } = options;
  const dispatcher = new Agent({ connect: { ca }, bodyTimeout: 0 });

  async function send(method: string, path: string, init: { body?: unknown; contentType?: string; signal?: AbortSignal | undefined }) {
    const { body, contentType = "application/json", signal } = init;
    const response = await fetch(`${server}${path}`, {
      method,
      dispatcher,
      headers: { authorization: `Bearer ${token}`, "content-type": contentType },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.ok) return response;
    throw new KubeError(response.status, `${method} ${path}: ${response.status} ${await response.text()}`);
  }

  async function request<T>(
    method: string,
    path: string,
    init: { body?: unknown; contentType?: string; signal?: AbortSignal } = {},
  ): Promise<T> {
    const response = await send(method, path, init);
    return (await response.json()) as T;
  }

  async function answers(path: string, signal: AbortSignal): Promise<boolean> {
    try {
      await (await send("GET", path, { signal })).text();
      return true;
    } catch (error) {
      if (error instanceof KubeError) return false;
      throw error;
    }
  }

  async function listThenWatch<T extends KubeObject>(
    path: string,
    onChange: (items: readonly T[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    type List = {
      readonly metadata: { readonly resourceVersion: string };
      readonly items: readonly T[];
    };
    const list = await request<List>("GET", path, { signal });
    const items = new Map(list.items.map((item) => [item.metadata.uid, item]));
    const tell = () => {
      try {
        onChange([...items.values()]);
      } catch (error) {
        // A fault of the listener is not an interruption: it must end the test, not cause a relist.
        queueMicrotask(() => {
          throw error;
        });
      }
    };
    tell();
    const query = `${path.includes("?") ? "&" : "?"}watch=1&resourceVersion=${list.metadata.resourceVersion}`;
    const response = await send("GET", `${path}${query}`, { signal });
    for await (const line of linesOf(response.body ?? [])) {
      const event = JSON.parse(line) as { readonly type: string; readonly object: T };
      if (event.type === "ERROR") return;
      if (event.type === "DELETED") items.delete(event.object.metadata.uid);
      else items.set(event.object.metadata.uid, event.object);
      tell();
    }
  }

  function follow<T extends KubeObject>(path: string, onChange: (items: readonly T[]) => void): AsyncDisposable {
    const stopped = new AbortController();
    const { signal } = stopped;
    const loop = async () => {
      while (!signal.aborted) {
        // The API server may be down on purpose.
        await listThenWatch(path, onChange, signal).catch(() => {});
        await delay(100, undefined, { signal }).catch(() => {});
      }
    };
    const done = loop();
    return {
      [Symbol.asyncDispose]: () => {
        stopped.abort();
        return done;
      },
    };
  }

  return { request, answers, follow, [Symbol.asyncDispose]: () => dispatcher.destroy() };
}

async function* linesOf(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield line;
  }
}
