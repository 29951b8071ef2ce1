import fastify from "fastify";
import { registerElasticsearchApi } from "../../src/sandbox/elasticsearch/api.ts";
import { createLogStore } from "../../src/sandbox/elasticsearch/store.ts";
import { type ElasticsearchVersion, startElasticsearch } from "../servers/elasticsearch.ts";

/** An Elasticsearch that a test fills. */
export interface ElasticsearchUnderTest extends AsyncDisposable {
  readonly url: string;
  readonly major: 8 | 9;
  create(index: string, properties: object): Promise<void>;
  /** Searchable when it resolves. */
  add(index: string, documents: readonly object[]): Promise<void>;
}

export async function startUnderTest(version: ElasticsearchVersion): Promise<ElasticsearchUnderTest> {
  const major = version.startsWith("8") ? 8 : 9;
  const server = process.env["REARGUARD_SERVERS"] === "real" ? await startElasticsearch(version) : await startSandbox(major);
  const { url } = server;
  async function send(method: string, path: string, body: string): Promise<void> {
    const type = path.startsWith("/_bulk") ? "application/x-ndjson" : "application/json";
    const response = await fetch(`${url}${path}`, { method, headers: { "content-type": type }, body });
    const text = await response.text();
    if (!response.ok || text.includes('"errors":true')) throw new Error(`${method} ${path}: ${text}`);
  }
  return {
    url,
    major,
    create: (index, properties) => send("PUT", `/${index}`, JSON.stringify({ mappings: { properties } })),
    async add(index, documents) {
      const action = JSON.stringify({ index: { _index: index } });
      await send("POST", "/_bulk?refresh=true", documents.map((one) => `${action}\n${JSON.stringify(one)}\n`).join(""));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startSandbox(version: 8 | 9): Promise<AsyncDisposable & { readonly url: string }> {
  const app = fastify({ forceCloseConnections: true });
  registerElasticsearchApi(app, { store: createLogStore(), version });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return { url, [Symbol.asyncDispose]: () => app.close() };
}
