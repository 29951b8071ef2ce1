import type { Load, Loads, NoLoads, Use } from "../judging/resources.ts";
import type { ContainerUsage, Measurement, Ms, PodState, Rollout } from "../model.ts";

/** What a guard knows of its pods: it says whose use is whose, so that a replay tells them apart alike. */
export interface Roster {
  readonly rollout: Rollout;
  readonly pods: readonly PodState[];
  /** Template hashes that count as old beside the old revision: a rollback's target. */
  readonly restored: readonly string[];
}

type Limits = Readonly<Record<"cpu" | "memory", number | null>>;

/**
 * The use of new and old containers beside their limits. New pods count from their readiness until they leave, as their requests do; old
 * ones until they leave, and those too that were gone before anybody looked: their names begin as the old ReplicaSet's does, and their
 * limits were those of its template.
 */
export function loadsOf(measurement: Measurement, roster: Roster): Loads | NoLoads {
  const { at } = measurement;
  const { rollout, pods } = roster;
  const ready = pods.filter((pod) => pod.podTemplateHash === rollout.new.podTemplateHash && isReadyAt(pod, at));
  // A first scrape takes its time.
  const isDue = ready.some((pod) => at - (pod.readySince ?? at) >= FIRST_SCRAPE_MS);
  if (measurement.kind === "error" || measurement.kind === "no-data") return { ...measurement, isDue };
  if (measurement.kind !== "usage") {
    return { kind: "no-data", at, because: `${measurement.kind} came where the use of CPU and memory was asked for`, isDue };
  }
  const sideOf = sidesOf(roster, at);
  const limitsOf = limitsIn(pods);
  return { kind: "loads", at, isDue, loads: measurement.containers.flatMap((usage) => loadOf(usage, sideOf(usage.pod), limitsOf)) };
}

/** A kubelet may be scraped each minute, and a rate needs two scrapes. */
const FIRST_SCRAPE_MS: Ms = 180_000;

interface Owned {
  readonly side: "new" | "old";
  readonly hash: string;
  readonly born?: Ms;
}

function sidesOf({ rollout, pods, restored }: Roster, at: Ms): (pod: string) => Owned | undefined {
  const byName = new Map(pods.map((pod) => [pod.name, pod]));
  const { new: fresh, old } = rollout;
  const olds = new Set([...(old === undefined ? [] : [old.podTemplateHash]), ...restored]);
  return (name) => {
    const pod = byName.get(name);
    if (pod === undefined) {
      return old !== undefined && name.startsWith(`${old.name}-`) ? { side: "old", hash: old.podTemplateHash } : undefined;
    }
    const { podTemplateHash: hash, created: born } = pod;
    if (hash === fresh.podTemplateHash) return isReadyAt(pod, at) ? { side: "new", hash, born } : undefined;
    return olds.has(hash) && isHereAt(pod, at) ? { side: "old", hash, born } : undefined;
  };
}

function isReadyAt(pod: PodState, at: Ms): boolean {
  return pod.readySince !== undefined && pod.readySince <= at && isHereAt(pod, at);
}

function isHereAt({ terminatingSince, gone }: PodState, at: Ms): boolean {
  return Math.min(terminatingSince ?? Infinity, gone ?? Infinity) > at;
}

/** Of a container of a template; undefined where no pod of it told its limits, as for init containers. */
function limitsIn(pods: readonly PodState[]): (hash: string, pod: string, container: string) => Limits | undefined {
  const byPod = new Map<string, Limits>();
  for (const pod of pods) {
    for (const { name, limits } of pod.containers) {
      if (limits === undefined) continue;
      const known = { cpu: limits.cpu ?? null, memory: limits.memory ?? null };
      byPod.set(`pod ${pod.name} ${name}`, known);
      byPod.set(`template ${pod.podTemplateHash} ${name}`, known);
    }
  }
  return (hash, pod, container) => byPod.get(`pod ${pod} ${container}`) ?? byPod.get(`template ${hash} ${container}`);
}

function loadOf(
  { pod, container, id, cpuCores, memoryBytes }: ContainerUsage,
  owned: Owned | undefined,
  limitsOf: (hash: string, pod: string, container: string) => Limits | undefined,
): readonly Load[] {
  const limits = owned === undefined ? undefined : limitsOf(owned.hash, pod, container);
  if (owned === undefined || limits === undefined) return [];
  const use = (used: number | undefined, limit: number | null): Use | undefined => (used === undefined ? undefined : { used, limit });
  const [cpu, memory] = [use(cpuCores, limits.cpu), use(memoryBytes, limits.memory)];
  return [
    {
      side: owned.side,
      pod,
      container,
      id,
      ...(owned.born === undefined ? {} : { born: owned.born }),
      ...(cpu === undefined ? {} : { cpu }),
      ...(memory === undefined ? {} : { memory }),
    },
  ];
}
