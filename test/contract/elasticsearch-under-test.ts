import fastify from "fastify";
import { registerElasticsearchApi } from "../../src/sandbox/elasticsearch/api.ts";
import { createLogStore } from "../../src/sandbox/elasticsearch/store.ts";
import { logIndex } from "../servers/log-index.ts";
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
  return {
    url,
    major,
    create: (index, properties) => logIndex(url, index).create(properties),
    add: (index, documents) => logIndex(url, index).add(documents),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startSandbox(version: 8 | 9): Promise<AsyncDisposable & { readonly url: string }> {
  const app = fastify({ forceCloseConnections: true });
  registerElasticsearchApi(app, { store: createLogStore(), version });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return { url, [Symbol.asyncDispose]: () => app.close() };
}
