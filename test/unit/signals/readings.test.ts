import { describe, expect, test } from "vitest";
import type { HistogramSeries, SampleSeries } from "../../../src/clients/prometheus/api.ts";
import type { NativeHistogram } from "../../../src/model.ts";
import { presetOf } from "../../../src/policies/presets.ts";
import { measureCounters } from "../../../src/signals/readings.ts";
import { measureValues } from "../../../src/signals/values.ts";
import type { CountersAsk } from "../../../src/signals/ask.ts";
import { errorsAsk, slowerAsk } from "./signal-asks.ts";

function process(pod: string, values: readonly number[], more: Readonly<Record<string, string>> = {}): SampleSeries {
  const labels = { namespace: "prod", pod, instance: `${pod}:8080`, job: "pods", ...more };
  return { labels, points: values.map((value, index) => ({ at: 15_000 * (index + 1), value })) };
}

function native(pod: string, histograms: readonly NativeHistogram[]): HistogramSeries {
  const { labels } = process(pod, []);
  return { labels, points: histograms.map((histogram, index) => ({ at: 15_000 * (index + 1), histogram })) };
}

const noHistograms = { histograms: [] };

describe("errors", () => {
  const ask = errorsAsk("a", ["web-1"]);

  test("a process without a bad series has had no bad request", () => {
    const series = { total: [process("web-1-aaaaa", [100]), process("web-1-bbbbb", [50])], bad: [process("web-1-bbbbb", [7])] };
    const [measurement] = measureCounters(ask, [15_000], { series, ...noHistograms });
    expect(measurement).toEqual({
      kind: "counters",
      at: 15_000,
      readings: [
        { namespace: "prod", pod: "web-1-aaaaa", process: "web-1-aaaaa:8080 pods", total: 100, bad: 0, badAtMost: 0 },
        { namespace: "prod", pod: "web-1-bbbbb", process: "web-1-bbbbb:8080 pods", total: 50, bad: 7, badAtMost: 7 },
      ],
    });
  });

  test("a bad count without a total is no reading", () => {
    const [measurement] = measureCounters(ask, [15_000], { series: { bad: [process("web-1-aaaaa", [7])] }, ...noHistograms });
    expect(measurement?.kind).toBe("no-data");
  });

  test("NaN is no reading", () => {
    const [measurement] = measureCounters(ask, [15_000], { series: { total: [process("web-1-aaaaa", [NaN])] }, ...noHistograms });
    expect(measurement?.kind).toBe("no-data");
  });

  test("no-data names the metric, the label, the pods and the time", () => {
    const [measurement] = measureCounters(ask, [15_000], { series: {}, ...noHistograms });
    expect(measurement).toEqual({
      kind: "no-data",
      at: 15_000,
      because: "no http_requests_total with a label status of pods web-1-* in namespace prod in the last 15 s",
    });
  });

  test("each instant has the values of that instant", () => {
    const series = { total: [process("web-1-aaaaa", [10, 20, 30])], bad: [process("web-1-aaaaa", [0, 1])] };
    const measurements = measureCounters(ask, [15_000, 30_000, 45_000, 60_000], { series, ...noHistograms });
    const read = measurements.map((one) => (one.kind === "counters" ? [one.readings[0]?.total, one.readings[0]?.bad] : one.kind));
    expect(read).toEqual([[10, 0], [20, 1], [30, 0], "no-data"]);
  });

  test("what Prometheus remarks is a note", () => {
    const [measurement] = measureCounters(ask, [15_000], {
      series: { total: [process("web-1-aaaaa", [1])] },
      ...noHistograms,
      note: "PromQL info: x",
    });
    expect(measurement).toMatchObject({ note: "PromQL info: x" });
  });

  test("a native histogram is an error that says so, not no-data", () => {
    const histograms = [native("web-1-aaaaa", [{ count: 3, buckets: [] }])];
    const [measurement] = measureCounters(ask, [15_000], { series: {}, histograms });
    expect(measurement).toMatchObject({ kind: "error", because: expect.stringContaining("native histogram") });
  });
});

