import type { FastifyInstance } from "fastify";
import { behaviourOf } from "./kubernetes/behaviour.ts";
import type { Cluster } from "./kubernetes/cluster.ts";
import { usedBytes } from "./kubernetes/node/memory.ts";
import { kubeTime } from "./kubernetes/object.ts";

const path = "/apis/metrics.k8s.io/v1beta1/namespaces/:namespace/pods";

/** The metrics API as metrics-server 0.7 answers it: pods that run, as their kubelet told last. */
export function registerPodMetrics(app: FastifyInstance, cluster: Cluster, now: () => number): void {
  app.get<{ Params: { namespace: string } }>(path, (request) => ({
    kind: "PodMetricsList",
    apiVersion: "metrics.k8s.io/v1beta1",
    metadata: {},
    items: cluster
      .pods()
      .filter(({ namespace, running }) => running && namespace === request.params.namespace)
      .map((pod) => {
        const behaviour = behaviourOf(pod, cluster.effects, now());
        const usage = {
          cpu: `${Math.round(behaviour.cpuCores * 1e9)}n`,
          memory: `${Math.round(usedBytes(behaviour, now() - pod.startedAt) / 1024)}Ki`,
        };
        const { name, namespace, labels } = pod;
        const metadata = { name, namespace, creationTimestamp: kubeTime(now()), labels };
        return { metadata, timestamp: kubeTime(now()), window: "15.01s", containers: [{ name: "app", usage }] };
      }),
  }));
}
