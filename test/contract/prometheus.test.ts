import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PrometheusApi } from "../../src/clients/prometheus/api.ts";
import { createPrometheus } from "../../src/clients/prometheus/prometheus.ts";
import type { Measurement } from "../../src/model.ts";
import { presetOf } from "../../src/policies/presets.ts";
import type { ExposedSample } from "../../src/sandbox/exposition.ts";
import type { Ask, CounterAsk } from "../../src/signals/ask.ts";
import { createSampler } from "../../src/signals/sample.ts";
import type { Sample } from "../../src/signals/sample.ts";
import { buckets, requests } from "./prometheus-exposition.ts";
import { startPrometheus } from "./prometheus-under-test.ts";
import type { PrometheusUnderTest } from "./prometheus-under-test.ts";

const block = 1000;
const preset = presetOf("prom-client");
const errors: CounterAsk = { kind: "errors", preset, block };

let server: PrometheusUnderTest;
let prometheus: PrometheusApi;
let sample: Sample;

beforeAll(async () => {
  server = await startPrometheus();
  prometheus = createPrometheus({ url: server.url, timeoutMs: 10_000 });
  sample = createSampler({ prometheus, log: { info: () => {}, warn: () => {} } });
});

afterAll(async () => {
  prometheus.close();
  await server[Symbol.asyncDispose]();
});

async function ask(query: Ask["query"], at: number, prefixes: readonly string[] = ["web-1", "web-2"]): Promise<Measurement | undefined> {
  const result = await sample([{ id: "one", namespace: "prod", prefixes, query }], [at]);
  return result.get("one")?.[0];
}

/** Counters of a measurement as pod → [total, bad]. */
function counts(measurement: Measurement | undefined): Record<string, readonly number[]> {
  if (measurement?.kind !== "counters") throw new Error(`expected counters, not ${JSON.stringify(measurement)}`);
  return Object.fromEntries(measurement.readings.map(({ pod, total, bad }) => [pod, [total, bad]]));
}

