import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ElasticsearchOptions } from "../../src/clients/elasticsearch/elasticsearch.ts";
import { createElasticsearch } from "../../src/clients/elasticsearch/elasticsearch.ts";
import { logFieldsOf } from "../../src/policies/log-formats.ts";
import { createLogSampler } from "../../src/signals/sample-logs.ts";
import { elasticsearchVersions, users } from "../servers/elasticsearch.ts";
import { type ElasticsearchUnderTest, startUnderTest } from "./elasticsearch-under-test.ts";

const start = Date.parse("2026-11-23T12:00:00Z");
const keyword = { type: "keyword" };
const mapping = {
  kubernetes: { properties: { namespace: keyword, pod: { properties: { name: keyword } } } },
  log: { properties: { level: keyword } },
};
const line = {
  "@timestamp": new Date(start + 3000).toISOString(),
  message: "boom",
  "log.level": "error",
  kubernetes: { namespace: "shop", pod: { name: "web-2-a" } },
};

describe.each(elasticsearchVersions)("Elasticsearch %s with security", (version) => {
  let server: ElasticsearchUnderTest;

  beforeAll(async () => {
    server = await startUnderTest(version, ["open-*"]);
    for (const index of ["open-a", "secret-a"]) {
      await server.create(index, mapping);
      await server.add(index, [line]);
    }
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  async function sampled(index: string, auth?: NonNullable<ElasticsearchOptions["auth"]>): Promise<string> {
    const { url, major } = server;
    const options = { url, timeoutMs: 20_000, compatibility: major, ...(auth === undefined ? {} : { auth }) };
    const elasticsearch = createElasticsearch(options);
    const sample = createLogSampler({ elasticsearch, log: { info: () => {}, warn: () => {} } });
    const query = { kind: "logs", block: 15_000, index, fields: logFieldsOf("filebeat", "error"), from: start } as const;
    const answers = await sample([{ id: "one", namespace: "shop", prefixes: ["web-2"], query }], [start + 15_000]);
    await elasticsearch.close();
    const measurement = answers.get("one")?.[0];
    if (measurement === undefined || !("because" in measurement)) return measurement?.kind ?? "nothing";
    return `${measurement.kind}: ${measurement.because}`;
  }
  const reader = { username: users.reader, password: users.password };

  test("what the account may read is read", async () => {
    expect(await sampled("open-*", reader)).toBe("lines");
  });

  test.each(["secret-a", "open-*,secret-a"])("an index that the account may not read (%s) is an error that names it", async (index) => {
    expect(await sampled(index, reader)).toMatch(
      /^error: Elasticsearch at .* refuses our credentials or their right to read .*secret-a \(HTTP 403\): action .* is unauthorized for user \[reader\]/,
    );
  });

  test("a pattern of which the account may read nothing is no data that says so", async () => {
    expect(await sampled("secret-*", reader)).toBe("no-data: no index matches secret-*, or none that our account may read");
  });

  test.each<[string, ElasticsearchOptions["auth"]]>([
    ["none", undefined],
    ["wrong ones", { ...reader, password: "hunter2" }],
    ["a key that is none", { apiKey: "bm9ib2R5OmF0LWFsbA==" }],
  ])("with %s of the credentials the sample is an error, and no credential is in it", async (_what, auth) => {
    const because = await sampled("open-a", auth);
    expect(because).toMatch(/^error: Elasticsearch at .* refuses our credentials or their right to read open-a \(HTTP 401\)/);
    expect(because).not.toMatch(/hunter2|bm9ib2R5/);
  });
});
