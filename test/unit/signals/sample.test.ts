import { expect, test } from "vitest";
import type { Answer, HistogramSeries, Labels, PrometheusApi, RangeAnswer, Sample } from "../../../src/clients/prometheus/api.ts";
import { RearguardError } from "../../../src/errors.ts";
import { presetOf } from "../../../src/policies/presets.ts";
import { signalOf, signalSchema } from "../../../src/policies/signal.ts";
import type { Ask } from "../../../src/signals/ask.ts";
import { counterAsk } from "../../../src/signals/counter-signal.ts";
import { promqlAsk } from "../../../src/signals/promql-signal.ts";
import { createSampler } from "../../../src/signals/sample.ts";
import { errorsAsk, slowerAsk } from "./signal-asks.ts";

type Call = { readonly promql: string; readonly from: number; readonly to: number; readonly step: number };

/** Answers from a function of the query; keeps what was asked. */
function prometheusOf(
  answer: (promql: string) => readonly Sample[],
  histograms: (promql: string) => readonly HistogramSeries[] = () => [],
): PrometheusApi & { readonly calls: Call[] } {
  const calls: Call[] = [];
  return {
    calls,
    async query(promql, at): Promise<Answer> {
      calls.push({ promql, from: at, to: at, step: 0 });
      return { series: answer(promql), histograms: histograms(promql) };
    },
    async queryRange(promql, from, to, step): Promise<RangeAnswer> {
      calls.push({ promql, from, to, step });
      const series = answer(promql).map(({ labels, value }) => {
        const points = [];
        for (let at = from; at <= to; at += step) points.push({ at, value: value + at });
        return { labels, points };
      });
      return { series, histograms: histograms(promql) };
    },
    close() {},
  };
}

function pod(name: string, namespace = "prod"): Labels {
  return { namespace, pod: name, instance: `${name}:8080`, job: "pods" };
}

function sampler(prometheus: PrometheusApi) {
  const warnings: object[] = [];
  return { sample: createSampler({ prometheus, log: { info: () => {}, warn: (fields) => warnings.push(fields) } }), warnings };
}

const query = (promql: string): Ask["query"] => ({ kind: "promql", promql });

test("a thousand guards on one preset cost two queries per 100 of them", async () => {
  const prometheus = prometheusOf(() => []);
  const asks = Array.from({ length: 1000 }, (_, index) => errorsAsk(`g${index}`, [`w${index}-old`, `w${index}-new`]));
  const result = await sampler(prometheus).sample(asks, [15_000]);
  expect(prometheus.calls).toHaveLength(20);
  expect(result.size).toBe(1000);
});

test("each guard gets its own pods, by namespace and ReplicaSet", async () => {
  const prometheus = prometheusOf((promql) =>
    promql.includes('status!=""')
      ? [
          { labels: pod("web-1-aaaaa"), value: 10 },
          { labels: pod("web-1-aaaaa", "stage"), value: 20 },
          { labels: pod("web-2-aaaaa"), value: 30 },
          { labels: pod("web-1-worker-aaaaa"), value: 40 },
        ]
      : [{ labels: pod("web-2-aaaaa"), value: 3 }],
  );
  const asks = [errorsAsk("a", ["web-1"]), errorsAsk("b", ["web-1"], "stage"), errorsAsk("c", ["web-1", "web-2"])];
  const result = await sampler(prometheus).sample(asks, [15_000]);
  const totals = Object.fromEntries(
    [...result].map(([id, [one]]) => [id, one?.kind === "counters" ? one.readings.map(({ total, bad }) => [total, bad]) : one?.kind]),
  );
  expect(totals).toEqual({
    a: [[10, 0]],
    b: [[20, 0]],
    c: [
      [10, 0],
      [30, 3],
    ],
  });
});

test("several instants are one range query that steps by the block", async () => {
  const prometheus = prometheusOf(() => [{ labels: pod("web-1-aaaaa"), value: 0 }]);
  const result = await sampler(prometheus).sample([errorsAsk("a", ["web-1"])], [15_000, 30_000, 45_000]);
  expect(prometheus.calls).toMatchObject([
    { from: 15_000, to: 45_000, step: 15_000 },
    { from: 15_000, to: 45_000, step: 15_000 },
  ]);
  expect(result.get("a")?.map((one) => (one.kind === "counters" ? one.readings[0]?.total : one.kind))).toEqual([15_000, 30_000, 45_000]);
});

test("a failed query makes errors of its own asks alone, with the sentence", async () => {
  const prometheus = prometheusOf((promql) => {
    if (promql.startsWith("bad(")) throw new RearguardError("PROMETHEUS_BAD_QUERY", "refused: parse error");
    return [{ labels: {}, value: 1 }];
  });
  const { sample, warnings } = sampler(prometheus);
  const asks: readonly Ask[] = [
    { id: "broken", namespace: "prod", prefixes: [], query: query("bad(") },
    { id: "whole", namespace: "prod", prefixes: [], query: query("1") },
  ];
  const result = await sample(asks, [15_000]);
  expect(result.get("broken")).toEqual([{ kind: "error", at: 15_000, because: "refused: parse error" }]);
  expect(result.get("whole")).toMatchObject([{ kind: "values", values: [{ value: 1 }] }]);
  await sample(asks, [30_000]);
  expect(warnings, "said once, not at every block").toEqual([{ because: "refused: parse error" }]);
});