describe("ratio", () => {
  const total = { metric: "orders_total", matchers: ['kind="paid"'] };
  const query = { kind: "ratio", bad: { metric: "orders_failed_total", matchers: [] }, total, podLabel: "k8s_pod", block: 15_000 };
  const ask = { ...errorsAsk("a", ["web-1"]), query } as CountersAsk;

  test("counts a process by the policy's own pod label, without a bad series as none bad", () => {
    const labelled = (pod: string, value: number) => process("scraper", [value], { k8s_pod: pod, instance: pod });
    const series = { total: [labelled("web-1-aaaaa", 100), labelled("web-1-bbbbb", 50)], bad: [labelled("web-1-bbbbb", 7)] };
    const [measurement] = measureCounters(ask, [15_000], { series, ...noHistograms });
    expect(measurement).toMatchObject({
      kind: "counters",
      readings: [
        { pod: "web-1-aaaaa", total: 100, bad: 0, badAtMost: 0 },
        { pod: "web-1-bbbbb", total: 50, bad: 7, badAtMost: 7 },
      ],
    });
  });

  test("without any total it is no-data that names the counter as the policy has it", () => {
    const [measurement] = measureCounters(ask, [15_000], { series: {}, ...noHistograms });
    expect(measurement).toEqual({
      kind: "no-data",
      at: 15_000,
      because: 'no orders_total{kind="paid"} of pods web-1-* in namespace prod in the last 15 s',
    });
  });
});

describe("slower", () => {
  // 100 requests: 90 within 0.1 s, 97 within 0.25 s, 99 within 0.5 s.
  const buckets = (bounds: Readonly<Record<string, number>>) => ({
    buckets: Object.entries(bounds).map(([le, count]) => process("web-1-aaaaa", [count], { le })),
  });
  const usual = buckets({ "0.1": 90, "0.25": 97, "0.5": 99, "+Inf": 100 });

  function reading(thresholdMs: number, series = usual, preset = presetOf("prom-client")) {
    const [measurement] = measureCounters(slowerAsk("a", ["web-1"], thresholdMs, preset), [15_000], { series, ...noHistograms });
    return measurement;
  }

  test.each([
    ["at a bound both counts are exact", 250, 3, 3],
    ["between bounds the truth lies between two counts", 200, 3, 10],
    ["below the lowest bound all may be slow", 50, 10, 100],
  ])("%s", (_name, thresholdMs, bad, badAtMost) => {
    expect(reading(thresholdMs)).toMatchObject({ kind: "counters", readings: [{ total: 100, bad, badAtMost }] });
  });

  test("a limit between bounds says where it is judged", () => {
    expect(reading(200)).toMatchObject({ note: "no bucket of http_request_duration_seconds_bucket ends at 200 ms: judged at 250 ms" });
    expect(reading(250)).not.toHaveProperty("note");
  });

  test("a limit above the highest bound is an error that says which bounds exist", () => {
    const measurement = reading(2000);
    expect(measurement?.kind).toBe("error");
    expect(measurement).toMatchObject({ because: expect.stringContaining("100 ms, 250 ms, 500 ms") });
  });

  test('le="1.0" of Prometheus 3 and le="1" of Prometheus 2 are the same bound', () => {
    expect(reading(1000, buckets({ "1.0": 80, "+Inf": 100 }))).toMatchObject({ readings: [{ bad: 20, badAtMost: 20 }] });
    expect(reading(1000, buckets({ "1": 80, "+Inf": 100 }))).toMatchObject({ readings: [{ bad: 20, badAtMost: 20 }] });
  });

  test("bounds in milliseconds are judged in milliseconds", () => {
    const linkerd = buckets({ "100": 90, "200": 97, "+Inf": 100 });
    expect(reading(200, linkerd, presetOf("linkerd"))).toMatchObject({ readings: [{ bad: 3, badAtMost: 3 }] });
  });

  test("a process that was not scraped in this block is a gap, not an error", () => {
    const series = { buckets: [...usual.buckets, { labels: { namespace: "prod", pod: "web-1-bbbbb", le: "+Inf" }, points: [] }] };
    expect(reading(250, series)).toMatchObject({ kind: "counters", readings: [{ pod: "web-1-aaaaa" }] });
  });
});

