import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { parseQuantity } from "../clients/kubernetes/quantity.ts";
import { dig, instant, objects, text } from "../clients/kubernetes/raw.ts";
import { sentence } from "../errors.ts";
import type { ContainerUsage, Measurement, Ms } from "../model.ts";
import type { UsageAsk } from "./ask.ts";
import { basesOf, podBase } from "./pod-prefix.ts";
import { createSaid, type SourceLog } from "./said.ts";

export interface PodMetricsParts {
  readonly kubernetes: Pick<KubernetesApi, "get">;
  readonly now: () => Ms;
  readonly log: SourceLog;
}

interface Seen {
  readonly at: Ms;
  readonly usage: ContainerUsage;
}

/** The metrics API tells of now alone: a block that ended longer ago has no answer any more. */
const mostLateMs: Ms = 60_000;
/** What was measured before that, by a metrics server that lost a kubelet, says nothing of now. */
const mostOldMs: Ms = 120_000;
/** Prometheus' answers wait for these. */
const deadlineMs: Ms = 5_000;

/**
 * CPU and memory from the metrics API (metrics-server): one call for each namespace. It keeps no history, so that only the newest block is
 * answered. A namespace that fails makes `error` measurements of its own asks alone. Never rejects.
 */
export function createPodMetricsSampler({ kubernetes, now, log }: PodMetricsParts) {
  const say = createSaid(log);

  return async (asks: readonly UsageAsk[], instants: readonly Ms[]): Promise<ReadonlyMap<string, readonly Measurement[]>> => {
    const failures = new Set<string>();
    const newest = instants.at(-1) ?? 0;
    const isLate = now() - newest > mostLateMs;
    const namespaces = Map.groupBy(asks, ({ namespace }) => namespace);
    const answers = [...namespaces].map(async ([namespace, together]) => {
      if (isLate) return together.map((ask) => [ask.id, instants.map(forgotten)] as const);
      const answer = await readPods(kubernetes, namespace).catch((error: unknown) => because(error));
      if (typeof answer === "string") failures.add(answer);
      return together.map((ask) => [ask.id, instants.map((at) => (at === newest ? measured(ask, at, answer) : forgotten(at)))] as const);
    });
    const result = new Map((await Promise.all(answers)).flat());
    say(failures);
    return result;
  };
}

async function readPods(kubernetes: Pick<KubernetesApi, "get">, namespace: string): Promise<readonly Seen[]> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`;
  // Its list has no resource version, so it is no list as others are.
  const answer = await kubernetes.get(path, { expect: "any", deadlineMs });
  if (!Array.isArray(answer["items"])) throw new Error(`GET ${path}: the answer is not a list of pods`);
  return objects(answer["items"]).flatMap((pod) =>
    objects(pod["containers"]).map((container): Seen => {
      const cpuCores = parseQuantity(dig(container, "usage", "cpu"));
      const memoryBytes = parseQuantity(dig(container, "usage", "memory"));
      const usage = {
        pod: text(dig(pod, "metadata", "name")) ?? "",
        container: text(container["name"]) ?? "",
        id: "",
        ...(cpuCores === undefined ? {} : { cpuCores }),
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
      };
      return { at: instant(pod["timestamp"]) ?? 0, usage };
    }),
  );
}

function measured({ prefixes, namespace }: UsageAsk, at: Ms, answer: readonly Seen[] | string): Measurement {
  if (typeof answer === "string") return { kind: "error", at, because: answer };
  const bases = new Set(prefixes.map(podBase));
  const mine = answer.filter((seen) => at - seen.at <= mostOldMs && basesOf(seen.usage.pod).some((base) => bases.has(base)));
  if (mine.length > 0) return { kind: "usage", at, containers: mine.map(({ usage }) => usage) };
  const pods = prefixes.map((prefix) => `${prefix}-*`).join(", ") || "no pods";
  return {
    kind: "no-data",
    at,
    because: `the metrics API tells nothing newer than ${mostOldMs / 60_000} min of pods ${pods} in namespace ${namespace}`,
  };
}

function forgotten(at: Ms): Measurement {
  return { kind: "no-data", at, because: "the metrics API keeps no history, and this block was not asked for in time" };
}

function because(error: unknown): string {
  if (hasStatus(error, 404)) return "this cluster has no metrics API (metrics.k8s.io): metrics-server is not installed";
  return sentence(error);
}
