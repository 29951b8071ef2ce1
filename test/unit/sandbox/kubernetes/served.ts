import Fastify from "fastify";
import { registerKubernetesApi } from "../../../../src/sandbox/kubernetes/api.ts";
import type { KubernetesApiOptions } from "../../../../src/sandbox/kubernetes/api.ts";
import type { Cluster } from "../../../../src/sandbox/kubernetes/cluster.ts";
import type { JsonObject, KubeObject } from "../../../../src/sandbox/kubernetes/object.ts";
import { newCluster } from "./shop.ts";

export interface Reply {
  readonly code: number;
  readonly body: KubeObject & { items: KubeObject[]; message: string; reason: string };
  readonly type: string | null;
}

export interface Served extends AsyncDisposable {
  readonly cluster: Cluster;
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  watch(path: string, headers?: Record<string, string>): Promise<WatchReader>;
  close(): Promise<void>;
}

/** The cluster behind real HTTP on a free port. */
export async function serve(cluster: Cluster = newCluster(), options: KubernetesApiOptions = {}): Promise<Served> {
  const app = Fastify();
  registerKubernetesApi(app, cluster, options);
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return {
    cluster,
    close: () => app.close(),
    async ask(method, path, body, headers = {}) {
      const content = body === undefined ? {} : { "content-type": "application/json" };
      const init = { method, headers: { ...content, ...headers }, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const response = await fetch(url + path, init);
      return { code: response.status, type: response.headers.get("content-type"), body: (await response.json()) as Reply["body"] };
    },
    async watch(path, headers = {}) {
      const response = await fetch(url + path, { headers });
      return new WatchReader(response.status, response.body);
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

export interface Change {
  readonly type: string;
  readonly object: KubeObject & JsonObject;
}

/** Reads the lines of a watch one by one. */
class WatchReader {
  readonly code: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #text = "";

  constructor(code: number, body: ReadableStream<Uint8Array> | null) {
    this.code = code;
    this.#reader = body?.getReader();
  }

  /** Undefined once the server has ended the stream. */
  async next(): Promise<Change | undefined> {
    while (!this.#text.includes("\n")) {
      const chunk = await this.#reader?.read();
      if (!chunk || chunk.done) return undefined;
      this.#text += new TextDecoder().decode(chunk.value);
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return JSON.parse(line) as Change;
  }

  async cancel(): Promise<void> {
    await this.#reader?.cancel();
  }
}
