import { describe, expect, test } from "vitest";
import { toAnswer } from "../../../src/clients/elasticsearch/answer.ts";
import type { ElasticsearchApi } from "../../../src/clients/elasticsearch/api.ts";
import { RearguardError } from "../../../src/errors.ts";
import { logFieldsOf } from "../../../src/policies/log-formats.ts";
import type { LogsAsk } from "../../../src/signals/ask.ts";
import { createLogSampler } from "../../../src/signals/sample-logs.ts";

const query = { kind: "logs", block: 15_000, index: "logs-*", fields: logFieldsOf("otel", "error"), from: 0 } as const;
const ask: LogsAsk = { id: "web", namespace: "shop", prefixes: ["web-2"], query };
const whole = { took: 1, timed_out: false, _shards: { total: 1, successful: 1, failed: 0 }, hits: { total: { value: 3 }, hits: [] } };
const at = { buckets: { "0": { doc_count: 3 } } };

function answering(response: object) {
  const logged: string[] = [];
  const log = { info: (_: object, message: string) => logged.push(message), warn: (_: object, message: string) => logged.push(message) };
  const elasticsearch: ElasticsearchApi = {
    search: async () => toAnswer(response as never, "logs-*", "Elasticsearch"),
    close: async () => {},
  };
  return { sample: createLogSampler({ elasticsearch, log }), logged };
}

function owners(left: number) {
  const pods = { sum_other_doc_count: left, buckets: [{ key: "web-2-a", at }] };
  return { owners: { buckets: { "0": { heard: { at }, bad: { pods } } } }, arrived: at, podless: { buckets: {} } };
}

describe("an answer that is not whole is an error, never fewer lines", () => {
  test.each<[string, object, RegExp]>([
    ["a search that ran out of time", { ...whole, timed_out: true }, /ran out of time over logs-\*: what it found is not all/],
    ["a failed shard", { ...whole, _shards: { total: 2, failed: 1 } }, /1 of 2 shards of logs-\* failed/],
    [
      "pods that were left out",
      { ...whole, aggregations: owners(1) },
      /more than 1000 pods of web-2 logged: Elasticsearch left some of them out/,
    ],
    [
      "a cluster that was passed over",
      { ...whole, _shards: { total: 0, failed: 0 }, _clusters: { total: 1, skipped: 1 } },
      /1 of 1 clusters of logs-\* gave no whole answer/,
    ],
    ["what is no search's answer", { acknowledged: true }, /answers something that is not the answer of a search/],
  ])("%s", async (_what, response, words) => {
    const [measurement] = (await answering(response).sample([ask], [15_000])).get("web") ?? [];
    expect(measurement).toMatchObject({ kind: "error", at: 15_000, because: expect.stringMatching(words) });
  });

  test("no shard at all is no data", async () => {
    const [measurement] = (await answering({ ...whole, _shards: { total: 0, failed: 0 } }).sample([ask], [15_000])).get("web") ?? [];
    expect(measurement).toEqual({ kind: "no-data", at: 15_000, because: "no index matches logs-*, or none that our account may read" });
  });
});

test("a whole answer has the lines of each pod, and nothing is logged", async () => {
  const { sample, logged } = answering({ ...whole, aggregations: owners(0) });
  expect((await sample([ask], [15_000])).get("web")).toEqual([
    { kind: "lines", at: 15_000, pods: [{ pod: "web-2-a", lines: 3 }], heard: ["web-2"] },
  ]);
  expect(logged).toEqual([]);
});

test("logs that stand still are no data, however few errors were seen before", async () => {
  const arrived = { buckets: { "0": { doc_count: 5 }, "1": { doc_count: 0 }, "2": { doc_count: 1 } } };
  const { sample } = answering({ ...whole, aggregations: { ...owners(0), arrived } });
  const because =
    "logs-* has no document of the 15 s before 1970-01-01T00:00:30.000Z: its logs stand still, or come later than elasticsearch.lag, which says nothing of any pod";
  expect((await sample([ask], [15_000, 30_000, 45_000])).get("web")).toMatchObject([
    { kind: "lines" },
    { kind: "no-data", at: 30_000, because },
    { kind: "lines" },
  ]);
});

test("a source that stays down is logged once, and its recovery too", async () => {
  const responses: object[] = [
    { ...whole, timed_out: true },
    { ...whole, timed_out: true },
    // The lines, then what else came.
    { ...whole, aggregations: owners(0) },
    { ...whole, aggregations: owners(0) },
  ];
  const logged: string[] = [];
  const log = { info: (_: object, message: string) => logged.push(message), warn: (_: object, message: string) => logged.push(message) };
  const search = async () => toAnswer((responses.shift() ?? {}) as never, "logs-*", "Elasticsearch");
  const sample = createLogSampler({ elasticsearch: { search, close: async () => {} }, log });
  for (const instant of [15_000, 30_000, 45_000]) await sample([ask], [instant]);
  expect(logged).toEqual(["sampling failed; guards wait for a proper answer", "sampling works again"]);
});

test("an Elasticsearch that does not answer is asked twice at once and then no more, and all guards say why", async () => {
  let searches = 0;
  const search = async () => {
    searches += 1;
    await Promise.resolve();
    throw new RearguardError("ELASTICSEARCH_TIMEOUT", "Elasticsearch did not answer within 10 s.");
  };
  const sample = createLogSampler({ elasticsearch: { search, close: async () => {} }, log: { info: () => {}, warn: () => {} } });
  const answers = await sample(
    Array.from({ length: 200 }, (_, n) => ({ ...ask, id: `guard-${n}` })),
    [15_000],
  );
  expect(searches).toBe(2);
  expect(answers.size).toBe(200);
  for (const answer of answers.values()) {
    expect(answer).toEqual([{ kind: "error", at: 15_000, because: "Elasticsearch did not answer within 10 s." }]);
  }
});
