import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ElasticsearchApi } from "../../src/clients/elasticsearch/api.ts";
import { createElasticsearch } from "../../src/clients/elasticsearch/elasticsearch.ts";
import { sentence } from "../../src/errors.ts";
import type { LogFields, Measurement } from "../../src/model.ts";
import { logFieldsOf } from "../../src/policies/log-formats.ts";
import type { LogsAsk } from "../../src/signals/ask.ts";
import { createLogSampler } from "../../src/signals/sample-logs.ts";
import { elasticsearchVersions } from "../servers/elasticsearch.ts";
import { testLines } from "./elasticsearch-lines.ts";
import { at, keyword, mappings, shapes, start } from "./log-shapes.ts";
import { type ElasticsearchUnderTest, startUnderTest } from "./elasticsearch-under-test.ts";

const block = 15_000;

describe.each(elasticsearchVersions)("Elasticsearch %s", (version) => {
  let server: ElasticsearchUnderTest;
  let elasticsearch: ElasticsearchApi;
  let sample: ReturnType<typeof createLogSampler>;

  beforeAll(async () => {
    server = await startUnderTest(version);
    elasticsearch = createElasticsearch({ url: server.url, timeoutMs: 20_000, compatibility: server.major });
    await server.create("logs-why", mappings.filebeat);
    await server.add("logs-why", [shapes.filebeat("web-2-a", 3, true)]);
    sample = createLogSampler({ elasticsearch, log: { info: () => {}, warn: () => {} } });
  });

  afterAll(async () => {
    await elasticsearch?.close();
    await server?.[Symbol.asyncDispose]();
  });

  function ask(index: string, fields: LogFields, more: Partial<LogsAsk> = {}): LogsAsk {
    return {
      id: "one",
      namespace: "shop",
      prefixes: ["web-2", "web-1"],
      query: { kind: "logs", block: 15_000, index, fields, from: start },
      ...more,
    };
  }

  async function one(asked: LogsAsk, seconds = 15): Promise<Measurement | undefined> {
    return (await sample([asked], [start + seconds * 1000])).get("one")?.[0];
  }

  function linesOf(measurement: Measurement | undefined): Record<string, number> {
    if (measurement?.kind !== "lines") throw new Error(`expected lines, not ${JSON.stringify(measurement)}`);
    return Object.fromEntries(measurement.pods.map(({ pod, lines }) => [pod, lines]));
  }

  function because(measurement: Measurement | undefined): string {
    if (measurement?.kind !== "no-data" && measurement?.kind !== "error")
      throw new Error(`expected none, not ${JSON.stringify(measurement)}`);
    return `${measurement.kind}: ${measurement.because}`;
  }

  test.each(["filebeat", "fluent-bit", "otel"] as const)("lines of %s count by pod where they are errors", async (format) => {
    const index = `logs-${format}`;
    const line = shapes[format];
    await server.create(index, mappings[format]);
    await server.add(index, [
      line("web-2-aaaaa", 1, true),
      line("web-2-aaaaa", 2, true),
      line("web-2-bbbbb", 3, false),
      line("web-1-ccccc", 4, true),
      line("web-2-worker-ddddd", 5, true),
      line("other-1-eeeee", 5, true),
      line("web-2-aaaaa", 6, true, "elsewhere"),
      line("web-2-aaaaa", -1, true),
    ]);
    const measurement = await one(ask(index, logFieldsOf(format, "error")));
    expect(linesOf(measurement)).toEqual({ "web-2-aaaaa": 2, "web-1-ccccc": 1 });
    expect(measurement).toMatchObject({ heard: ["web-2", "web-1"] });
  });

  test("a block is (t - 15 s, t], and each instant holds all lines up to it", async () => {
    const line = shapes.filebeat;
    await server.create("logs-blocks", mappings.filebeat);
    await server.add("logs-blocks", [line("web-2-a", 0, true), ...[1, 15, 15.001, 30, 46].map((s) => line("web-2-a", s, true))]);
    await server.add("logs-blocks", [line("other-1-b", 40, false)]);
    const instants = [15, 30, 45, 60].map((s) => start + s * 1000);
    const answer = (await sample([ask("logs-blocks", logFieldsOf("filebeat", "error"))], instants)).get("one");
    expect(answer?.map((measurement) => linesOf(measurement)["web-2-a"])).toEqual([2, 4, 4, 5]);
  });

  test("a long catching-up is asked for in parts that fit together", async () => {
    await server.create("logs-long", mappings.filebeat);
    await server.add(
      "logs-long",
      [10, 900, 901, 1800].map((s) => shapes.filebeat("web-2-a", s, true)),
    );
    const instants = Array.from({ length: 121 }, (_, order) => start + (order + 1) * block);
    await server.add(
      "logs-long",
      instants.map((instant) => shapes.filebeat("other-1-b", (instant - start) / 1000 - 1, false)),
    );
    const answer = (await sample([ask("logs-long", logFieldsOf("filebeat", "error"))], instants)).get("one") ?? [];
    expect([0, 59, 60, 119, 120].map((order) => linesOf(answer[order])["web-2-a"])).toEqual([1, 2, 3, 4, 4]);
  });

  test("a document that comes late counts once, in the block in which it is seen", async () => {
    const line = shapes.filebeat;
    await server.create("logs-late", mappings.filebeat);
    await server.add("logs-late", [line("web-2-a", 5, true)]);
    const asked = ask("logs-late", logFieldsOf("filebeat", "error"));
    const before = linesOf(await one(asked, 15));
    await server.add("logs-late", [line("web-2-a", 6, true), line("other-1-b", 20, false), line("other-1-b", 40, false)]);
    const [then, later] = [linesOf(await one(asked, 30)), linesOf(await one(asked, 45))];
    expect([before, then, later].map((lines) => lines["web-2-a"])).toEqual([1, 2, 2]);
  });

  test("an index into which nothing comes any more is no-data, and what came late is there when it goes on", async () => {
    const line = shapes.filebeat;
    await server.create("logs-stalled", mappings.filebeat);
    await server.add("logs-stalled", [line("web-2-a", 5, true)]);
    const asked = ask("logs-stalled", logFieldsOf("filebeat", "error"));
    expect(linesOf(await one(asked, 15))).toEqual({ "web-2-a": 1 });
    expect(because(await one(asked, 30))).toMatch(/^no-data: logs-stalled has no document of the 15 s before .*: its logs stand still/);
    await server.add("logs-stalled", [line("web-2-a", 32, true), line("other-1-b", 44, false)]);
    expect(linesOf(await one(asked, 45))).toEqual({ "web-2-a": 2 });
  });

  test("one search answers several guards, each its own pods from its own start on", async () => {
    const line = shapes.filebeat;
    await server.create("logs-guards", mappings.filebeat);
    await server.add("logs-guards", [
      line("web-2-a", 5, true),
      line("web-2-a", 12, true),
      line("api-7-b", 5, true, "back"),
      line("web-2-a", 5, true, "back"),
    ]);
    let searches = 0;
    const counting: ElasticsearchApi = {
      search: (request) => {
        searches += 1;
        return elasticsearch.search(request);
      },
      close: async () => {},
    };
    const fields = logFieldsOf("filebeat", "error");
    const later = { kind: "logs", block: 15_000, index: "logs-guards", fields, from: start + 10_000 } as const;
    const asks = [
      ask("logs-guards", fields, { id: "web" }),
      ask("logs-guards", fields, { id: "web-later", query: later }),
      ask("logs-guards", fields, { id: "api", namespace: "back", prefixes: ["api-7"] }),
    ];
    const answers = await createLogSampler({ elasticsearch: counting, log: { info: () => {}, warn: () => {} } })(asks, [start + block]);
    expect(Object.fromEntries([...answers].map(([id, [measurement]]) => [id, linesOf(measurement)]))).toEqual({
      web: { "web-2-a": 2 },
      "web-later": { "web-2-a": 1 },
      api: { "api-7-b": 1 },
    });
    expect(searches, "one for the lines, one for what else came").toBe(2);
  });

  test("own field names are found, with any spelling of a level", async () => {
    await server.create("own", { ns: keyword, instance: keyword, sev: keyword });
    await server.add("own", [{ when: at(3), ns: "shop", instance: "web-2-a", sev: "Critical" }]);
    const fields = logFieldsOf("filebeat", "error", { time: "when", namespace: "ns", pod: "instance", level: "sev" });
    expect(linesOf(await one(ask("own", fields)))).toEqual({ "web-2-a": 1 });
    expect(
      linesOf(await one(ask("own", logFieldsOf("filebeat", "fatal", { time: "when", namespace: "ns", pod: "instance", level: "sev" })))),
    ).toEqual({
      "web-2-a": 1,
    });
  });

  test("pods that log, but no error, are heard and have no lines", async () => {
    await server.create("logs-calm", mappings.filebeat);
    await server.add("logs-calm", [shapes.filebeat("web-2-a", 3, false)]);
    expect(await one(ask("logs-calm", logFieldsOf("filebeat", "error")))).toMatchObject({ kind: "lines", pods: [], heard: ["web-2"] });
  });

  test("an index without a mapping is refused with the field that would do, and read by it", async () => {
    const line = shapes.filebeat;
    await server.add("unmapped", [line("web-2-a", 3, true), line("web-2-a", 4, false)]);
    expect(because(await one(ask("unmapped", logFieldsOf("filebeat", "error"))))).toMatch(
      /^error: .*The field kubernetes\.pod\.name is text in unmapped: name kubernetes\.pod\.name\.keyword instead/,
    );
    const fields = logFieldsOf("filebeat", "error", { pod: "kubernetes.pod.name.keyword", namespace: "kubernetes.namespace.keyword" });
    expect(linesOf(await one(ask("unmapped", fields)))).toEqual({ "web-2-a": 1 });
  });

  test("an index that is not there is no-data, never zero lines", async () => {
    expect(because(await one(ask("nowhere-*", logFieldsOf("filebeat", "error"))))).toBe(
      "no-data: no index matches nowhere-*, or none that our account may read",
    );
  });

  test.each([
    ["the pod's name", { pod: "k8s.pod" }, "no document of logs-why has the field k8s.pod, which should hold the pod's name"],
    ["the namespace", { namespace: "k8s.ns" }, "no document of logs-why has the field k8s.ns, which should hold the namespace"],
    ["the level", { level: "severity" }, "no document of logs-why has the field severity, which should hold the level"],
    ["the time", { time: "when" }, "logs-why has no document with a when between"],
  ])("documents without the field of %s are no-data that names it", async (_what, own, words) => {
    expect(because(await one(ask("logs-why", logFieldsOf("filebeat", "error", own))))).toContain(`no-data: ${words}`);
  });

  test("pods that logged nothing are no-data that names pods and fields", async () => {
    await server.create("logs-others", mappings.filebeat);
    await server.add("logs-others", [shapes.filebeat("api-7-b", 3, true)]);
    expect(because(await one(ask("logs-others", logFieldsOf("filebeat", "error"))))).toMatch(
      /no-data: logs-others has no line of pods web-2-\*, web-1-\* in namespace shop .*\(fields kubernetes\.pod\.name, in 1 of 1 documents, and kubernetes\.namespace, in 1 of 1\)/,
    );
  });

  describe("the lines themselves", () => {
    testLines({ server: () => server, elasticsearch: () => elasticsearch });
  });

  test("a client of version 9 works with 9, and 8 says what to set", async () => {
    const plain = createElasticsearch({ url: server.url, timeoutMs: 20_000 });
    const search = plain.search({ index: "logs-*", query: { match_all: {} } });
    const outcome = await search.then(
      ({ kind }) => kind,
      (error: unknown) => sentence(error),
    );
    expect(outcome).toMatch(
      server.major === 9 ? /^found$/ : /is of version 8 and refuses a client of version 9: set elasticsearch.compatibility to 8/,
    );
    await plain.close();
  });
});
