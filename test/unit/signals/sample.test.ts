import { expect, test } from "vitest";
import type { Answer, HistogramSeries, Labels, PrometheusApi, RangeAnswer, Sample } from "../../../src/clients/prometheus/api.ts";
import { RearguardError } from "../../../src/errors.ts";
import type { Measurement } from "../../../src/model.ts";
import { presetOf } from "../../../src/policies/presets.ts";
import { signalOf, signalSchema } from "../../../src/policies/signal.ts";
import type { Ask } from "../../../src/signals/ask.ts";
import { counterAsk } from "../../../src/signals/counter-signal.ts";
import { promqlAsk } from "../../../src/signals/promql-signal.ts";
import { createSampler } from "../../../src/signals/sample.ts";
import { callersAsk, errorsAsk, slowerAsk } from "./signal-asks.ts";

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

function call(caller: string, workload: string): Labels {
  return { ...pod(caller, "edge"), destination_workload: workload, destination_workload_namespace: "prod" };
}

/** Totals and bad ones as pod → [view, total, bad]. */
function readingsOf(result: ReadonlyMap<string, readonly Measurement[]>, id: string) {
  const [one] = result.get(id) ?? [];
  if (one?.kind !== "counters") return one;
  return Object.fromEntries(one.readings.map(({ pod: name, view, total, bad }) => [name, [view ?? "pods", total, bad]]));
}

test("what callers count comes beside what the pods count, each guard with its own callers, in four queries", async () => {
  const prometheus = prometheusOf((promql) => {
    const isBad = promql.includes('=~"5.."');
    if (!promql.includes('reporter="source"')) return isBad ? [] : [{ labels: pod("web-1-aaaaa"), value: 50 }];
    const calls = [
      { labels: call("gate-a", "web"), value: isBad ? 9 : 60 },
      { labels: call("gate-a", "api"), value: isBad ? 1 : 7 },
    ];
    return isBad ? calls : [...calls, { labels: call("gate-b", "web"), value: 40 }];
  });
  const result = await sampler(prometheus).sample([callersAsk("web", "web"), callersAsk("api", "api")], [15_000]);
  expect(prometheus.calls).toHaveLength(4);
  expect(readingsOf(result, "web")).toEqual({ "gate-a": ["callers", 60, 9], "gate-b": ["callers", 40, 0], "web-1-aaaaa": ["pods", 50, 0] });
  expect(readingsOf(result, "api"), "pods that count nothing are no control, and no failure").toEqual({ "gate-a": ["callers", 7, 1] });
});

test("callers that count nothing leave nothing to judge, whatever the pods count", async () => {
  const prometheus = prometheusOf((promql) => (promql.includes('reporter="source"') ? [] : [{ labels: pod("web-1-aaaaa"), value: 50 }]));
  const result = await sampler(prometheus).sample([callersAsk("web", "web")], [15_000]);
  expect(result.get("web")).toEqual([
    {
      kind: "no-data",
      at: 15_000,
      because:
        "no caller counted istio_requests_total with a label response_code of calls to Deployment web in namespace prod in the last 15 s",
    },
  ]);
});

test.each([
  ["callers", 'reporter="source"'],
  ["the pods", 'reporter="destination"'],
])("when %s cannot be read there is no measurement: nobody could tell whose fault it is", async (_, failing) => {
  const prometheus = prometheusOf((promql) => {
    if (promql.includes(failing)) throw new RearguardError("PROMETHEUS_TIMEOUT", "too late");
    return [{ labels: { ...pod("web-1-aaaaa"), ...call("gate-a", "web") }, value: 50 }];
  });
  const result = await sampler(prometheus).sample([callersAsk("web", "web")], [15_000]);
  expect(result.get("web")).toEqual([{ kind: "error", at: 15_000, because: "too late" }]);
});

test("without pods only callers are asked for", async () => {
  const prometheus = prometheusOf(() => [{ labels: call("gate-a", "web"), value: 5 }]);
  const result = await sampler(prometheus).sample([callersAsk("web", "web", [])], [15_000]);
  expect(prometheus.calls).toHaveLength(2);
  expect(readingsOf(result, "web")).toEqual({ "gate-a": ["callers", 5, 5] });
});

test("a signal of a policy is asked as it is written", () => {
  const http = signalOf(signalSchema.parse({ http: { preset: "linkerd", slower: { p95: "200ms" } } }));
  if (http.kind !== "http-slower") throw new Error("expected http-slower");
  const web = { kind: "Deployment", name: "web" } as const;
  expect(counterAsk(http, 15_000, { called: web })).toMatchObject({
    kind: "slower",
    thresholdMs: 200,
    block: 15_000,
    preset: { name: "linkerd" },
  });
  const called = signalOf(signalSchema.parse({ http: { preset: "istio", seenBy: "callers", errors: {} } }));
  if (called.kind !== "http-errors") throw new Error("expected http-errors");
  expect(counterAsk(called, 15_000, { called: { kind: "DaemonSet", name: "web" } })).toMatchObject({
    callersOf: { kind: "DaemonSet", name: "web" },
  });
  const promql = signalOf(signalSchema.parse({ promql: { query: 'max(x{pod=~"{{pods.new}}"})', above: 1 } }));
  if (promql.kind !== "promql") throw new Error("expected promql");
  expect(promqlAsk(promql, { namespace: "prod", name: "web", newPods: ["web-1-a", "web-1-b"], oldPods: [] })).toEqual({
    kind: "promql",
    promql: expect.stringContaining("web-1-a|web-1-b"),
  });
});
