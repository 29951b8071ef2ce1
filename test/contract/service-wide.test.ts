import { afterAll, beforeEach, expect, test } from "vitest";
import { findPresets } from "../../src/pipeline/presets.ts";
import { usualPodLabels } from "../../src/policies/preset-fit.ts";
import { presetOf } from "../../src/policies/presets.ts";
import type { ExposedSample } from "../../src/sandbox/exposition.ts";
import type { Ask, CounterAsk } from "../../src/signals/ask.ts";
import { openPrometheus } from "./prometheus-under-test.ts";

const block = 1000;
const { server, sample, close } = await openPrometheus();

beforeEach(() => server.silence());

afterAll(close);

type Labels = Readonly<Record<string, string>>;

/** What the two pods of a proxy, and no other, answer of the Service web in the namespace shop. */
const proxies = [
  {
    name: "ingress-nginx",
    // The scrape's own label namespace wins, and the metric's is renamed: this is what usually comes.
    overrides: { namespaceLabel: "exported_namespace" },
    ours: [{ namespace: "shop", ingress: "web", service: "web", canary: "" }],
    others: [
      { namespace: "stage", ingress: "web", service: "web", canary: "" },
      { namespace: "shop", ingress: "web", service: "web-api", canary: "" },
    ],
    status: (code: string): Labels => ({ status: code, method: "GET" }),
  },
  {
    name: "traefik",
    overrides: {},
    ours: [{ service: "shop-web-80@kubernetes" }, { service: "shop-web-metrics@kubernetescrd" }],
    others: [{ service: "shop-web-api-80@kubernetes" }, { service: "stage-web-80@kubernetes" }],
    status: (code: string): Labels => ({ code, method: "GET", protocol: "http" }),
  },
  {
    name: "envoy",
    overrides: {},
    ours: [{ envoy_cluster_name: "shop_web_80" }],
    others: [{ envoy_cluster_name: "shop_web_api_80" }, { envoy_cluster_name: "stage_web_80" }],
    status: (code: string): Labels => ({ envoy_response_code: code }),
  },
] as const;

test.each(proxies)("$name is read by Service, each of its pods by itself", async ({ name, overrides, ours, others, status }) => {
  const preset = presetOf(name, overrides);
  const shown = (whose: readonly Labels[], ok: number, bad: number): readonly ExposedSample[] =>
    whose.flatMap((labels) => [
      { name: preset.requests, labels: { ...labels, ...status("200") }, value: ok },
      { name: preset.requests, labels: { ...labels, ...status("503") }, value: bad },
      { name: preset.buckets, labels: { ...labels, le: String(0.1 / preset.unitSeconds) }, value: ok },
      { name: preset.buckets, labels: { ...labels, le: "+Inf" }, value: ok + bad },
    ]);
  const at = await server.scrape({
    "web-1-aaaaa": [...shown(ours, 90, 10), ...shown(others, 500, 500)],
    "web-1-bbbbb": shown(ours, 40, 0),
    "web-2-ccccc": shown(others, 70, 7),
  });
  const query = (kind: "errors" | "slower"): CounterAsk =>
    kind === "errors" ? { kind, preset, block, service: "web" } : { kind, preset, block, service: "web", thresholdMs: 100 };
  const asks = (["errors", "slower"] as const).map((kind): Ask => ({ id: kind, namespace: "shop", prefixes: [], query: query(kind) }));
  const answers = await sample(asks, [at]);
  for (const { id } of asks) {
    const measurement = answers.get(id)?.[0];
    const readings = measurement?.kind === "counters" ? measurement.readings : [];
    const sums = Map.groupBy(readings, ({ pod }) => pod);
    const countsOf = (pod: string) => [
      sums.get(pod)?.reduce((sum, { total }) => sum + total, 0),
      sums.get(pod)?.reduce((sum, { bad }) => sum + bad, 0),
    ];
    expect([...sums.keys()].toSorted()).toEqual(["web-1-aaaaa", "web-1-bbbbb"]);
    expect([countsOf("web-1-aaaaa"), countsOf("web-1-bbbbb")]).toEqual([
      [100 * ours.length, 10 * ours.length],
      [40 * ours.length, 0],
    ]);
    expect(readings.every(({ view }) => view === "callers")).toBe(true);
  }

  const questions = { errors: { kind: "http-errors", podLabels: usualPodLabels } } as const;
  const found = await findPresets([{ namespace: "prod", prefixes: ["web-1"], questions }], at, { sample });
  expect(found, "a proxy is not found by what it counts of others").toEqual([{ errors: "" }]);

  const missing = await sample(
    [{ id: "none", namespace: "shop", prefixes: [], query: { kind: "errors", preset, block, service: "cart" } }],
    [at],
  );
  expect(missing.get("none")).toMatchObject([{ kind: "no-data", because: expect.stringMatching(/of the Service .*looked for .*cart/) }]);
});
