import { afterAll, beforeAll, expect, test } from "vitest";
import type { PrometheusApi } from "../../src/clients/prometheus/api.ts";
import { createPrometheus } from "../../src/clients/prometheus/prometheus.ts";
import type { Measurement } from "../../src/model.ts";
import { presetOf } from "../../src/policies/presets.ts";
import { promqlSignalOf } from "../../src/policies/promql-signal.ts";
import type { Ask } from "../../src/signals/ask.ts";
import { promqlAsk } from "../../src/signals/promql-signal.ts";
import { createSampler, type Sample } from "../../src/signals/sample.ts";
import { requests } from "./prometheus-exposition.ts";
import { startPrometheus } from "./prometheus-under-test.ts";
import type { PrometheusUnderTest } from "./prometheus-under-test.ts";

const block = 1000;
const warnings: object[] = [];
const asked: string[] = [];
let server: PrometheusUnderTest;
let prometheus: PrometheusApi;
let sample: Sample;
let at: number;

const bulk = Array.from({ length: 3000 }, (_, nth) => ({ name: "bulk", labels: { nth: String(nth) }, value: 1 }));

beforeAll(async () => {
  server = await startPrometheus({ mostSamples: 2000 });
  prometheus = createPrometheus({ url: server.url, timeoutMs: 10_000 });
  const spied: PrometheusApi = {
    ...prometheus,
    query: (promql, when) => (asked.push("instant"), prometheus.query(promql, when)),
    queryRange: (promql, ...range) => (asked.push("range"), prometheus.queryRange(promql, ...range)),
  };
  sample = createSampler({ prometheus: spied, log: { info: () => {}, warn: (fields) => warnings.push(fields) } });
  for (const ok of [10, 20, 30, 40]) {
    await server.scrape({ "web-1-aaaaa": requests(ok, 1), "web-1-bbbbb": requests(ok), "web-2-ccccc": requests(ok / 10, 2) });
  }
  at = await server.scrape({ "web-1-aaaaa": requests(60, 1), "web-1-bbbbb": requests(80), "web-2-ccccc": [...requests(19, 5), ...bulk] });
});

afterAll(async () => {
  prometheus.close();
  await server[Symbol.asyncDispose]();
});

async function answerTo(promql: string, instants: readonly number[] = [at]): Promise<readonly Measurement[] | undefined> {
  const ask: Ask = { id: "one", namespace: "prod", prefixes: [], query: { kind: "promql", promql } };
  return (await sample([ask], instants)).get("one");
}

test("what is too much at once is asked in parts, and every block is answered", async () => {
  const instants = Array.from({ length: 2000 }, (_, index) => at - (1999 - index));
  asked.length = 0;
  const query = { kind: "errors", preset: presetOf("prom-client"), block } as const;
  const answers = (await sample([{ id: "one", namespace: "prod", prefixes: ["web-1", "web-2"], query }], instants)).get("one");
  expect(answers).toHaveLength(2000);
  const last = answers?.at(-1);
  const readings = last?.kind === "counters" ? last.readings.map(({ pod, total, bad }) => [pod, [total, bad]] as const) : [];
  expect(Object.fromEntries(readings)).toEqual({
    "web-1-aaaaa": [61, 1],
    "web-1-bbbbb": [80, 0],
    "web-2-ccccc": [24, 5],
  });
  expect(answers?.filter(({ kind }) => kind === "error")).toEqual([]);
  expect(asked.filter((how) => how === "range").length, "refused as a whole").toBeGreaterThan(2);
});

test("a query that is too costly at a single instant is an error with the server's reason, said once", async () => {
  const promql = "count(bulk)";
  const first = await answerTo(promql);
  await answerTo(promql);
  expect(first).toEqual([{ kind: "error", at, because: expect.stringMatching(/refuses the query for its cost: .*too many samples/) }]);
  expect(warnings.filter((fields) => JSON.stringify(fields).includes("for its cost"))).toHaveLength(1);
});

test.each([
  [
    "a range of samples",
    'up{pod="web-1-aaaaa"}[500ms]',
    /answers a matrix where one number per series is needed .*put a function around it/,
  ],
  ["a text", '"a text"', /answers a string where one number per series is needed/],
])("%s is an error that says what is needed", async (_what, promql, because) => {
  expect(await answerTo(promql)).toEqual([{ kind: "error", at, because: expect.stringMatching(because) }]);
  expect((await answerTo(promql, [at - 1000, at]))?.[1]).toMatchObject({
    kind: "error",
    because: expect.stringMatching(/where one number per series is needed/),
  });
});

test("a number alone is one series without labels, at an instant and over a range", async () => {
  expect(await answerTo("2 + 3")).toEqual([{ kind: "values", at, values: [{ labels: {}, value: 5 }] }]);
  expect((await answerTo("2 + 3", [at - 1000, at]))?.map(({ kind }) => kind)).toEqual(["values", "values"]);
});

test("several series come each by itself, or as one where the query aggregates them", async () => {
  const values = { namespace: "prod", name: "web", newPods: ["web-2-ccccc"], oldPods: ["web-1-aaaaa", "web-1-bbbbb"] };
  const filled = (query: string) => promqlAsk(promqlSignalOf({ query, above: 1 }), values).promql;
  const valuesOf = (answer: readonly Measurement[] | undefined) =>
    answer?.flatMap((one) => (one.kind === "values" ? one.values.map(({ labels, value }) => [labels["pod"] ?? "", value] as const) : []));
  const each = valuesOf(await answerTo(filled('sum by (pod) (http_requests_total{namespace="{{namespace}}", pod=~"{{pods.old}}"})')));
  expect(each?.toSorted(([one], [other]) => (one < other ? -1 : 1))).toEqual([
    ["web-1-aaaaa", 61],
    ["web-1-bbbbb", 80],
  ]);
  expect(valuesOf(await answerTo(filled('sum(http_requests_total{pod=~"{{pods.new}}"})')))).toEqual([["", 24]]);
});
