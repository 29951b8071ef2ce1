import { describe, expect, test } from "vitest";
import Fastify from "fastify";
import { registerKubernetesApi } from "../../../../src/sandbox/kubernetes/api.ts";
import type { Cluster } from "../../../../src/sandbox/kubernetes/cluster.ts";
import type { Pod } from "../../../../src/sandbox/kubernetes/object.ts";
import { jobs, pods } from "../../../../src/sandbox/kubernetes/resource-type.ts";
import { newCluster, pass } from "./shop.ts";

function withJob(script: string, spec: object = {}): Cluster {
  const cluster = newCluster();
  const container = { name: "test", image: "test:1", command: ["sh", "-c", script] };
  const template = { spec: { restartPolicy: "Never", containers: [container] } };
  cluster.apply({ apiVersion: "batch/v1", kind: "Job", metadata: { name: "smoke", namespace: "default" }, spec: { template, ...spec } });
  return cluster;
}

const conditionsOf = (cluster: Cluster) =>
  (cluster.store.get(jobs, "default", "smoke")?.["status"] as { conditions?: readonly object[] } | undefined)?.conditions ?? [];
const podsOf = (cluster: Cluster) => cluster.store.list(pods, "default") as Pod[];

describe("a Job of the sandbox", () => {
  test("runs one pod, to its end, and is complete", () => {
    const cluster = withJob("sleep 3; exit 0");
    pass(cluster, 3);
    expect(podsOf(cluster)).toMatchObject([{ metadata: { labels: { "job-name": "smoke" } }, status: { phase: "Running" } }]);
    pass(cluster, 5);
    expect(podsOf(cluster)).toMatchObject([
      { status: { phase: "Succeeded", containerStatuses: [{ state: { terminated: { exitCode: 0, reason: "Completed" } } }] } },
    ]);
    expect(conditionsOf(cluster)).toMatchObject([{ type: "Complete", status: "True" }]);
  });

  test("whose container exits with an error has failed, and no second pod is tried", () => {
    const cluster = withJob("exit 4");
    pass(cluster, 60);
    expect(podsOf(cluster)).toMatchObject([
      { status: { phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode: 4, reason: "Error" } } }] } },
    ]);
    expect(conditionsOf(cluster)).toMatchObject([{ type: "Failed", reason: "BackoffLimitExceeded" }]);
  });

  test("that is not over at its deadline has failed by it, and its pod is gone", () => {
    const cluster = withJob("sleep 60", { activeDeadlineSeconds: 5 });
    pass(cluster, 10);
    expect(conditionsOf(cluster)).toMatchObject([{ type: "Failed", reason: "DeadlineExceeded" }]);
    expect(podsOf(cluster)).toEqual([]);
  });

  test("is gone, and its pod with it, when its time after the end is over", () => {
    const cluster = withJob("exit 0", { ttlSecondsAfterFinished: 30 });
    pass(cluster, 20);
    expect(podsOf(cluster)).toHaveLength(1);
    pass(cluster, 30);
    expect(cluster.store.get(jobs, "default", "smoke")).toBeUndefined();
    expect(podsOf(cluster)).toEqual([]);
  });

  test("that would restart its pod is refused as the API server refuses it", () => {
    expect(() => withJob("", { template: { spec: { containers: [{ name: "a", image: "b" }] } } })).toThrow(/restartPolicy/);
  });
});

test("a pod's log has what it has written so far, cut at its beginning by lines and at its end by bytes", async () => {
  const cluster = withJob("echo one; sleep 5; echo two; echo three; exit 0");
  const app = Fastify();
  registerKubernetesApi(app, cluster);
  await using _closing = { [Symbol.asyncDispose]: () => app.close() };
  const log = async (query = "") => {
    const name = podsOf(cluster)[0]?.metadata.name ?? "";
    const { body, headers } = await app.inject(`/api/v1/namespaces/default/pods/${name}/log${query}`);
    expect(headers["content-type"]).toMatch(/^text\/plain/);
    return body;
  };
  pass(cluster, 3);
  expect(await log()).toBe("one\n");
  pass(cluster, 10);
  expect(await log()).toBe("one\ntwo\nthree\n");
  expect(await log("?tailLines=2")).toBe("two\nthree\n");
  expect(await log("?tailLines=2&limitBytes=5")).toBe("two\nt");
});
