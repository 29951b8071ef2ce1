import type { Clock } from "../clock.ts";
import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import type { Log } from "../clients/kubernetes/log.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import { dig, number, text } from "../clients/kubernetes/raw.ts";
import { createReflector } from "../clients/kubernetes/reflector.ts";
import type { ReflectorState } from "../clients/kubernetes/reflector.ts";
import { stripHeavy } from "../clients/kubernetes/strip.ts";
import type { Workload } from "../model.ts";
import { lastTemplateWriter } from "./changed-by.ts";
import type { FieldWriter } from "../clients/kubernetes/field-writer.ts";
import { completedBefore, noteCompleted } from "./completed.ts";
import type { Completed } from "./completed.ts";
import { parseReplicaSet } from "./replica-set.ts";
import type { ReplicaSetFacts } from "./replica-set.ts";
import { isRestartOnly } from "./restart-only.ts";
import { oldRevision } from "./rollout.ts";
import type { RolloutContext } from "./rollout.ts";
import { parseDeployment, withRevisions } from "./workload.ts";
import type { DeploymentFacts } from "./workload.ts";

export interface WorkloadWatcherOptions {
  readonly api: KubernetesApi;
  /** All namespaces unless told. */
  readonly namespaces?: readonly string[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Something about the workload `namespace/name` changed, or it has gone: read it again. */
  readonly onChange: (key: string) => void;
}

export interface WorkloadWatcher {
  start(): void;
  stop(): Promise<void>;
  /** Resolves when every workload has been seen once, or at `stop`. */
  synced(): Promise<void>;
  get(key: string): Workload | undefined;
  list(): readonly Workload[];
  /** The workload a ReplicaSet belongs to: its uid. */
  ownerOf(replicaSetUid: string): string | undefined;
  /** What `detectRollout` cannot see in the workload itself. Asks the API server; throws KubernetesError. */
  context(workload: Workload): Promise<RolloutContext>;
  health(): readonly (ReflectorState & { readonly path: string })[];
}

/** Every Deployment with its revisions, kept current; of ReplicaSets the metadata alone, and of neither the template. */
export function createWorkloadWatcher(options: WorkloadWatcherOptions): WorkloadWatcher {
  const { api } = options;
  const deployments = new Map<string, DeploymentFacts>();
  const replicaSets = new Map<string, ReplicaSetFacts>();
  /** By key of the workload, so that a ReplicaSet that comes before its Deployment is not lost. */
  const revisions = new Map<string, Map<string, ReplicaSetFacts>>();
  const joined = new Map<string, Workload>();
  const completed = new Map<string, readonly Completed[]>();
  const owners = new Map<string, string>();

  const reflectors = (options.namespaces ?? [undefined]).flatMap((namespace) => {
    const within = namespace === undefined ? "/apis/apps/v1" : `/apis/apps/v1/namespaces/${namespace}`;
    const common = { ...options, strip: stripHeavy };
    return [
      // ReplicaSets first: a revision that is known before its Deployment needs no second look.
      { path: `${within}/replicasets`, accept: "metadata" as const, onChange: replicaSetChanged },
      { path: `${within}/deployments`, onChange: deploymentChanged },
    ].map((each) => ({ path: each.path, reflector: createReflector({ ...common, ...each }) }));
  });

  function deploymentChanged(key: string, raw: RawObject | undefined): void {
    const before = deployments.get(key);
    if (raw === undefined) {
      deployments.delete(key);
      if (before) completed.delete(before.ref.uid);
    } else {
      deployments.set(key, parseDeployment(raw));
    }
    changed(key);
  }

  function replicaSetChanged(key: string, raw: RawObject | undefined): void {
    const before = replicaSets.get(key);
    const after = raw && parseReplicaSet(raw);
    const namespace = key.slice(0, key.indexOf("/"));
    if (before) {
      const workloadKey = `${namespace}/${before.owner.name}`;
      revisions.get(workloadKey)?.delete(key);
      if (revisions.get(workloadKey)?.size === 0) revisions.delete(workloadKey);
      owners.delete(before.uid);
      replicaSets.delete(key);
    }
    if (after) {
      const workloadKey = `${namespace}/${after.owner.name}`;
      const siblings = revisions.get(workloadKey) ?? new Map<string, ReplicaSetFacts>();
      revisions.set(workloadKey, siblings.set(key, after));
      owners.set(after.uid, after.owner.uid);
      replicaSets.set(key, after);
    }
    const touched = new Set([before, after].flatMap((each) => (each ? [`${namespace}/${each.owner.name}`] : [])));
    for (const workloadKey of touched) if (deployments.has(workloadKey)) changed(workloadKey);
  }

  function changed(key: string): void {
    joined.delete(key);
    const workload = get(key);
    if (workload) completed.set(workload.ref.uid, noteCompleted(completed.get(workload.ref.uid) ?? [], workload));
    options.onChange(key);
  }

  function get(key: string): Workload | undefined {
    const facts = deployments.get(key);
    if (facts === undefined) return undefined;
    const kept = joined.get(key);
    if (kept) return kept;
    const workload = withRevisions(facts, [...(revisions.get(key)?.values() ?? [])]);
    joined.set(key, workload);
    return workload;
  }

  async function context(workload: Workload): Promise<RolloutContext> {
    const seen = completedBefore(completed.get(workload.ref.uid) ?? [], workload);
    const lastCompleted = seen ?? (workload.replicas > workload.updated ? await carrier(workload) : undefined);
    const old = oldRevision(workload, lastCompleted);
    const restartOnly = old !== undefined && (await differOnlyByRestart(workload, old.name));
    const writer = await writerOf(workload);
    return { restartOnly, ...(lastCompleted === undefined ? {} : { lastCompleted }), ...(writer === undefined ? {} : { writer }) };
  }

  /** Nice to know: a guard opens without it too. */
  async function writerOf({ ref }: Workload): Promise<FieldWriter | undefined> {
    try {
      return lastTemplateWriter(await api.get(`/apis/apps/v1/namespaces/${ref.namespace}/deployments/${ref.name}`));
    } catch {
      return undefined;
    }
  }

  /** Of a rollout that was under way before we came: the older revision with the most available pods. */
  async function carrier(workload: Workload): Promise<string | undefined> {
    const path = `/apis/apps/v1/namespaces/${workload.ref.namespace}/replicasets`;
    const raw = await api.list(path, { labelSelector: workload.selector });
    const available = new Map(
      raw.map((each) => [text(dig(each, "metadata", "uid")), number(dig(each, "status", "availableReplicas")) ?? 0]),
    );
    const candidates = workload.revisions
      .filter((each) => each.podTemplateHash !== workload.current?.podTemplateHash)
      .map((each) => ({ hash: each.podTemplateHash, pods: available.get(each.uid) ?? 0 }))
      .filter(({ pods }) => pods > 0);
    return candidates.toSorted((a, b) => b.pods - a.pods)[0]?.hash;
  }

  async function differOnlyByRestart(workload: Workload, oldName: string): Promise<boolean> {
    if (workload.current === undefined) return false;
    const path = `/apis/apps/v1/namespaces/${workload.ref.namespace}/replicasets`;
    const [before, after] = await Promise.all([api.get(`${path}/${oldName}`), api.get(`${path}/${workload.current.name}`)]);
    return isRestartOnly(dig(before, "spec", "template"), dig(after, "spec", "template"));
  }

  return {
    start() {
      for (const { reflector } of reflectors) reflector.start();
    },
    async stop() {
      await Promise.all(reflectors.map(({ reflector }) => reflector.stop()));
    },
    async synced() {
      await Promise.all(reflectors.map(({ reflector }) => reflector.synced()));
    },
    get,
    list: () => [...deployments.keys()].flatMap((key) => get(key) ?? []),
    ownerOf: (replicaSetUid) => owners.get(replicaSetUid),
    context,
    health: () => reflectors.map(({ path, reflector }) => ({ path, ...reflector.state() })),
  };
}
