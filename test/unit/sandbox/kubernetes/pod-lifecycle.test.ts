import { describe, expect, test } from "vitest";
import type { Pod, ReplicaSet } from "../../../../src/sandbox/kubernetes/object.ts";
import { deployments, endpointSlices, pods, replicaSets } from "../../../../src/sandbox/kubernetes/resource-type.ts";
import { clusterWith, newCluster, pass, sets, start } from "./shop.ts";

const behaving = (key: string, value: string) => ({ replicas: 1, podAnnotations: { [`sandbox.rearguard.dev/${key}`]: value } });

function onlyPod(cluster: ReturnType<typeof newCluster>): Pod {
  const [pod] = cluster.store.list(pods, "default");
  return pod as Pod;
}

function container(cluster: ReturnType<typeof newCluster>) {
  const status = onlyPod(cluster).status.containerStatuses?.[0];
  if (!status) throw new Error("the pod has no container");
  return status;
}

describe("a pod that crashes", () => {
  test("restarts at once the first time, then after 10, 20 and 40 seconds", () => {
    const cluster = clusterWith(behaving("crash-after", "1"), 0);
    const restarts: { readonly at: number; readonly count: number }[] = [];
    for (let at = 0; at < 90; at += 0.5) {
      cluster.advance(start + at * 1000);
      const count =
        cluster.store.list(pods, "default").length > 0 ? (onlyPod(cluster).status.containerStatuses?.[0]?.restartCount ?? 0) : 0;
      if (count !== (restarts.at(-1)?.count ?? 0)) restarts.push({ at, count });
    }
    // Start at 0.5 s; each process lives 1 s; the kubelet counts its wait from the exit.
    expect(restarts).toEqual([
      { at: 2.5, count: 1 },
      { at: 13.5, count: 2 },
      { at: 34.5, count: 3 },
      { at: 75.5, count: 4 },
    ]);
  });

  test("shows CrashLoopBackOff, how it ended last, and is not ready", () => {
    const cluster = clusterWith(behaving("crash-after", "1"), 6);
    expect(container(cluster)).toMatchObject({
      ready: false,
      restartCount: 1,
      state: { waiting: { reason: "CrashLoopBackOff", message: expect.stringContaining("back-off 10s restarting failed container=app") } },
      lastState: { terminated: { exitCode: 1, reason: "Error" } },
    });
    expect(cluster.pods()[0]).toMatchObject({ running: false, ready: false });
  });

  test("is ready between two crashes when it becomes ready before it crashes", () => {
    const cluster = clusterWith(
      { replicas: 1, podAnnotations: { "sandbox.rearguard.dev/crash-after": "5", "sandbox.rearguard.dev/ready-after": "1" } },
      3,
    );
    expect(cluster.pods()[0]?.ready).toBe(true);
    pass(cluster, 3);
    expect(cluster.pods()[0]?.ready).toBe(false);
  });
});

describe("a pod that leaks memory", () => {
  test("is killed at its limit of 512 MiB, and shows that it was", () => {
    // From 150 MiB by 3,620 MiB a minute: 6 s, after a start at 0.5 s.
    const cluster = clusterWith(behaving("leak-mib-per-minute", "3620"), 6);
    expect(container(cluster)).toMatchObject({ restartCount: 0, state: { running: {} } });
    pass(cluster, 1);
    expect(container(cluster).state).toMatchObject({ terminated: { exitCode: 137, reason: "OOMKilled" } });
    pass(cluster, 1);
    expect(container(cluster)).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } });
  });
});

