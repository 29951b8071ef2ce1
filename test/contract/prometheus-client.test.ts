import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PrometheusApi } from "../../src/clients/prometheus/api.ts";
import { createPrometheus } from "../../src/clients/prometheus/prometheus.ts";
import { RearguardError } from "../../src/errors.ts";
import { requests } from "./prometheus-exposition.ts";
import { type PrometheusUnderTest, startPrometheus } from "./prometheus-under-test.ts";

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

async function refusal(promise: Promise<unknown>): Promise<RearguardError> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof RearguardError) return error;
  throw new Error(`expected a refusal, not ${JSON.stringify(error)}`);
}

describe("the client", () => {
  test("an instant query answers each series with its labels", async () => {
    const at = await server.scrape({ "web-1-aaaaa": requests(5), "web-1-bbbbb": requests(7) });
    const { series } = await prometheus.query('http_requests_total{pod=~"web-1-.*"}', at);
    expect(Object.fromEntries(series.map(({ labels, value }) => [labels["pod"], [labels["__name__"], labels["instance"], value]]))).toEqual(
      {
        "web-1-aaaaa": ["http_requests_total", "10.0.0.1:8080", 5],
        "web-1-bbbbb": ["http_requests_total", "10.0.0.2:8080", 7],
      },
    );
  });

  test("a pod that does not listen is up 0", async () => {
    const at = await server.scrape({ "web-1-aaaaa": requests(5) });
    const { series } = await prometheus.query("up", at);
    expect(Object.fromEntries(series.map(({ labels, value }) => [labels["pod"], value]))).toEqual({
      "web-1-aaaaa": 1,
      "web-1-bbbbb": 0,
      "web-2-ccccc": 0,
    });
  });

  test("a range query answers at every instant, in ms, what the instant query answers there", async () => {
    const at = await server.scrape({ "web-1-aaaaa": requests(50) });
    await server.scrape({ "web-1-aaaaa": requests(60) });
    const promql = "sum by (pod) (last_over_time(http_requests_total[1s]))";
    const instants = [at, at + 100, at + 200];
    const { series } = await prometheus.queryRange(promql, at, at + 200, 100);
    const ranged = series.find(({ labels }) => labels["pod"] === "web-1-aaaaa");
    const alone = await Promise.all(instants.map((instant) => prometheus.query(promql, instant)));
    expect(ranged?.points).toEqual(
      alone.map((answer, index) => ({
        at: instants[index],
        value: answer.series.find(({ labels }) => labels["pod"] === "web-1-aaaaa")?.value,
      })),
    );
  });

  test("nothing found is an empty answer, not an error", async () => {
    const at = await server.scrape({});
    expect(await prometheus.query("no_such_metric", at)).toEqual({ series: [], histograms: [] });
    expect(await prometheus.queryRange("no_such_metric", at, at + 1000, 1000)).toEqual({ series: [], histograms: [] });
  });

  test.each([
    ["0 / 0", NaN],
    ["1 / 0", Infinity],
    ["-1 / 0", -Infinity],
    ["sum(up) * 0 / 0", NaN],
    ["count(up) / 0", Infinity],
    ["-count(up) / 0", -Infinity],
  ])("%s is %d", async (promql, expected) => {
    const at = await server.scrape({});
    expect((await prometheus.query(promql, at)).series.map(({ value }) => value)).toEqual([expected]);
  });

  test("a query that cannot be parsed is refused with the place", async () => {
    const error = await refusal(prometheus.query("sum(up", 1_790_000_000_000));
    expect(error.code).toBe("PROMETHEUS_BAD_QUERY");
    expect(error.message).toMatch(/1:\d+: parse error: unclosed left parenthesis/);
  });

  test("a query that cannot be evaluated is refused with the cause", async () => {
    const at = await server.scrape({ "web-1-aaaaa": requests(1, 1) });
    const error = await refusal(prometheus.query("http_requests_total / on (pod) http_requests_total", at));
    expect(error.code).toBe("PROMETHEUS_BAD_QUERY");
    expect(error.message).toContain("found duplicate series for the match group");
  });

  test("more than 11,000 points are refused, 11,000 are answered", async () => {
    const error = await refusal(prometheus.queryRange("up", 1_790_000_000_000, 1_790_011_001_000, 1000));
    expect(error.code).toBe("PROMETHEUS_BAD_QUERY");
    expect(error.message).toContain("11,000 points");
    expect((await prometheus.queryRange("no_such_metric", 1_790_000_000_000, 1_790_010_999_000, 1000)).series).toEqual([]);
  });

  test("a server that accepts and never answers is a timeout, and answers again afterwards", async () => {
    const hasty = createPrometheus({ url: server.url, timeoutMs: 300 });
    server.freeze();
    const error = await refusal(hasty.query("up", 1_790_000_000_000)).finally(() => server.thaw());
    expect(error.code).toBe("PROMETHEUS_TIMEOUT");
    hasty.close();
    await expect(prometheus.query("up", 1_790_000_000_000)).resolves.toMatchObject({ histograms: [] });
  });
});
