import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PrometheusApi } from "../../src/clients/prometheus/api.ts";
import { createPrometheus } from "../../src/clients/prometheus/prometheus.ts";
import { presetOf } from "../../src/policies/presets.ts";
import type { ExposedSample } from "../../src/sandbox/exposition.ts";
import type { Ask } from "../../src/signals/ask.ts";
import { createSampler } from "../../src/signals/sample.ts";
import { buckets } from "./prometheus-exposition.ts";
import { startPrometheus } from "./prometheus-under-test.ts";
import type { PrometheusUnderTest } from "./prometheus-under-test.ts";

const block = 1000;
const preset = presetOf("prom-client");

describe("a server that stores histograms as native ones", () => {
  let storing: PrometheusUnderTest;
  let client: PrometheusApi;
  const queries: string[] = [];
  const name = "http_request_duration_seconds";
  /** As a library exposes it: buckets, sum and count of one histogram. */
  const histogram = (counts: Readonly<Record<string, number>>): readonly ExposedSample[] => [
    ...buckets(counts),
    { name: `${name}_sum`, labels: {}, value: 1 },
    { name: `${name}_count`, labels: {}, value: counts["+Inf"] ?? 0 },
  ];

  beforeAll(async () => {
    storing = await startPrometheus({ native: true });
    client = createPrometheus({ url: storing.url, timeoutMs: 10_000 });
  });

  afterAll(async () => {
    client.close();
    await storing[Symbol.asyncDispose]();
  });

  test("slow requests are counted by its custom buckets, at an instant and over a range, with one query once it is known", async () => {
    const spied: PrometheusApi = {
      ...client,
      query: (promql, at) => (queries.push(promql), client.query(promql, at)),
      queryRange: (promql, ...range) => (queries.push(promql), client.queryRange(promql, ...range)),
    };
    const reading = createSampler({ prometheus: spied, log: { info: () => {}, warn: () => {} } });
    const first = await storing.scrape({ "web-2-ccccc": histogram({ "0.1": 80, "0.25": 90, "1": 97, "+Inf": 100 }) });
    const last = await storing.scrape({ "web-2-ccccc": histogram({ "0.1": 160, "0.25": 180, "1": 197, "+Inf": 200 }) });
    const slower = (thresholdMs: number): readonly Ask[] => [
      { id: "one", namespace: "prod", prefixes: ["web-2"], query: { kind: "slower", preset, block, thresholdMs } },
    ];
    const answered = async (thresholdMs: number, instants: readonly number[]) => (await reading(slower(thresholdMs), instants)).get("one");

    expect(await answered(1000, [first])).toMatchObject([{ kind: "counters", readings: [{ total: 100, bad: 3, badAtMost: 3 }] }]);
    expect(queries, "classic buckets are looked for first").toHaveLength(2);
    expect(await answered(200, [first])).toMatchObject([{ readings: [{ total: 100, bad: 10, badAtMost: 20, judgedAt: 0.25 }] }]);
    expect(queries).toHaveLength(3);
    expect(queries.at(-1)).not.toContain("_bucket");
    const ranged = await answered(1000, [first, last]);
    expect(ranged?.at(-1)).toMatchObject({ kind: "counters", readings: [{ total: 200, bad: 3, badAtMost: 3 }] });
    // 3 requests lie above the last bound with an end: nobody can say which of them took longer than 2 s.
    expect(await answered(2000, [first])).toMatchObject([{ kind: "error", because: expect.stringContaining("above the highest bucket") }]);
  });

  test("the client answers histograms beside the numbers, with their labels and times", async () => {
    const at = await storing.scrape({ "web-2-ccccc": histogram({ "0.1": 1, "+Inf": 2 }) });
    const { series, histograms } = await client.query(`sum by (pod) (last_over_time(${name}[1s]))`, at);
    expect(series).toEqual([]);
    expect(histograms).toMatchObject([{ labels: { pod: "web-2-ccccc" }, points: [{ at, histogram: { count: 2 } }] }]);
  });
});
