import { describe, expect, test } from "vitest";
import type { Cluster } from "../../../../src/sandbox/kubernetes/cluster.ts";
import { autoscalers, budgets, deployments, pods } from "../../../../src/sandbox/kubernetes/resource-type.ts";
import type { Pod } from "../../../../src/sandbox/kubernetes/object.ts";
import { clusterWith, deployment, pass } from "./shop.ts";

function withHpa(spec: object): Cluster {
  const cluster = clusterWith({ replicas: 4 });
  cluster.apply({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web", namespace: "default" },
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, maxReplicas: 6, ...spec },
  });
  return cluster;
}

function scale(cluster: Cluster, replicas: number): void {
  const { registry } = cluster;
  registry.update(deployments, "default", "web", (now) => ({ ...now, spec: { ...(now["spec"] as object), replicas } }), {
    manager: "kubectl",
  });
}

describe("an autoscaler of the sandbox", () => {
  test.each([
    ["past its maximum", 9, 6],
    ["below its minimum", 2, 3],
    ["between its bounds", 5, 5],
    ["to 0, which switches the autoscaler off", 0, 0],
  ])("leaves a workload that is scaled %s alone until it looks next, then keeps its bounds", (_what, replicas, kept) => {
    const cluster = withHpa({ minReplicas: 3 });
    scale(cluster, replicas);
    pass(cluster, 14);
    expect(deployment(cluster).spec.replicas).toBe(replicas);
    pass(cluster, 2);
    expect(deployment(cluster).spec.replicas).toBe(kept);
    pass(cluster, 60);
    expect(deployment(cluster).spec.replicas).toBe(kept);
  });

  test("whose minimum is raised makes more pods", () => {
    const cluster = withHpa({});
    cluster.registry.update(autoscalers, "default", "web", (hpa) => ({ ...hpa, spec: { ...(hpa["spec"] as object), minReplicas: 5 } }), {
      manager: "kubectl",
    });
    pass(cluster, 20);
    expect(deployment(cluster).spec.replicas).toBe(5);
  });

  test.each([
    ["a minimum over the maximum", { minReplicas: 7 }, "must be greater than or equal to `minReplicas`"],
    ["a minimum of 0", { minReplicas: 0 }, "must be greater than or equal to 1"],
  ])("is refused with %s", (_what, spec, words) => {
    expect(() => withHpa(spec)).toThrow(words);
  });
});

describe("a PodDisruptionBudget of the sandbox", () => {
  test.each([
    ["minAvailable: 3", { minAvailable: 3 }, 1],
    ["minAvailable: 4", { minAvailable: 4 }, 0],
    ["minAvailable: 9", { minAvailable: 9 }, 0],
    ["minAvailable: 50%", { minAvailable: "50%" }, 2],
    ["maxUnavailable: 1", { maxUnavailable: 1 }, 1],
    ["maxUnavailable: 30%", { maxUnavailable: "30%" }, 2],
  ])("with %s of 4 pods allows as many evictions as a cluster would", (_what, spec, allowed) => {
    const cluster = clusterWith({ replicas: 4 });
    const metadata = { name: "web", namespace: "default" };
    cluster.apply({
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { selector: { matchLabels: { app: "web" } }, ...spec },
    });
    cluster.settle();
    expect(cluster.store.get(budgets, "default", "web")).toMatchObject({ status: { disruptionsAllowed: allowed, observedGeneration: 1 } });
  });

  test("counts a pod that is on its way out as none, until another is ready", () => {
    const cluster = clusterWith({ replicas: 4 });
    const metadata = { name: "web", namespace: "default" };
    cluster.apply({ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata, spec: { selector: {}, maxUnavailable: 1 } });
    const [pod] = cluster.store.list(pods, "default") as Pod[];
    cluster.registry.delete(pods, "default", pod?.metadata.name ?? "");
    cluster.settle();
    const allowed = () => cluster.store.get(budgets, "default", "web")?.["status"];
    expect(allowed()).toMatchObject({ disruptionsAllowed: 0, currentHealthy: 3 });
    pass(cluster, 60);
    expect(allowed()).toMatchObject({ disruptionsAllowed: 1, currentHealthy: 4 });
  });
});
