// Shapes of the Kubernetes objects the sandbox understands. Fields it does not know travel along untouched.

export type JsonObject = { [key: string]: unknown };
export type Labels = { [key: string]: string };

export interface OwnerReference extends JsonObject {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFields extends JsonObject {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  time: string;
  subresource?: string;
}

export interface ObjectMeta extends JsonObject {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Labels;
  annotations?: Labels;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFields[];
}

export interface KubeObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export interface Condition extends JsonObject {
  type: string;
  status: "True" | "False" | "Unknown";
  lastTransitionTime: string;
  lastUpdateTime?: string;
  reason?: string;
  message?: string;
}

export interface LabelSelector extends JsonObject {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface Container extends JsonObject {
  name: string;
  image: string;
}

export interface PodSpec extends JsonObject {
  containers: Container[];
  nodeName?: string;
  terminationGracePeriodSeconds?: number;
}

export interface PodTemplate extends JsonObject {
  metadata: { labels?: Labels; annotations?: Labels; [key: string]: unknown };
  spec: PodSpec;
}

export interface ContainerStatus extends JsonObject {
  name: string;
  ready: boolean;
  restartCount: number;
  state: JsonObject;
  lastState: JsonObject;
}

export interface Pod extends KubeObject {
  spec: PodSpec;
  status: {
    phase: string;
    podIP?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatus[];
    [key: string]: unknown;
  };
}

export interface ReplicaSet extends KubeObject {
  spec: { replicas: number; minReadySeconds?: number; selector: LabelSelector; template: PodTemplate; [key: string]: unknown };
  status: {
    replicas: number;
    fullyLabeledReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    terminatingReplicas?: number;
    observedGeneration?: number;
    conditions?: Condition[];
    [key: string]: unknown;
  };
}

export interface DeploymentStatus extends JsonObject {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  terminatingReplicas?: number;
  collisionCount?: number;
  conditions?: Condition[];
}

export interface Deployment extends KubeObject {
  spec: {
    replicas: number;
    paused?: boolean;
    minReadySeconds?: number;
    revisionHistoryLimit?: number;
    progressDeadlineSeconds?: number;
    selector: LabelSelector;
    strategy: { type: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } };
    template: PodTemplate;
    [key: string]: unknown;
  };
  status: DeploymentStatus;
}

export interface Service extends KubeObject {
  spec: {
    selector?: Labels;
    ports?: { name?: string; port: number; targetPort?: number | string; protocol?: string }[];
    [key: string]: unknown;
  };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A string as it is, and a number or boolean written out; anything else is "". */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** The reference that says who manages the object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** Whole seconds, as Kubernetes writes `metav1.Time`. */
export function kubeTime(at: number): string {
  return new Date(Math.floor(at / 1000) * 1000).toISOString().replace(".000Z", "Z");
}
