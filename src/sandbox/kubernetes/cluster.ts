import type { Effect, Moving, Random, SandboxPod } from "../world.ts";
import { Agenda } from "./agenda.ts";
import { collectGarbage, emptyNamespace } from "./controllers/garbage-collector.ts";
import type { ControlPlane, Sync } from "./controllers/control-plane.ts";
import { deploymentController } from "./controllers/deployment-controller.ts";
import { autoscalerController } from "./controllers/autoscaler-controller.ts";
import { budgetController } from "./controllers/budget-controller.ts";
import { endpointController } from "./controllers/endpoint-controller.ts";
import { jobController } from "./controllers/job-controller.ts";
import { newEvent } from "./controllers/event.ts";
import { Ownership } from "./controllers/ownership.ts";
import { replicaSetController } from "./controllers/replicaset-controller.ts";
import { establish, servedTypes } from "./custom-resources.ts";
import { Kubelet } from "./node/kubelet.ts";
import { isObject, textOf } from "./object.ts";
import type { Deployment, KubeObject, Pod, PodTemplate } from "./object.ts";
import { Registry } from "./registry.ts";
import { apiVersionOf, customResourceDefinitions, deployments, events, pods, storageKey } from "./resource-type.ts";
import type { ResourceType } from "./resource-type.ts";
import { seed } from "./seed.ts";
import { badRequest } from "./status.ts";
import { Store } from "./store.ts";
import { OpenWatches } from "./open-watches.ts";
import type { WatchEvent } from "./watch-log.ts";
import { tasksOf } from "./work.ts";

export interface ClusterOptions {
  /** Milliseconds since the epoch at which the cluster's clock begins. */
  readonly now: number;
  readonly random: Random;
  /** How often autoscalers look, in ms; 15,000, as on a cluster, unless told. */
  readonly autoscalersEveryMs?: number;
}

/** One request the API server got, for assertions. */
export interface ApiRequest {
  readonly at: number;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly contentType: string;
  readonly userAgent: string;
  readonly fieldManager: string;
}

export interface Cluster extends Moving {
  /** Every pod that exists now. */
  pods(): readonly SandboxPod[];
  /** What a pod that runs once has written so far, or one that crashes before its end; undefined for others, whose lines are elsewhere. */
  logOf(namespace: string, pod: string): string | undefined;
  /** Incidents: `readyAfterMs`, `unreadyAfterMs`, `crashAfterMs` and `imagePullFails` may be overridden; the list may be changed at any time. */
  readonly effects: Effect[];
  readonly store: Store;
  readonly registry: Registry;
  /** What controllers, and whoever does their work by hand, write through. */
  readonly plane: ControlPlane;
  now(): number;
  types(): readonly ResourceType[];
  /** Lets the controllers react to what was written, at this instant: on a real cluster that takes milliseconds. */
  settle(): void;
  readonly watches: OpenWatches;
  /** The newest 10,000 requests to the API, oldest first. */
  readonly requests: ApiRequest[];
  /** Creates or replaces an object, through the same admission as the API. Throws `StatusError`. */
  apply(manifest: unknown): KubeObject;
  /** Writes a Deployment's pod template, as an engineer's release does. Throws `StatusError` when there is no such Deployment. */
  setTemplate(namespace: string, deployment: string, change: (template: PodTemplate) => PodTemplate): KubeObject;
}

const effectsEveryMs = 1000;
const eventsKeptMs = 3_600_000;
const tasksAtOneInstant = 1_000_000;

