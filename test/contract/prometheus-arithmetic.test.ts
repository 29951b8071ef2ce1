import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PrometheusApi } from "../../src/clients/prometheus/api.ts";
import { createPrometheus } from "../../src/clients/prometheus/prometheus.ts";
import { instantQuery } from "../../src/sandbox/prometheus/query.ts";
import { buckets, requests } from "./prometheus-exposition.ts";
import { samplesOf, startPrometheus } from "./prometheus-under-test.ts";
import type { Exposition, PrometheusUnderTest } from "./prometheus-under-test.ts";

// The sandbox reads ranges as Prometheus 3 does, so this is not for an older server.

let server: PrometheusUnderTest;
let prometheus: PrometheusApi;

beforeAll(async () => {
  server = await startPrometheus();
  prometheus = createPrometheus({ url: server.url, timeoutMs: 10_000 });
});

afterAll(async () => {
  prometheus.close();
  await server[Symbol.asyncDispose]();
});

function labelText(labels: object): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

describe("the sandbox's arithmetic on the samples of this server", () => {
  const shown = (round: number): Exposition => ({
    "web-1-aaaaa": [...requests(100 * round, round), ...buckets({ "0.1": 7 * round, "0.25": 9 * round, "+Inf": 10 * round })],
    "web-1-bbbbb": [...requests(round === 3 ? 5 : 40 * round), ...buckets({ "0.1": round, "0.25": 4 * round, "+Inf": 5 * round })],
    ...(round < 4 ? { "web-2-ccccc": requests(1000 + round, 3) } : {}),
  });
  const ours = '{__name__=~"up|http_.*"}';

  let at = 0;
  beforeAll(async () => {
    await server.silence();
    for (let round = 1; round <= 5; round += 1) at = await server.scrape(shown(round));
  });

  test.each([
    "http_requests_total",
    'http_requests_total{status!~"5.."}',
    "last_over_time(http_requests_total[500ms])",
    "rate(http_requests_total[2s])",
    "increase(http_requests_total[1s])",
    "sum by (pod) (rate(http_requests_total[2s]))",
    "sum without (status, method) (http_requests_total)",
    "avg by (status) (http_requests_total)",
    "max(http_requests_total) - min(http_requests_total)",
    "count by (pod) (http_requests_total) > 1",
    "http_requests_total > bool 100",
    "http_requests_total >= 500",
    'http_requests_total{status="500"} / ignoring (status) http_requests_total{status="200"}',
    'http_requests_total{status="500"} > on (pod) up',
    'http_requests_total{status="500"} > ignoring (status, method) up',
    'sum by (pod) (http_requests_total{status="500"}) / sum by (pod) (http_requests_total) * 100',
    "-sum(up) + 1",
    "histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[2s])))",
    "histogram_quantile(0.5, http_request_duration_seconds_bucket)",
    "histogram_quantile(0.99, sum by (pod, le) (http_request_duration_seconds_bucket))",
  ])("%s", async (promql) => {
    const raw = await samplesOf(server.url, `${ours}[5m]`, at);
    const series = raw.map(({ metric, values }) => ({
      labels: metric,
      times: values.map(([seconds]) => Math.round(seconds * 1000)),
      values: values.map(([, value]) => Number(value)),
      // A stale series has a younger scrape beside it that did not show it.
      gaps: [],
    }));
    const alive = new Set((await samplesOf(server.url, ours, at)).map(({ metric }) => JSON.stringify(metric)));
    const stored = series.map((one) => (alive.has(JSON.stringify(one.labels)) ? one : { ...one, gaps: [at] }));
    const seriesOf = (name: string) => stored.filter(({ labels }) => labels["__name__"] === name);
    const { result } = instantQuery({ seriesOf, all: () => stored }, promql, at);
    const expected = result as readonly { readonly metric: object; readonly value: readonly [number, string] }[];
    const answered = (await prometheus.query(promql, at)).series;
    // Both sides sum in an order of their own: the last digits are nobody's.
    const byLabels = (pairs: readonly (readonly [object, number])[]) =>
      Object.fromEntries(pairs.map(([labels, value]) => [labelText(labels), Number(value.toPrecision(12))]));
    expect(byLabels(answered.map(({ labels, value }) => [labels, value]))).toEqual(
      byLabels(expected.map(({ metric, value }) => [metric, value[1] === "+Inf" ? Infinity : Number(value[1])])),
    );
    expect(answered.length).toBeGreaterThan(0);
  });
});