describe("a pod that does not come up", () => {
  test("for want of its image says ErrImagePull, then ImagePullBackOff", () => {
    const cluster = clusterWith(behaving("image-pull", "fail"), 1);
    expect(container(cluster).state).toMatchObject({ waiting: { reason: "ErrImagePull" } });
    pass(cluster, 1);
    expect(container(cluster).state).toMatchObject({ waiting: { reason: "ImagePullBackOff" } });
    expect(onlyPod(cluster).status.phase).toBe("Pending");
    expect(cluster.pods()[0]).toMatchObject({ ip: "", running: false });
  });

  test("for want of a node stays pending and says Unschedulable", () => {
    const cluster = clusterWith(behaving("unschedulable", "true"), 60);
    expect(onlyPod(cluster).spec.nodeName).toBeUndefined();
    expect(onlyPod(cluster).status).toMatchObject({
      phase: "Pending",
      conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
    });
  });

  test("is running and not ready for ever when it is told so", () => {
    const cluster = clusterWith(behaving("ready-after", "never"), 3600);
    expect(cluster.pods()[0]).toMatchObject({ running: true, ready: false });
  });

  test("is running and ready no more when its probe fails after a while", () => {
    const cluster = clusterWith(behaving("unready-after", "30"), 29);
    expect(cluster.pods()[0]).toMatchObject({ running: true, ready: true });
    pass(cluster, 5);
    expect(cluster.pods()[0]).toMatchObject({ running: true, ready: false });
    expect(container(cluster)).toMatchObject({ restartCount: 0, ready: false });
  });
});

describe("an effect", () => {
  test("makes a running pod crash, and lets it recover when it ends", () => {
    const cluster = clusterWith({ replicas: 1 });
    cluster.effects.push(() => ({ crashAfterMs: 3000 }));
    pass(cluster, 5);
    expect(container(cluster).restartCount).toBeGreaterThan(0);
    cluster.effects.length = 0;
    pass(cluster, 60);
    expect(cluster.pods()[0]?.ready).toBe(true);
  });
});

describe("a deleted pod", () => {
  test("is not ready at once, gone within two seconds, and replaced", () => {
    const cluster = clusterWith({ replicas: 1 });
    const before = onlyPod(cluster).metadata.name;
    cluster.registry.delete(pods, "default", before);
    cluster.settle();
    const old = cluster.pods().find((pod) => pod.name === before);
    expect(old).toMatchObject({ terminating: true, ready: false });
    pass(cluster, 0.9);
    expect(cluster.pods().some((pod) => pod.name === before)).toBe(true);
    pass(cluster, 1.2);
    expect(cluster.pods().some((pod) => pod.name === before)).toBe(false);
    pass(cluster, 1);
    expect(cluster.pods().map((pod) => pod.ready)).toEqual([true]);
  });
});

describe("what belongs together", () => {
  test("goes together: a deleted Deployment takes its ReplicaSets and pods along", () => {
    const cluster = clusterWith();
    cluster.registry.delete(deployments, "default", "web");
    pass(cluster, 3);
    expect(sets(cluster)).toEqual([]);
    expect(cluster.pods()).toEqual([]);
  });

  test("a ReplicaSet nobody controls keeps its own pods", () => {
    const cluster = newCluster();
    const template = { metadata: { labels: { app: "lone" } }, spec: { containers: [{ name: "app", image: "x:1" }] } };
    const metadata = { name: "lone", namespace: "default" };
    cluster.apply({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata,
      spec: { replicas: 2, selector: { matchLabels: { app: "lone" } }, template },
    });
    pass(cluster, 5);
    const set = cluster.store.get(replicaSets, "default", "lone") as ReplicaSet;
    expect(set.status).toMatchObject({ replicas: 2, readyReplicas: 2, availableReplicas: 2 });
  });

  test("a Service's EndpointSlice holds the ready pods and marks the terminating", () => {
    const cluster = clusterWith();
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "default" } };
    cluster.apply({ ...service, spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] } });
    pass(cluster, 1);
    const [slice] = cluster.store.list(endpointSlices, "default");
    const readiness = (object: typeof slice) =>
      ((object?.["endpoints"] ?? []) as { conditions: { ready: boolean } }[]).map((endpoint) => endpoint.conditions.ready);
    expect(slice?.metadata.labels?.["kubernetes.io/service-name"]).toBe("web");
    expect(readiness(slice)).toEqual([true, true, true, true]);
    expect(slice?.["ports"]).toEqual([{ name: "", port: 8080, protocol: "TCP" }]);
    const [first] = cluster.pods();
    cluster.registry.delete(pods, "default", first?.name ?? "");
    cluster.settle();
    expect(readiness(cluster.store.list(endpointSlices, "default")[0]).filter((ready) => ready).length).toBe(3);
  });
});
