import { expect, test } from "vitest";
import type { PrometheusApi } from "../../../src/clients/prometheus/api.ts";
import { RearguardError } from "../../../src/errors.ts";
import type { UsageAsk } from "../../../src/signals/ask.ts";
import { createUsageSampler, measureUsage } from "../../../src/signals/sample-usage.ts";
import { usageQuery } from "../../../src/signals/usage-query.ts";

function askOf(id: string, prefixes: readonly string[], over: Partial<UsageAsk> = {}): UsageAsk {
  return { id, namespace: "shop", prefixes, query: { kind: "usage", source: "prometheus", resources: ["memory"] }, ...over };
}

test("one query reads a resource of all guards' containers, and no name can widen it", () => {
  const asks = [askOf("one", ["web-1"]), askOf("two", ['we.b"-2'], { namespace: "a.b" })];
  expect(usageQuery("memory", asks)).toBe(
    String.raw`max by (namespace, pod, container, id) (last_over_time(container_memory_working_set_bytes{namespace=~"a\\.b|shop", pod=~"we\\.b\"-2-[a-z0-9]+|web-1-[a-z0-9]+", container!="", container!="POD"}[120s]))`,
  );
  expect(usageQuery("cpu", [askOf("one", ["web-1"])])).toBe(
    'max by (namespace, pod, container, id) (sum without (cpu) (rate(container_cpu_usage_seconds_total{namespace=~"shop", pod=~"web-1-[a-z0-9]+", container!="", container!="POD"}[120s])))',
  );
});

test("values that are no number are none, and an instant without any is no-data", () => {
  const labels = { namespace: "shop", pod: "web-1-a", container: "app", id: "x" };
  const points = [
    { at: 1000, value: 5 },
    { at: 2000, value: NaN },
  ];
  expect(measureUsage(askOf("one", ["web-1"]), [1000, 2000], new Map([["memory", [{ labels, points }]]]))).toEqual([
    { kind: "usage", at: 1000, containers: [{ pod: "web-1-a", container: "app", id: "x", memoryBytes: 5 }] },
    expect.objectContaining({ kind: "no-data", at: 2000 }),
  ]);
});

test("guards are asked for in chunks, and a chunk that fails takes only its own guards with it", async () => {
  const queries: string[] = [];
  const prometheus: PrometheusApi = {
    query: async (promql) => {
      queries.push(promql);
      if (promql.includes("broken-1")) throw new Error("too many samples");
      return { series: [], histograms: [] };
    },
    queryRange: () => Promise.reject(new Error("not asked for")),
    close: () => {},
  };
  const warned: string[] = [];
  const sample = createUsageSampler({ prometheus, log: { info: () => {}, warn: (fields) => warned.push(JSON.stringify(fields)) } });
  const asks = Array.from({ length: 60 }, (_, n) => askOf(`guard-${n}`, [n === 59 ? "broken-1" : `web-${n}`, `old-${n}`]));
  const answers = await sample(asks, [1000]);
  expect(queries).toHaveLength(3);
  expect(answers.get("guard-0")).toMatchObject([{ kind: "no-data" }]);
  expect(answers.get("guard-59")).toEqual([{ kind: "error", at: 1000, because: "too many samples" }]);
  expect(warned).toHaveLength(1);
});

test("a Prometheus that does not answer is asked twice at once and then no more, and all guards say why", async () => {
  let [queries, under, most] = [0, 0, 0];
  const prometheus: PrometheusApi = {
    query: async () => {
      queries += 1;
      most = Math.max(most, (under += 1));
      await Promise.resolve();
      under -= 1;
      throw new RearguardError("PROMETHEUS_TIMEOUT", "Prometheus did not answer within 10 s.");
    },
    queryRange: () => Promise.reject(new Error("not asked for")),
    close: () => {},
  };
  const sample = createUsageSampler({ prometheus, log: { info: () => {}, warn: () => {} } });
  const answers = await sample(
    Array.from({ length: 200 }, (_, n) => askOf(`guard-${n}`, [`web-${n}`, `old-${n}`])),
    [1000],
  );
  expect([queries, most]).toEqual([2, 2]);
  expect(answers.size).toBe(200);
  for (const answer of answers.values()) {
    expect(answer).toEqual([{ kind: "error", at: 1000, because: "Prometheus did not answer within 10 s." }]);
  }
});