describe("sampling", () => {
  beforeEach(() => server.silence());

  test("the counters of each process are read as its last scrape left them", async () => {
    const at = await server.scrape({ "web-1-aaaaa": requests(1000, 10), "web-1-bbbbb": requests(2000), "web-2-ccccc": requests(30, 3) });
    expect(counts(await ask(errors, at))).toEqual({ "web-1-aaaaa": [1010, 10], "web-1-bbbbb": [2000, 0], "web-2-ccccc": [33, 3] });
    expect(counts(await ask(errors, at, ["web-2"]))).toEqual({ "web-2-ccccc": [33, 3] });
  });

  test("the first failures of a process are seen with their first scrape", async () => {
    const before = await server.scrape({ "web-2-ccccc": requests(40) });
    const at = await server.scrape({ "web-2-ccccc": requests(50, 7) });
    expect(counts(await ask(errors, before, ["web-2"]))).toEqual({ "web-2-ccccc": [40, 0] });
    expect(counts(await ask(errors, at, ["web-2"]))).toEqual({ "web-2-ccccc": [57, 7] });
    // What a query with increase() would have judged instead.
    const { series } = await prometheus.query('sum(increase(http_requests_total{pod="web-2-ccccc", status="500"}[1s]))', at);
    expect(series.map(({ value }) => value).filter((value) => value > 0)).toEqual([]);
  });

  test("a restarted process shows its new, smaller counters", async () => {
    await server.scrape({ "web-1-aaaaa": requests(5000, 500) });
    await server.scrape({});
    const at = await server.scrape({ "web-1-aaaaa": requests(3, 1) });
    expect(counts(await ask(errors, at, ["web-1"]))["web-1-aaaaa"]).toEqual([4, 1]);
  });

  test("a process that is scraped no more is gone after one block", async () => {
    const seen = await server.scrape({ "web-1-aaaaa": requests(10) });
    const later = await server.scrape({});
    expect(counts(await ask(errors, seen, ["web-1"]))["web-1-aaaaa"]).toEqual([10, 0]);
    expect((await ask(errors, Math.max(later, seen) + 2 * block, ["web-1"]))?.kind).toBe("no-data");
  });

  test("a metric without the status label is no-data that names the label", async () => {
    const bare = { name: "http_requests_total", labels: {}, value: 9 };
    const at = await server.scrape({ "web-2-ccccc": [bare] });
    const measurement = await ask({ kind: "errors", preset: presetOf("prom-client", { statusLabel: "http_code" }), block }, at, ["web-2"]);
    expect(measurement).toMatchObject({ kind: "no-data", because: expect.stringContaining("label http_code") });
  });

  test("health and metrics routes do not count", async () => {
    const routed = (route: string, value: number) => ({ name: "http_requests_total", labels: { route, status: "200" }, value });
    const at = await server.scrape({
      "web-2-ccccc": [routed("/orders", 5), routed("/healthz", 100), routed("/metrics", 100), routed("/health/live", 9)],
    });
    expect(counts(await ask(errors, at, ["web-2"]))).toEqual({ "web-2-ccccc": [5, 0] });
  });

  test("callers are counted by whom they call, each process by itself, beside what the called pods count", async () => {
    const calls = (reporter: string, workload: string, code: string, value: number, flags = "-"): ExposedSample => ({
      name: "istio_requests_total",
      labels: {
        reporter,
        destination_workload: workload,
        destination_workload_namespace: "prod",
        response_code: code,
        response_flags: flags,
      },
      value,
    });
    const at = await server.scrape({
      // Refused calls beside failed ones, a call to somebody else, and what the pod itself answered as somebody else's callee.
      "web-1-aaaaa": [
        calls("source", "api", "200", 90),
        calls("source", "api", "503", 4, "UF"),
        calls("source", "api", "503", 2, "URX,UF"),
        calls("source", "api-worker", "500", 50),
        calls("destination", "web", "500", 30),
      ],
      "web-1-bbbbb": [calls("source", "api", "200", 10)],
      "web-2-ccccc": [calls("destination", "api", "200", 70), calls("destination", "api", "500", 1), calls("source", "db", "500", 9)],
    });
    const measurement = await ask(
      { kind: "errors", preset: presetOf("istio"), block, callersOf: { kind: "Deployment", name: "api" } },
      at,
      ["web-2"],
    );
    expect(counts(measurement)).toEqual({ "web-1-aaaaa": [96, 6], "web-1-bbbbb": [10, 0], "web-2-ccccc": [71, 1] });
    const views = measurement?.kind === "counters" ? measurement.readings.map(({ pod, view }) => [pod, view ?? "pods"]) : [];
    expect(Object.fromEntries(views)).toEqual({ "web-1-aaaaa": "callers", "web-1-bbbbb": "callers", "web-2-ccccc": "pods" });
  });

  test("slow requests are counted at the bound of the limit, whole numbers and all", async () => {
    const at = await server.scrape({ "web-2-ccccc": buckets({ "0.1": 80, "0.25": 90, "1": 97, "+Inf": 100 }) });
    const slower = (thresholdMs: number) => ask({ kind: "slower", preset, block, thresholdMs }, at, ["web-2"]);
    expect(await slower(1000)).toMatchObject({ kind: "counters", readings: [{ total: 100, bad: 3, badAtMost: 3 }] });
    expect(await slower(200)).toMatchObject({
      readings: [{ total: 100, bad: 10, badAtMost: 20 }],
      note: expect.stringContaining("250 ms"),
    });
    expect(await slower(2000)).toMatchObject({ kind: "error", because: expect.stringContaining("100 ms, 250 ms, 1000 ms") });
  });

  test("after a restart the same instants give the same numbers", async () => {
    const first = await server.scrape({ "web-1-aaaaa": requests(100, 1), "web-2-ccccc": requests(10) });
    const last = await server.scrape({ "web-1-aaaaa": requests(200, 2), "web-2-ccccc": requests(20, 5) });
    const start = Math.floor(first / 100) * 100;
    const instants = Array.from({ length: Math.ceil((last - start) / 100) + 5 }, (_, index) => start + 100 * index);
    const asks: readonly Ask[] = [{ id: "one", namespace: "prod", prefixes: ["web-1", "web-2"], query: errors }];
    const sorted = (measurements: readonly Measurement[] | undefined) =>
      measurements?.map((one) =>
        one.kind === "counters" ? { ...one, readings: one.readings.toSorted((a, b) => (a.pod < b.pod ? -1 : 1)) } : one,
      );
    const again = sorted((await sample(asks, instants)).get("one"));
    const live = await Promise.all(instants.map(async (instant) => (await sample(asks, [instant])).get("one")));
    expect(again).toEqual(live.flatMap((one) => sorted(one)));
    expect(again?.some(({ kind }) => kind === "counters")).toBe(true);
  });

  test("25,000 instants are asked in ranges that the server accepts", async () => {
    const at = await server.scrape({ "web-2-ccccc": requests(77) });
    const instants = Array.from({ length: 25_000 }, (_, index) => at - 1000 * (24_999 - index));
    const measurements = (await sample([{ id: "one", namespace: "prod", prefixes: ["web-2"], query: errors }], instants)).get("one");
    expect(measurements).toHaveLength(25_000);
    expect(counts(measurements?.at(-1))).toEqual({ "web-2-ccccc": [77, 0] });
    expect(measurements?.[0]?.kind).toBe("no-data");
  });

  test("450 guards are asked in chunks that the server accepts, each with its own pods", async () => {
    const at = await server.scrape({ "web-1-aaaaa": requests(11), "web-2-ccccc": requests(22) });
    const asks = Array.from({ length: 450 }, (_, index): Ask => {
      const prefixes = index === 3 ? ["web-1"] : index === 440 ? ["web-2"] : [`a-rather-long-name-of-a-deployment-${index}-6c9f7d8b54`];
      return { id: String(index), namespace: "prod", prefixes, query: errors };
    });
    const result = await sample(asks, [at]);
    expect(counts(result.get("3")?.[0])["web-1-aaaaa"]).toEqual([11, 0]);
    expect(counts(result.get("440")?.[0])).toEqual({ "web-2-ccccc": [22, 0] });
    const kinds = Map.groupBy(result.values(), ([measurement]) => measurement?.kind);
    expect([kinds.get("counters")?.length, kinds.get("no-data")?.length, kinds.get("error")?.length]).toEqual([2, 448, undefined]);
  });

  test("a user's query gives its values, and nothing divided by nothing is no-data", async () => {
    const at = await server.scrape({ "web-2-ccccc": requests(8, 2) });
    const ratio = 'sum(http_requests_total{pod="web-2-ccccc", status=~"5.."}) / sum(http_requests_total{pod="web-2-ccccc"})';
    expect(await ask({ kind: "promql", promql: ratio }, at)).toMatchObject({ kind: "values", values: [{ value: 0.2 }] });
    expect(await ask({ kind: "promql", promql: "sum(up) * 0 / 0" }, at)).toMatchObject({ kind: "no-data" });
    expect(await ask({ kind: "promql", promql: "nothing" }, at)).toMatchObject({ kind: "no-data" });
    expect(await ask({ kind: "promql", promql: "sum(" }, at)).toMatchObject({
      kind: "error",
      because: expect.stringContaining("parse error"),
    });
  });
});