/** A control plane and one node on a clock that moves only by `advance`. The same seed and calls give the same cluster. */
export function createCluster(options: ClusterOptions): Cluster {
  let clock = options.now;
  let types: readonly ResourceType[] = [];
  let view: readonly SandboxPod[] | undefined;
  let nextEffects = clock;
  const store = new Store();
  const registry = new Registry({ store, now: () => clock, random: options.random });
  const agenda = new Agenda();
  const todo = new Set<string>();
  const effects: Effect[] = [];
  const plane: ControlPlane = {
    store,
    registry,
    random: options.random,
    ownership: new Ownership(store),
    now: () => clock,
    tell: (about, ...rest) => void store.put(events, newEvent(plane, about, ...rest)),
  };
  const kubelet = new Kubelet(plane, effects);
  const syncs: Readonly<Record<string, Sync>> = {
    deployment: deploymentController(plane),
    replicaset: replicaSetController(plane),
    job: jobController(plane),
    autoscaler: autoscalerController(plane, options.autoscalersEveryMs ?? 15_000),
    budget: budgetController(plane),
    pod: kubelet.sync,
    service: endpointController(plane),
    namespace: (_, name) => emptyNamespace(plane, types, name),
    event: (namespace, name) => void store.remove(events, namespace, name),
    definition: (_, name) => establishDefinition(name),
  };

  store.subscribe(note);
  types = servedTypes(store);
  seed(registry);
  work();

  function note(event: WatchEvent): void {
    if (event.key === storageKey(pods)) {
      view = undefined;
      if (event.kind === "DELETED") kubelet.forget(event.object.metadata.uid);
    }
    if (event.key === storageKey(events) && event.kind === "ADDED") {
      agenda.add(clock + eventsKeptMs, `event ${event.object.metadata.namespace}/${event.object.metadata.name}`);
    }
    if (event.key === storageKey(customResourceDefinitions)) types = servedTypes(store);
    for (const task of tasksOf(event, store)) todo.add(task);
    if (event.kind === "DELETED") collectGarbage(plane, types, event.object);
  }

  function work(): void {
    for (let done = 0; todo.size > 0; done += 1) {
      if (done > tasksAtOneInstant) throw new Error(`the sandbox's controllers do not come to rest: ${[...todo].slice(0, 3).join(", ")}`);
      const [task = ""] = todo;
      todo.delete(task);
      const [, controller = "", namespace = "", name = ""] = /^(\w+) ([^/]*)\/(.*)$/.exec(task) ?? [];
      const again = syncs[controller]?.(namespace, name);
      if (again !== undefined && again < Infinity) agenda.add(Math.max(again, clock), task);
    }
  }

  function establishDefinition(name: string): undefined {
    const definition = store.get(customResourceDefinitions, "", name);
    if (!definition || (isObject(definition["status"]) && definition["status"]["storedVersions"])) return;
    store.put(customResourceDefinitions, { ...definition, status: establish(definition, clock) });
  }

  function advance(now: number): void {
    if (now < clock) throw new Error(`the sandbox's clock cannot go back from ${clock} to ${now}`);
    work();
    while (true) {
      const next = Math.min(agenda.next, effects.length > 0 ? Math.max(nextEffects, clock) : Infinity);
      if (next > now) break;
      clock = Math.max(clock, next);
      for (const task of agenda.due(clock)) todo.add(task);
      if (effects.length > 0 && nextEffects <= clock) {
        nextEffects = clock + effectsEveryMs;
        for (const pod of store.each(pods)) todo.add(`pod ${pod.metadata.namespace}/${pod.metadata.name}`);
      }
      work();
    }
    clock = now;
  }

  function apply(manifest: unknown): KubeObject {
    if (!isObject(manifest) || !isObject(manifest["metadata"])) throw badRequest("a manifest has apiVersion, kind and metadata");
    const type = types.find((candidate) => candidate.kind === manifest["kind"] && apiVersionOf(candidate) === manifest["apiVersion"]);
    if (!type) throw badRequest(`no matches for kind "${String(manifest["kind"])}" in version "${String(manifest["apiVersion"])}"`);
    const namespace = type.namespaced ? textOf(manifest["metadata"]["namespace"] ?? "default") : "";
    const name = textOf(manifest["metadata"]["name"]);
    return store.get(type, namespace, name)
      ? registry.update(type, namespace, name, () => manifest, { manager: "sandbox" })
      : registry.create(type, namespace, manifest, { manager: "sandbox" });
  }

  function setTemplate(namespace: string, deployment: string, change: (template: PodTemplate) => PodTemplate): KubeObject {
    const release = (current: KubeObject) => {
      const { spec } = current as Deployment;
      return { ...current, spec: { ...spec, template: change(spec.template) } };
    };
    return registry.update(deployments, namespace, deployment, release, { manager: "sandbox" });
  }

  return {
    effects,
    store,
    registry,
    plane,
    requests: [],
    advance,
    settle: work,
    apply,
    setTemplate,
    watches: new OpenWatches(),
    now: () => clock,
    types: () => types,
    logOf: (namespace, name) => {
      const pod = store.get(pods, namespace, name) as Pod | undefined;
      return pod === undefined ? undefined : kubelet.log(pod);
    },
    pods: () => (view ??= [...store.each(pods)].map((pod) => kubelet.view(pod as Pod))),
  };
}
