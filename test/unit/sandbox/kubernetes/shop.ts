import { createCluster } from "../../../../src/sandbox/kubernetes/cluster.ts";
import type { Cluster } from "../../../../src/sandbox/kubernetes/cluster.ts";
import type { Deployment, PodTemplate, ReplicaSet } from "../../../../src/sandbox/kubernetes/object.ts";
import { deployments, replicaSets } from "../../../../src/sandbox/kubernetes/resource-type.ts";
import type { Random } from "../../../../src/sandbox/world.ts";

export const start = Date.parse("2026-11-23T10:00:00Z");

/** Always the same numbers: a linear congruential generator. */
export function seededRandom(seed = 7): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Shop {
  readonly replicas?: number;
  readonly strategy?: object;
  readonly annotations?: Record<string, string>;
  readonly podAnnotations?: Record<string, string>;
  readonly spec?: object;
}

export function manifest(shop: Shop = {}) {
  const {
    replicas = 4,
    strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    annotations = {},
    podAnnotations = {},
    spec = {},
  } = shop;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default", annotations },
    spec: {
      replicas,
      strategy,
      ...spec,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" }, annotations: podAnnotations },
        spec: { containers: [{ name: "app", image: "web:1" }] },
      },
    },
  };
}

export function newCluster(): Cluster {
  return createCluster({ now: start, random: seededRandom() });
}

/** A cluster with Deployment `web`, `seconds` later. */
export function clusterWith(shop: Shop = {}, seconds = 20): Cluster {
  const cluster = newCluster();
  cluster.apply(manifest(shop));
  cluster.advance(start + seconds * 1000);
  return cluster;
}

export function pass(cluster: Cluster, seconds: number): void {
  cluster.advance(cluster.now() + seconds * 1000);
}

export function deployment(cluster: Cluster): Deployment {
  return cluster.store.get(deployments, "default", "web") as Deployment;
}

/** In order of their revision. */
export function sets(cluster: Cluster): ReplicaSet[] {
  const all = cluster.store.list(replicaSets, "default") as ReplicaSet[];
  return all.sort((a, b) => revision(a) - revision(b));
}

export function revision(object: { metadata: { annotations?: Record<string, string> } }): number {
  return Number(object.metadata.annotations?.["deployment.kubernetes.io/revision"]);
}

/** Another image, and perhaps another behaviour. */
export function release(cluster: Cluster, image: string, podAnnotations: Record<string, string> = {}): void {
  cluster.setTemplate("default", "web", (template: PodTemplate) => ({
    metadata: { ...template.metadata, annotations: podAnnotations },
    spec: { ...template.spec, containers: [{ name: "app", image }] },
  }));
  cluster.settle();
}

export function progressing(cluster: Cluster) {
  return deployment(cluster).status.conditions?.find((condition) => condition.type === "Progressing");
}

/** As `kubectl scale replicaset`. */
export function scaleSet(cluster: Cluster, set: ReplicaSet, replicas: number): void {
  const change = (current: object) => ({ ...current, spec: { ...(current as ReplicaSet).spec, replicas } });
  cluster.registry.update(replicaSets, "default", set.metadata.name, change, { manager: "test" });
}

export function change(cluster: Cluster, spec: object): void {
  const patch = (current: object) => ({ ...current, spec: { ...(current as Deployment).spec, ...spec } });
  cluster.registry.update(deployments, "default", "web", patch, { manager: "test" });
  cluster.settle();
}
