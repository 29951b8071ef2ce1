import { afterAll, beforeEach, expect, test } from "vitest";
import { findPresets, type PresetAnswer } from "../../src/pipeline/presets.ts";
import { usualPodLabels } from "../../src/policies/preset-fit.ts";
import { presetOf } from "../../src/policies/presets.ts";
import type { ExposedSample } from "../../src/sandbox/exposition.ts";
import type { Ask } from "../../src/signals/ask.ts";
import { createMetrics, type MetricsKind } from "../servers/fleet-metrics.ts";
import { openPrometheus } from "./prometheus-under-test.ts";

const block = 1000;
const { server, sample, close } = await openPrometheus();

beforeEach(() => server.silence());

afterAll(close);

/** What the library itself exposes after these requests. */
async function exposedBy(kind: MetricsKind, ok: number, failed: number): Promise<readonly ExposedSample[]> {
  const metrics = createMetrics(kind, () => 0);
  for (let nth = 0; nth < ok + failed; nth += 1) {
    metrics.answered({ method: "GET", status: nth < ok ? 200 : 500, seconds: nth < ok ? 0.02 : 0.7 });
  }
  return (await metrics.registry.getMetricsAsJSON()).flatMap(({ name, values }) =>
    values.map(({ value, labels, ...rest }) => ({
      name: "metricName" in rest && typeof rest.metricName === "string" ? rest.metricName : name,
      labels: Object.fromEntries(Object.entries(labels).map(([key, text]) => [key, String(text)])),
      value,
    })),
  );
}

async function found(at: number, prefix: string): Promise<PresetAnswer | string | undefined> {
  const questions = {
    errors: { kind: "http-errors", podLabels: usualPodLabels },
    latency: { kind: "http-slower", podLabels: usualPodLabels },
  } as const;
  const [answer] = await findPresets([{ namespace: "prod", prefixes: [prefix], questions }], at, { sample });
  return answer;
}

test.each([
  ["prom-client", "status", true],
  ["micrometer", "status", false],
  ["istio", "response_code", true],
  ["otel", "http_response_status_code", true],
] as const)("%s is known by its exposition, and counted rightly", async (kind, statusLabel, hasBuckets) => {
  const at = await server.scrape({
    "web-1-aaaaa": await exposedBy(kind, 90, 10),
    "web-1-bbbbb": await exposedBy(kind, 40, 0),
    "web-2-ccccc": await exposedBy(kind === "otel" ? "istio" : "otel", 5, 5),
  });
  const answer = await found(at, "web-1");
  const metric = presetOf(kind).requests;
  expect(answer).toMatchObject({ errors: { preset: kind, metric, statusLabel, podLabel: "pod", pods: 2, passedOver: [] } });
  const without: unknown = expect.stringContaining("micrometer exports no buckets unless percentiles-histogram");
  expect(answer).toMatchObject({ latency: hasBuckets ? { preset: kind, pods: 2 } : without });

  const preset = presetOf(kind, { statusLabel });
  const asks: readonly Ask[] = [
    { id: "errors", namespace: "prod", prefixes: ["web-1"], query: { kind: "errors", preset, block } },
    { id: "latency", namespace: "prod", prefixes: ["web-1"], query: { kind: "slower", preset, block, thresholdMs: 250 } },
  ];
  const answers = await sample(asks, [at]);
  const countsOf = (id: string) => {
    const measurement = answers.get(id)?.[0];
    const readings = measurement?.kind === "counters" ? measurement.readings : [];
    return Object.fromEntries(readings.map(({ pod, total, bad }) => [pod, [total, bad]]));
  };
  expect(countsOf("errors")).toEqual({ "web-1-aaaaa": [100, 10], "web-1-bbbbb": [40, 0] });
  expect(countsOf("latency")).toEqual(hasBuckets ? { "web-1-aaaaa": [100, 10], "web-1-bbbbb": [40, 0] } : {});
});

test("pods that expose nothing of any preset are known by none", async () => {
  const at = await server.scrape({
    "web-1-aaaaa": [{ name: "jobs_total", labels: {}, value: 3 }],
    "web-2-ccccc": await exposedBy("otel", 5, 5),
  });
  expect(await found(at, "web-1")).toEqual({ errors: "", latency: "" });
});
