import { controllerOf, isObject } from "./object.ts";
import type { KubeObject, Service } from "./object.ts";
import {
  autoscalers,
  budgets,
  customResourceDefinitions,
  deployments,
  jobs,
  namespaces,
  pods,
  replicaSets,
  services,
  storageKey,
} from "./resource-type.ts";
import { matchesSelector } from "./selector.ts";
import type { Store } from "./store.ts";
import type { WatchEvent } from "./watch-log.ts";

/** Who has to look at what after a write: `<controller> <namespace>/<name>`. */
export function tasksOf(event: WatchEvent, store: Store): string[] {
  const { namespace = "", name } = event.object.metadata;
  const owner = controllerOf(event.object);
  switch (event.key) {
    case storageKey(deployments):
      return [`deployment ${namespace}/${name}`, ...autoscalersOf(event, store), ...budgetsIn(event, store)];
    case storageKey(replicaSets):
      return [`replicaset ${namespace}/${name}`, ...(owner?.kind === "Deployment" ? [`deployment ${namespace}/${owner.name}`] : [])];
    case storageKey(jobs):
      return [`job ${namespace}/${name}`];
    case storageKey(pods):
      return [`pod ${namespace}/${name}`, ...ownersOfPod(event, store), ...servicesOf(event, store), ...budgetsIn(event, store)];
    case storageKey(autoscalers):
      return [`autoscaler ${namespace}/${name}`];
    case storageKey(budgets):
      return [`budget ${namespace}/${name}`];
    case storageKey(services):
      return [`service ${namespace}/${name}`];
    case storageKey(namespaces):
      return event.object.metadata.deletionTimestamp === undefined ? [] : [`namespace /${name}`];
    case storageKey(customResourceDefinitions):
      return [`definition /${name}`];
    default:
      return emptiedNamespace(event, store);
  }
}

function ownersOfPod(event: WatchEvent, store: Store): string[] {
  const { namespace = "" } = event.object.metadata;
  const set = controllerOf(event.object);
  if (set?.kind === "Job") return [`job ${namespace}/${set.name}`, ...emptiedNamespace(event, store)];
  if (set?.kind !== "ReplicaSet") return emptiedNamespace(event, store);
  const found = store.get(replicaSets, namespace, set.name);
  const deployment = found && controllerOf(found);
  // A Deployment that recreates waits for the last pod itself, whose ReplicaSet does not change any more.
  const waiting = event.kind === "DELETED" && deployment?.kind === "Deployment" ? [`deployment ${namespace}/${deployment.name}`] : [];
  return [`replicaset ${namespace}/${set.name}`, ...waiting, ...emptiedNamespace(event, store)];
}

function servicesOf(event: WatchEvent, store: Store): string[] {
  const { namespace = "", labels } = event.object.metadata;
  return ([...store.each(services)] as Service[])
    .filter((service) => service.metadata.namespace === namespace && matchesSelector({ matchLabels: service.spec.selector ?? {} }, labels))
    .map((service) => `service ${namespace}/${service.metadata.name}`);
}

function autoscalersOf(event: WatchEvent, store: Store): string[] {
  const { namespace = "", name } = event.object.metadata;
  return [...store.each(autoscalers)]
    .filter((each) => each.metadata.namespace === namespace && targetOf(each) === name)
    .map((each) => `autoscaler ${namespace}/${each.metadata.name}`);
}

function targetOf({ spec }: KubeObject): unknown {
  return isObject(spec) && isObject(spec["scaleTargetRef"]) ? spec["scaleTargetRef"]["name"] : undefined;
}

function budgetsIn(event: WatchEvent, store: Store): string[] {
  const { namespace = "" } = event.object.metadata;
  return [...store.each(budgets)]
    .filter((budget) => budget.metadata.namespace === namespace)
    .map((budget) => `budget ${namespace}/${budget.metadata.name}`);
}

function emptiedNamespace(event: WatchEvent, store: Store): string[] {
  const { namespace = "" } = event.object.metadata;
  const isGoing = event.kind === "DELETED" && store.get(namespaces, "", namespace)?.metadata.deletionTimestamp !== undefined;
  return isGoing ? [`namespace /${namespace}`] : [];
}