test("when the bad requests cannot be read, the total alone is no measurement", async () => {
  const prometheus = prometheusOf((promql) => {
    if (promql.includes('=~"5.."')) throw new RearguardError("PROMETHEUS_TIMEOUT", "too late");
    return [{ labels: pod("web-1-aaaaa"), value: 1 }];
  });
  const result = await sampler(prometheus).sample([errorsAsk("a", ["web-1"])], [15_000]);
  expect(result.get("a")).toEqual([{ kind: "error", at: 15_000, because: "too late" }]);
});

test("signals with other presets, blocks or classes do not share a query; other thresholds do", async () => {
  const prometheus = prometheusOf(() => []);
  const asks = [
    slowerAsk("a", ["web-1"], 200),
    slowerAsk("b", ["web-1"], 500),
    slowerAsk("c", ["web-1"], 200, presetOf("istio")),
    errorsAsk("d", ["web-1"]),
    errorsAsk("e", ["web-1"], "prod", { block: 1000 }),
  ];
  await sampler(prometheus).sample(asks, [15_000]);
  // A latency without an answer is asked for as a native histogram too.
  expect(prometheus.calls).toHaveLength(2 * 1 + 2 * 1 + 2 + 2);
});

test("a guard with native histograms costs one query from the second block on, and takes none from its neighbours", async () => {
  const native = pod("web-2-aaaaa");
  const histogram = { count: 10, buckets: [{ left: 0.5, right: 1, count: 4 }] };
  const prometheus = prometheusOf(
    (promql) => (promql.includes("_bucket{") ? ["0.2", "+Inf"].map((le) => ({ labels: { ...pod("web-1-aaaaa"), le }, value: 7 })) : []),
    (promql) => (promql.includes("_bucket{") || !promql.includes("web-2") ? [] : [{ labels: native, points: [{ at: 15_000, histogram }] }]),
  );
  const { sample } = sampler(prometheus);
  const asks = [slowerAsk("classic", ["web-1"], 200), slowerAsk("native", ["web-2"], 200)];
  const totals = async () =>
    [...(await sample(asks, [15_000])).values()].map(([one]) =>
      one?.kind === "counters" ? one.readings.map(({ total, bad }) => [total, bad]) : one,
    );
  expect(await totals()).toEqual([[[7, 0]], [[10, 4]]]);
  const first = prometheus.calls.splice(0).map(({ promql }) => promql);
  expect(first.map((promql) => promql.includes("web-1-"))).toEqual([true, false]);
  expect(await totals()).toEqual([[[7, 0]], [[10, 4]]]);
  const again = prometheus.calls.map(({ promql }) => [promql.includes("_bucket{"), promql.includes("web-2-")]);
  expect(again, "each is asked in its own form at once").toEqual(
    expect.arrayContaining([
      [true, false],
      [false, true],
    ]),
  );
  expect(again).toHaveLength(2);
});

test("where native histograms cannot be read, those with classic buckets keep their answers", async () => {
  const prometheus = prometheusOf((promql) => {
    if (!promql.includes("_bucket{")) throw new RearguardError("PROMETHEUS_TIMEOUT", "too late");
    return ["0.2", "+Inf"].map((le) => ({ labels: { ...pod("web-1-aaaaa"), le }, value: 7 }));
  });
  const result = await sampler(prometheus).sample([slowerAsk("classic", ["web-1"], 200), slowerAsk("none", ["web-2"], 200)], [15_000]);
  expect(result.get("classic")).toMatchObject([{ kind: "counters" }]);
  expect(result.get("none")).toEqual([{ kind: "error", at: 15_000, because: "too late" }]);
});

test("a signal of a policy is asked as it is written", () => {
  const http = signalOf(signalSchema.parse({ http: { preset: "linkerd", slower: { p95: "200ms" } } }));
  if (http.kind !== "http-slower") throw new Error("expected http-slower");
  expect(counterAsk(http, 15_000)).toMatchObject({ kind: "slower", thresholdMs: 200, block: 15_000, preset: { name: "linkerd" } });
  const promql = signalOf(signalSchema.parse({ promql: { query: 'max(x{pod=~"{{pods.new}}"})', above: 1 } }));
  if (promql.kind !== "promql") throw new Error("expected promql");
  expect(promqlAsk(promql, { namespace: "prod", name: "web", newPods: ["web-1-a", "web-1-b"], oldPods: [] })).toEqual({
    kind: "promql",
    promql: expect.stringContaining("web-1-a|web-1-b"),
  });
});
