import type { Clock } from "../clock.ts";
import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import type { Log } from "../clients/kubernetes/log.ts";
import { createReflector } from "../clients/kubernetes/reflector.ts";
import type { Reflector, ReflectorState } from "../clients/kubernetes/reflector.ts";
import type { PodState } from "../model.ts";
import { parsePod } from "./pod.ts";
import type { PodFacts } from "./pod.ts";
import { mergeRoster } from "./pod-roster.ts";

export interface PodWatcherOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Something about the pods of the workload with this uid changed. */
  readonly onChange: (workloadUid: string) => void;
  /** The workload a ReplicaSet belongs to; tells pods apart whose labels fit two workloads. Without it every pod that fits belongs. */
  readonly ownerOf?: (replicaSetUid: string) => string | undefined;
}

export interface Followed {
  readonly uid: string;
  readonly namespace: string;
  /** Label selector as a query. */
  readonly selector: string;
}

export interface PodWatcher {
  /** Begins to watch the pods of a workload with an open guard; `remembered` is what its guard knew before a restart. Twice is once. */
  follow(workload: Followed, remembered?: readonly PodState[]): void;
  unfollow(workloadUid: string): Promise<void>;
  /** Every pod seen since `follow`, gone ones too; what was remembered until the first list is in. */
  pods(workloadUid: string): readonly PodState[];
  /** The first list is in: only now does an empty roster mean that there are no pods. */
  isSynced(workloadUid: string): boolean;
  synced(workloadUid: string): Promise<void>;
  stop(): Promise<void>;
  health(): readonly (ReflectorState & { readonly path: string })[];
}

interface Following {
  readonly path: string;
  readonly reflector: Reflector;
  readonly seen: Map<string, PodFacts>;
  roster: readonly PodState[];
}

/** Pods of the workloads under guard, and of no others. */
export function createPodWatcher(options: PodWatcherOptions): PodWatcher {
  const { api, clock, random, log, onChange } = options;
  const following = new Map<string, Following>();

  function follow(workload: Followed, remembered: readonly PodState[] = []): void {
    if (following.has(workload.uid)) return;
    const seen = new Map<string, PodFacts>();
    const path = `/api/v1/namespaces/${workload.namespace}/pods`;
    const reflector = createReflector({
      api,
      path,
      clock,
      random,
      log,
      labelSelector: workload.selector,
      strip: (object) => object,
      onChange(key, object) {
        const facts = object && parsePod(object);
        if (facts) seen.set(key, facts);
        else seen.delete(key);
        if (reflector.state().syncedAt === undefined) return;
        merge(workload.uid);
        onChange(workload.uid);
      },
    });
    following.set(workload.uid, { path, reflector, seen, roster: remembered });
    reflector.start();
    void reflector.synced().then(() => {
      merge(workload.uid);
      onChange(workload.uid);
    });
  }

  /** Not before the first list is in, or every remembered pod would count as gone. */
  function merge(uid: string): void {
    const followed = following.get(uid);
    if (followed === undefined || followed.reflector.state().syncedAt === undefined) return;
    const mine = [...followed.seen.values()].filter((facts) => belongs(facts, followed, uid));
    const pods = mine.map((facts) => facts.pod);
    followed.roster = mergeRoster(followed.roster, pods, clock.now());
  }

  /** Once counted a pod stays counted: its ReplicaSet may be deleted before it. */
  function belongs({ pod, replicaSetUid }: PodFacts, followed: Following, uid: string): boolean {
    if (options.ownerOf === undefined || followed.roster.some((known) => known.uid === pod.uid)) return true;
    return options.ownerOf(replicaSetUid) === uid;
  }

  async function unfollow(uid: string): Promise<void> {
    const followed = following.get(uid);
    following.delete(uid);
    await followed?.reflector.stop();
  }

  return {
    follow,
    unfollow,
    pods(uid) {
      merge(uid);
      return following.get(uid)?.roster ?? [];
    },
    isSynced: (uid) => following.get(uid)?.reflector.state().syncedAt !== undefined,
    synced: async (uid) => following.get(uid)?.reflector.synced(),
    async stop() {
      await Promise.all([...following.keys()].map(unfollow));
    },
    health: () => [...following.values()].map(({ path, reflector }) => ({ path, ...reflector.state() })),
  };
}
