import { afterAll, beforeAll, expect, test } from "vitest";
import type { PrometheusApi } from "../../src/clients/prometheus/api.ts";
import { createPrometheus } from "../../src/clients/prometheus/prometheus.ts";
import type { ContainerUsage, Measurement } from "../../src/model.ts";
import type { ExposedSample } from "../../src/sandbox/exposition.ts";
import type { UsageAsk } from "../../src/signals/ask.ts";
import { createUsageSampler } from "../../src/signals/sample-usage.ts";
import { startPrometheus } from "./prometheus-under-test.ts";
import type { PrometheusUnderTest } from "./prometheus-under-test.ts";

const MIB = 2 ** 20;

let server: PrometheusUnderTest;
let prometheus: PrometheusApi;
let sample: ReturnType<typeof createUsageSampler>;

beforeAll(async () => {
  server = await startPrometheus();
  prometheus = createPrometheus({ url: server.url, timeoutMs: 10_000 });
  sample = createUsageSampler({ prometheus, log: { info: () => {}, warn: () => {} } });
});

afterAll(async () => {
  prometheus.close();
  await server[Symbol.asyncDispose]();
});

/** What cAdvisor shows of one container; `of` tells series apart that are the same container. */
function container(name: string, memoryMib: number, cpuSeconds: number, id = "/kubepods/1", of: Readonly<Record<string, string>> = {}) {
  const labels = { container: name, id, ...of };
  const samples: readonly ExposedSample[] = [
    { name: "container_memory_working_set_bytes", labels, value: memoryMib * MIB },
    { name: "container_cpu_usage_seconds_total", labels: { ...labels, cpu: "total" }, value: cpuSeconds },
  ];
  return samples;
}

function askOf(id: string, prefixes: readonly string[], resources: readonly ("cpu" | "memory")[] = ["cpu", "memory"]): UsageAsk {
  return { id, namespace: "prod", prefixes, query: { kind: "usage", source: "prometheus", resources } };
}

async function measure(ask: UsageAsk, at: number): Promise<Measurement | undefined> {
  return (await sample([ask], [at])).get(ask.id)?.[0];
}

function containersOf(measurement: Measurement | undefined): readonly ContainerUsage[] {
  if (measurement?.kind !== "usage") throw new Error(`expected usage, not ${JSON.stringify(measurement)}`);
  return measurement.containers.toSorted((a, b) => `${a.pod}${a.container}${a.id}`.localeCompare(`${b.pod}${b.container}${b.id}`));
}

test("each container is told apart by pod and id; the whole pod, its sandbox and other workloads are left out", async () => {
  const pod = (seconds: number) => [
    ...container("app", 200, seconds),
    ...container("proxy", 40, 0),
    ...container("", 240, seconds, "/kubepods"),
    ...container("POD", 1, 0, "/kubepods/pause"),
  ];
  await server.scrape({ "web-1-aaaaa": pod(10), "web-2-ccccc": pod(10) });
  const at = await server.scrape({ "web-1-aaaaa": pod(11), "web-2-ccccc": pod(11) });
  const found = containersOf(await measure(askOf("one", ["web-1"]), at));
  expect(found.map(({ pod: name, container: of, id, memoryBytes }) => [name, of, id, memoryBytes])).toEqual([
    ["web-1-aaaaa", "app", "/kubepods/1", 200 * MIB],
    ["web-1-aaaaa", "proxy", "/kubepods/1", 40 * MIB],
  ]);
  expect(found[0]?.cpuCores).toBeGreaterThan(0);
  expect(found[1]?.cpuCores).toBe(0);
});

test("a kubelet that two jobs scrape counts once, cores that are told apart are added, a restart is another container", async () => {
  const twice = (seconds: number) => [
    ...container("app", 100, seconds, "/a", { scraped_by: "one" }),
    ...container("app", 100, seconds, "/a", { scraped_by: "two" }),
    ...["cpu00", "cpu01"].map((cpu) => ({
      name: "container_cpu_usage_seconds_total",
      labels: { container: "cores", id: "/c", cpu },
      value: seconds,
    })),
    ...container("app", 30, 0, "/b"),
  ];
  await server.scrape({ "web-1-bbbbb": twice(1) });
  const at = await server.scrape({ "web-1-bbbbb": twice(2) });
  const found = containersOf(await measure(askOf("one", ["web-1"]), at)).filter(({ pod }) => pod === "web-1-bbbbb");
  expect(found.map(({ container: of, id, memoryBytes }) => [of, id, memoryBytes])).toEqual([
    ["app", "/a", 100 * MIB],
    ["app", "/b", 30 * MIB],
    ["cores", "/c", undefined],
  ]);
  const [once, , cores] = found;
  expect((cores?.cpuCores ?? 0) / (once?.cpuCores ?? 1)).toBeCloseTo(2, 6);
});

test("several guards share a query and a range, each gets its own pods", async () => {
  const at = await server.scrape({ "web-1-aaaaa": container("app", 10, 1), "web-2-ccccc": container("app", 20, 1) });
  const answers = await sample(
    [askOf("one", ["web-1"], ["memory"]), askOf("two", ["web-2"], ["memory"]), askOf("none", [], ["memory"])],
    [at - 200, at],
  );
  expect(containersOf(answers.get("one")?.at(-1)).find(({ pod, id }) => pod === "web-1-aaaaa" && id === "/kubepods/1")).toEqual({
    pod: "web-1-aaaaa",
    container: "app",
    id: "/kubepods/1",
    memoryBytes: 10 * MIB,
  });
  expect(containersOf(answers.get("two")?.at(-1)).map(({ pod }) => pod)).toEqual(expect.arrayContaining(["web-2-ccccc"]));
  expect(answers.get("none")?.map(({ kind }) => kind)).toEqual(["no-data", "no-data"]);
});

test("pods without such a metric are no-data that says what must be scraped; a source that fails is an error", async () => {
  const at = await server.scrape({ "web-1-aaaaa": container("app", 10, 1) });
  expect(await measure(askOf("one", ["elsewhere"]), at)).toEqual({
    kind: "no-data",
    at,
    because:
      "no container_cpu_usage_seconds_total and no container_memory_working_set_bytes of the containers of pods elsewhere-* in namespace prod: Prometheus must scrape the kubelets' /metrics/cadvisor",
  });
  const gone = createUsageSampler({
    prometheus: createPrometheus({ url: "http://127.0.0.1:1", timeoutMs: 1000 }),
    log: { info: () => {}, warn: () => {} },
  });
  expect((await gone([askOf("one", ["web-1"])], [at])).get("one")).toMatchObject([{ kind: "error", at }]);
});
