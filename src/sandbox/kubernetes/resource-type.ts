import type { KubeObject } from "./object.ts";

/** One kind of object the server serves. */
export interface ResourceType {
  /** "" is the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in the path. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly status: boolean;
  readonly scale: boolean;
  /** Whether spec changes are counted in `metadata.generation`. */
  readonly counted: boolean;
  /** PUT without a resourceVersion overwrites whatever is there. */
  readonly unconditionalUpdate: boolean;
  /** Set for custom resources: the OpenAPI schema of the version, and the columns kubectl prints. */
  readonly custom?: { readonly schema: unknown; readonly columns: readonly PrinterColumn[] };
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly priority?: number;
}

/** Key under which objects are stored; both event groups share one. */
export function storageKey(type: Pick<ResourceType, "group" | "resource">): string {
  return type.group === "events.k8s.io" ? "/events" : `${type.group}/${type.resource}`;
}

export function apiVersionOf(type: Pick<ResourceType, "group" | "version">): string {
  return type.group === "" ? type.version : `${type.group}/${type.version}`;
}

type Traits = Partial<
  Pick<ResourceType, "shortNames" | "status" | "scale" | "counted" | "unconditionalUpdate" | "namespaced" | "singular">
>;

function builtIn(group: string, version: string, resource: string, kind: string, traits: Traits = {}): ResourceType {
  const usual = { namespaced: true, shortNames: [], status: false, scale: false, counted: false, unconditionalUpdate: true };
  return { group, version, resource, kind, singular: kind.toLowerCase(), ...usual, ...traits };
}

const workload = { status: true, scale: true, counted: true };

export const namespaces = builtIn("", "v1", "namespaces", "Namespace", { namespaced: false, shortNames: ["ns"], status: true });
export const nodes = builtIn("", "v1", "nodes", "Node", { namespaced: false, shortNames: ["no"], status: true });
export const pods = builtIn("", "v1", "pods", "Pod", { shortNames: ["po"], status: true, counted: true });
export const services = builtIn("", "v1", "services", "Service", { shortNames: ["svc"], status: true });
export const events = builtIn("", "v1", "events", "Event", { shortNames: ["ev"] });
const configMaps = builtIn("", "v1", "configmaps", "ConfigMap", { shortNames: ["cm"] });
export const resourceQuotas = builtIn("", "v1", "resourcequotas", "ResourceQuota", { shortNames: ["quota"], status: true });
const secrets = builtIn("", "v1", "secrets", "Secret");
export const deployments = builtIn("apps", "v1", "deployments", "Deployment", { ...workload, shortNames: ["deploy"] });
export const replicaSets = builtIn("apps", "v1", "replicasets", "ReplicaSet", { ...workload, shortNames: ["rs"] });
export const jobs = builtIn("batch", "v1", "jobs", "Job", { status: true, counted: true });
export const autoscalers = builtIn("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", {
  status: true,
  shortNames: ["hpa"],
});
export const budgets = builtIn("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", {
  status: true,
  counted: true,
  shortNames: ["pdb"],
});
export const leases = builtIn("coordination.k8s.io", "v1", "leases", "Lease", { unconditionalUpdate: false });
export const endpointSlices = builtIn("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", { counted: true });
export const newEvents = builtIn("events.k8s.io", "v1", "events", "Event", { shortNames: ["ev"] });
export const customResourceDefinitions = builtIn("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", {
  namespaced: false,
  shortNames: ["crd", "crds"],
  status: true,
  counted: true,
  unconditionalUpdate: false,
});

/**
 * Kinds the sandbox has no controller for, served empty so that a client that watches them (StatefulSets,
 * DaemonSets) finds what it finds on any cluster.
 */
const inert: readonly ResourceType[] = [
  builtIn("apps", "v1", "statefulsets", "StatefulSet", { ...workload, shortNames: ["sts"] }),
  builtIn("apps", "v1", "daemonsets", "DaemonSet", { status: true, counted: true, shortNames: ["ds"] }),
  builtIn("apps", "v1", "controllerrevisions", "ControllerRevision"),
  builtIn("", "v1", "serviceaccounts", "ServiceAccount", { shortNames: ["sa"] }),
];

export const builtInTypes: readonly ResourceType[] = [
  namespaces,
  nodes,
  pods,
  services,
  events,
  configMaps,
  secrets,
  resourceQuotas,
  deployments,
  replicaSets,
  jobs,
  autoscalers,
  budgets,
  leases,
  endpointSlices,
  newEvents,
  customResourceDefinitions,
  ...inert,
];

/** Finds the type an object claims to be. */
export function typeOf(types: readonly ResourceType[], object: Pick<KubeObject, "apiVersion" | "kind">): ResourceType | undefined {
  return types.find((type) => type.kind === object.kind && apiVersionOf(type) === object.apiVersion);
}
