import { cidrPattern } from "./cidr.ts";
import type { KubeClient, KubeObject } from "./kube-client.ts";
import { startPodProcess } from "./fleet-pod.ts";
import type { PodProcess } from "./fleet-pod.ts";
import { waitUntil } from "./wait-until.ts";

type Pod = KubeObject & {
  readonly status?: {
    readonly podIP?: string;
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly state?: { readonly running?: unknown };
    }[];
  };
};

export type Fleet = AsyncDisposable & {
  /** Names of the pods that something listens for now. */
  listening(): readonly string[];
  /** From now on this share (0–1) of the calls of a dependency fails, for all pods that have it in `fleet.test/depends-on`. */
  failDependency(dependency: string, errorRatio: number): void;
};

/**
 * Plays the containers that kwok only claims: for each running pod of the cidr it listens on
 * POD_IP:8080, and behaves as the pod's annotations say at that moment (see `fleet-pod.ts`).
 * A restarted container is a new process, so its counters begin at 0.
 */
export async function startFleet(options: { readonly client: KubeClient; readonly cidr: string }): Promise<Fleet> {
  const inCidr = new RegExp(`^${cidrPattern(options.cidr)}$`);
  const processes = new Map<string, PodProcess>();
  const dependencies = new Map<string, number>();
  let listed = false;

  function reconcile(pods: readonly Pod[]): void {
    listed = true;
    const wanted = new Map(
      pods.filter((pod) => isRunning(pod) && inCidr.test(pod.status?.podIP ?? "")).map((pod) => [processKey(pod), pod] as const),
    );
    // First those that end: their addresses may have been given to others.
    for (const [key, process] of processes) {
      if (wanted.has(key)) continue;
      process.close();
      processes.delete(key);
    }
    for (const [key, pod] of wanted) {
      const annotations = pod.metadata.annotations ?? {};
      const process = processes.get(key);
      if (process) process.behave(annotations);
      else
        processes.set(
          key,
          startPodProcess({
            name: pod.metadata.name,
            address: pod.status?.podIP ?? "",
            annotations,
            failing: (dependency) => dependencies.get(dependency) ?? 0,
          }),
        );
    }
  }

  const following = options.client.follow<Pod>("/api/v1/pods", reconcile);
  await waitUntil("the fleet's first look at the pods", () => listed);
  return {
    listening: () => [...processes.values()].map((process) => process.name),
    failDependency: (dependency, errorRatio) => void dependencies.set(dependency, errorRatio),
    async [Symbol.asyncDispose]() {
      await following[Symbol.asyncDispose]();
      reconcile([]);
    },
  };
}

function isRunning(pod: Pod): boolean {
  const containers = pod.status?.containerStatuses ?? [];
  return containers.length > 0 && containers.every((container) => container.state?.running);
}

function processKey(pod: Pod): string {
  const restarts = pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
  return `${pod.metadata.uid}/${restarts}`;
}
