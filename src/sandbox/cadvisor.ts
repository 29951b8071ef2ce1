import type { ExposedSample } from "./exposition.ts";
import { behaviourOf } from "./kubernetes/behaviour.ts";
import { usedBytes } from "./kubernetes/node/memory.ts";
import { nodeName } from "./kubernetes/node/kubelet.ts";
import type { ScrapeTarget } from "./prometheus/scrapes.ts";
import type { Effect, SandboxPod } from "./world.ts";

interface Counted {
  readonly startedAt: number;
  seconds: number;
  at: number;
}

export interface Cadvisor {
  /** The kubelet of the only node, as Prometheus scrapes its /metrics/cadvisor. */
  target(pods: readonly SandboxPod[], now: () => number): ScrapeTarget;
}

/** CPU and memory of each pod's container, by the names that cAdvisor gives them; the whole pod and its pause container too. */
export function createCadvisor(effects: readonly Effect[]): Cadvisor {
  const counted = new Map<string, Counted>();

  /** Counters begin at 0 with each start of the container. */
  function cpuSeconds(pod: SandboxPod, cores: number, now: number): number {
    const before = counted.get(pod.uid);
    const known = before?.startedAt === pod.startedAt ? before : { startedAt: pod.startedAt, seconds: 0, at: pod.startedAt };
    known.seconds += (cores * (now - known.at)) / 1000;
    known.at = now;
    counted.set(pod.uid, known);
    return known.seconds;
  }

  function expose(pods: readonly SandboxPod[], now: number): readonly ExposedSample[] {
    const here = new Set(pods.map(({ uid }) => uid));
    for (const uid of counted.keys()) if (!here.has(uid)) counted.delete(uid);
    return pods
      .filter(({ running }) => running)
      .flatMap((pod): ExposedSample[] => {
        const behaviour = behaviourOf(pod, effects, now);
        const bytes = usedBytes(behaviour, now - pod.startedAt);
        const seconds = cpuSeconds(pod, behaviour.cpuCores, now);
        const slice = `/kubepods/burstable/pod${pod.uid}`;
        const own = { namespace: pod.namespace, pod: pod.name };
        const rows = [
          { labels: { ...own, container: "app", id: `${slice}/${pod.startedAt}` }, bytes, seconds },
          { labels: { ...own, container: "POD", id: `${slice}/pause` }, bytes: 500_000, seconds: 0.02 },
          { labels: { ...own, container: "", id: slice }, bytes: bytes + 500_000, seconds: seconds + 0.02 },
        ];
        return rows.flatMap((row) => [
          { name: "container_cpu_usage_seconds_total", labels: { ...row.labels, cpu: "total" }, value: row.seconds },
          { name: "container_memory_working_set_bytes", labels: row.labels, value: row.bytes },
        ]);
      });
  }

  return {
    target: (pods, now) => ({
      id: `kubelet/${nodeName}`,
      labels: { job: "kubelet", instance: "10.0.0.1:10250", node: nodeName, metrics_path: "/metrics/cadvisor" },
      up: true,
      expose: () => expose(pods, now()),
    }),
  };
}