describe("slower, from a native histogram", () => {
  const bucket = (left: number, right: number, count: number) => ({ left, right, count });
  const histogram = { count: 100, buckets: [bucket(-Infinity, 0.1, 90), bucket(0.19, 0.21, 7), bucket(0.4, 0.44, 3)] };

  function reading(thresholdMs: number, histograms = [native("web-1-aaaaa", [histogram])], preset = presetOf("prom-client")) {
    return measureCounters(slowerAsk("a", ["web-1"], thresholdMs, preset), [15_000], { series: {}, histograms })[0];
  }

  test.each([
    ["in a bucket it lies between two counts", 200, 3, 10, 0.21],
    ["at a bound both counts are exact", 210, 3, 3, undefined],
    ["in a gap both counts are exact", 300, 3, 3, undefined],
    ["above everything nothing is slow", 5000, 0, 0, undefined],
  ])("a limit %s", (_name, thresholdMs, bad, badAtMost, judgedAt) => {
    const measurement = reading(thresholdMs);
    if (measurement?.kind !== "counters") throw new Error(JSON.stringify(measurement));
    const [{ judgedAt: found, ...one } = { judgedAt: undefined }] = measurement.readings;
    expect([one, found]).toEqual([expect.objectContaining({ total: 100, bad, badAtMost }), judgedAt]);
    expect(measurement.note ?? "").toContain(judgedAt === undefined ? "" : "judged at 210 ms");
  });

  test("of a metric in milliseconds is read in milliseconds", () => {
    const inMs = { count: 100, buckets: histogram.buckets.map(({ left, right, count }) => bucket(left * 1000, right * 1000, count)) };
    expect(reading(200, [native("web-1-aaaaa", [inMs])], presetOf("linkerd"))).toMatchObject({ readings: [{ bad: 3, badAtMost: 10 }] });
  });

  test("with requests in a bucket without an end, which holds the limit, is an error", () => {
    const open = { count: 100, buckets: [bucket(-Infinity, 0.1, 90), bucket(0.1, Infinity, 10)] };
    expect(reading(200, [native("web-1-aaaaa", [open])])).toMatchObject({
      kind: "error",
      because: expect.stringContaining("has buckets at 100 ms"),
    });
  });

  test("beside classic buckets of the same process is left out", () => {
    const series = { buckets: [process("web-1-aaaaa", [40], { le: "0.2" }), process("web-1-aaaaa", [50], { le: "+Inf" })] };
    const answers = { series, histograms: [native("web-1-aaaaa", [histogram])] };
    const [measurement] = measureCounters(slowerAsk("a", ["web-1"], 200), [15_000], answers);
    expect(measurement).toMatchObject({ kind: "counters", readings: [{ total: 50, bad: 10 }] });
  });
});

describe("slower, with the limit still to be chosen", () => {
  const whole = { ...slowerAsk("a", ["web-1"], 200, presetOf("linkerd")) };
  const ask = { ...whole, query: { ...whole.query, thresholdMs: null } } as CountersAsk;

  test("the histograms come whole, their bounds in seconds", () => {
    const series = { buckets: [process("web-1-aaaaa", [40], { le: "200" }), process("web-1-aaaaa", [50], { le: "+Inf" })] };
    const histograms = [native("web-1-bbbbb", [{ count: 3, buckets: [{ left: 100, right: 110, count: 3 }] }])];
    expect(measureCounters(ask, [15_000], { series, histograms })).toMatchObject([
      {
        kind: "latencies",
        processes: [
          {
            pod: "web-1-aaaaa",
            latencies: {
              kind: "classic",
              buckets: [
                { le: 0.2, count: 40 },
                { le: Infinity, count: 50 },
              ],
            },
          },
          { pod: "web-1-bbbbb", latencies: { kind: "native", count: 3, buckets: [{ left: 0.1, right: 0.11, count: 3 }] } },
        ],
      },
    ]);
  });

  test("no histogram is no-data, as ever", () => {
    expect(measureCounters(ask, [15_000], { series: {}, histograms: [] })).toMatchObject([{ kind: "no-data" }]);
  });
});

describe("values of a user's query", () => {
  const series = (value: number, labels = {}): SampleSeries => ({ labels, points: [{ at: 15_000, value }] });

  test.each([
    ["a number", [series(0.9)], { kind: "values", values: [{ labels: {}, value: 0.9 }] }],
    ["infinity is a value", [series(Infinity)], { kind: "values", values: [{ value: Infinity }] }],
    ["NaN alone is no-data", [series(NaN)], { kind: "no-data", because: expect.stringContaining("NaN") }],
    ["NaN beside a number is left out", [series(NaN), series(2)], { kind: "values", values: [{ value: 2 }] }],
    [
      "a thousand series are judged, each by itself",
      Array.from({ length: 1000 }, (_, nth) => series(nth, { pod: String(nth) })),
      { kind: "values", values: { length: 1000 } },
    ],
    [
      "one more is an error that says what to do",
      Array.from({ length: 1001 }, (_, nth) => series(nth, { pod: String(nth) })),
      { kind: "error", because: "the query answers with 1001 series, at most 1000 are judged: aggregate them, as in max by (pod) (…)" },
    ],
    ["nothing is no-data", [], { kind: "no-data", because: expect.stringContaining("no series") }],
  ])("%s", (_name, answered, expected) => {
    expect(measureValues([15_000], answered, 0)[0]).toMatchObject(expected);
  });
});
