import { describe, expect, test } from "vitest";
import { KubernetesError } from "../../../src/clients/kubernetes/kubernetes-error.ts";
import type { UsageAsk } from "../../../src/signals/ask.ts";
import { createPodMetricsSampler } from "../../../src/signals/sample-pod-metrics.ts";

const at = Date.parse("2026-11-23T12:00:00Z");

function askOf(id: string, prefixes: readonly string[], namespace = "shop"): UsageAsk {
  return { id, namespace, prefixes, query: { kind: "usage", source: "metrics-api", resources: ["cpu", "memory"] } };
}

/** As metrics-server writes it. */
function podMetrics(name: string, usage: object, timestamp = "2026-11-23T11:59:50Z") {
  return { metadata: { name, namespace: "shop" }, timestamp, window: "15.1s", containers: [{ name: "app", usage }] };
}

function sampler(answer: (path: string) => object, now = at + 500) {
  const paths: string[] = [];
  const warned: string[] = [];
  const sample = createPodMetricsSampler({
    kubernetes: {
      get: async (path) => {
        paths.push(path);
        return { ...answer(path) };
      },
    },
    now: () => now,
    log: { info: () => {}, warn: (fields) => warned.push(JSON.stringify(fields)) },
  });
  return { sample, paths, warned };
}

describe("the metrics API", () => {
  test("is asked once for a namespace, and each guard gets its own pods, in cores and bytes", async () => {
    const items = [podMetrics("web-1-a", { cpu: "250000000n", memory: "1024Ki" }), podMetrics("web-2-b", { cpu: "1", memory: "2Mi" })];
    const { sample, paths } = sampler(() => ({ kind: "PodMetricsList", metadata: {}, items }));
    const answers = await sample([askOf("one", ["web-1"]), askOf("two", ["web-2"])], [at]);
    expect(paths).toEqual(["/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods"]);
    expect(answers.get("one")).toEqual([
      { kind: "usage", at, containers: [{ pod: "web-1-a", container: "app", id: "", cpuCores: 0.25, memoryBytes: 1024 ** 2 }] },
    ]);
    expect(answers.get("two")).toMatchObject([{ containers: [{ pod: "web-2-b", cpuCores: 1, memoryBytes: 2 * 1024 ** 2 }] }]);
  });

  test("tells of now alone: earlier blocks have no data, and late ones are not asked for", async () => {
    const items = [podMetrics("web-1-a", { cpu: "1", memory: "1Mi" })];
    const { sample } = sampler(() => ({ items }));
    const kinds = async (...instants: readonly number[]) =>
      (await sample([askOf("one", ["web-1"])], instants)).get("one")?.map(({ kind }) => kind);
    expect(await kinds(at - 15_000, at)).toEqual(["no-data", "usage"]);
    expect(await kinds(at - 120_000)).toEqual(["no-data"]);
  });

  test("that has nothing new of a pod has no data", async () => {
    const { sample } = sampler(() => ({ items: [podMetrics("web-1-a", { cpu: "1", memory: "1Mi" }, "2026-11-23T11:50:00Z")] }));
    expect((await sample([askOf("one", ["web-1"])], [at])).get("one")).toMatchObject([
      { kind: "no-data", because: "the metrics API tells nothing newer than 2 min of pods web-1-* in namespace shop" },
    ]);
  });

  test("that is not there, or fails, is an error of its own namespace alone", async () => {
    const { sample, warned } = sampler((path) => {
      if (path.includes("/shop/")) throw new KubernetesError("KUBERNETES_REFUSED", "GET: the API server answered 404", { status: 404 });
      return path.includes("/odd/") ? { kind: "Status" } : { items: [] };
    });
    const answers = await sample([askOf("one", ["web-1"]), askOf("two", ["web-2"], "other"), askOf("odd", ["web-3"], "odd")], [at]);
    expect(answers.get("one")).toEqual([
      { kind: "error", at, because: "this cluster has no metrics API (metrics.k8s.io): metrics-server is not installed" },
    ]);
    expect(answers.get("two")).toMatchObject([{ kind: "no-data" }]);
    expect(answers.get("odd")).toMatchObject([{ kind: "error", because: expect.stringContaining("not a list of pods") as string }]);
    expect(warned).toHaveLength(2);
  });
});
