import { fetch } from "undici";
import { basicAuth, users } from "./elasticsearch.ts";

/** An index of an Elasticsearch, sandbox or real, that a test fills. */
export interface LogIndex {
  create(properties: object): Promise<void>;
  /** Searchable when it resolves. */
  add(documents: readonly object[]): Promise<void>;
}

export function logIndex(url: string, index: string): LogIndex {
  async function send(method: string, path: string, body: string): Promise<void> {
    const type = path.startsWith("/_bulk") ? "application/x-ndjson" : "application/json";
    const response = await fetch(`${url}${path}`, { method, headers: { "content-type": type, ...basicAuth(users.admin) }, body });
    const text = await response.text();
    if (!response.ok || text.includes('"errors":true')) throw new Error(`${method} ${path}: ${text}`);
  }
  return {
    create: (properties) => send("PUT", `/${index}`, JSON.stringify({ mappings: { properties } })),
    async add(documents) {
      const action = JSON.stringify({ index: { _index: index } });
      await send("POST", "/_bulk?refresh=true", documents.map((one) => `${action}\n${JSON.stringify(one)}\n`).join(""));
    },
  };
}
