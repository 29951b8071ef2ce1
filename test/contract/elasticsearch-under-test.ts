import fastify from "fastify";
import type { ElasticsearchUser } from "../../src/sandbox/elasticsearch/access.ts";
import { registerElasticsearchApi } from "../../src/sandbox/elasticsearch/api.ts";
import { createLogStore } from "../../src/sandbox/elasticsearch/store.ts";
import { logIndex } from "../servers/log-index.ts";
import { type ElasticsearchVersion, startElasticsearch, users } from "../servers/elasticsearch.ts";

/** An Elasticsearch that a test fills. */
export interface ElasticsearchUnderTest extends AsyncDisposable {
  readonly url: string;
  readonly major: 8 | 9;
  create(index: string, properties: object): Promise<void>;
  /** Searchable when it resolves. */
  add(index: string, documents: readonly object[]): Promise<void>;
}

/** @param mayRead patterns of indices: with it security is on, and this is what the reader may read. */
export async function startUnderTest(version: ElasticsearchVersion, mayRead?: readonly string[]): Promise<ElasticsearchUnderTest> {
  const major = version.startsWith("8") ? 8 : 9;
  const isReal = process.env["REARGUARD_SERVERS"] === "real";
  const server = isReal ? await startElasticsearch(version, mayRead === undefined ? {} : { mayRead }) : await startSandbox(major, mayRead);
  const { url } = server;
  return {
    url,
    major,
    create: (index, properties) => logIndex(url, index).create(properties),
    add: (index, documents) => logIndex(url, index).add(documents),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startSandbox(version: 8 | 9, mayRead?: readonly string[]): Promise<AsyncDisposable & { readonly url: string }> {
  const app = fastify({ forceCloseConnections: true });
  registerElasticsearchApi(app, { store: createLogStore(), version, users: mayRead === undefined ? [] : usersOf(mayRead) });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return { url, [Symbol.asyncDispose]: () => app.close() };
}

function usersOf(mayRead: readonly string[]): readonly ElasticsearchUser[] {
  const { admin, reader, password } = users;
  return [
    { username: admin, password, indices: ["*"] },
    { username: reader, password, indices: mayRead },
  ];
}
