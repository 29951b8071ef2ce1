// Raw Kubernetes JSON as an API server sends it, small enough to read in a test.

type Raw = Readonly<Record<string, unknown>>;

export interface RawDeploymentOptions {
  readonly name?: string;
  readonly uid?: string;
  readonly revision?: number;
  readonly generation?: number;
  readonly observed?: number;
  readonly desired?: number;
  readonly replicas?: number;
  readonly updated?: number;
  readonly available?: number;
  readonly paused?: boolean;
  readonly image?: string;
  readonly metadata?: Raw;
  readonly spec?: Raw;
}

/** A settled Deployment of three pods unless told otherwise. */
export function rawDeployment(options: RawDeploymentOptions = {}): Raw {
  const { name = "shop", uid = "deployment-1", revision = 1, generation = 1, desired = 3 } = options;
  const replicas = options.replicas ?? desired;
  const annotations = revision === 0 ? {} : { "deployment.kubernetes.io/revision": String(revision) };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "prod", uid, generation, annotations, labels: { app: name }, ...options.metadata },
    spec: {
      replicas: desired,
      selector: { matchLabels: { app: name } },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: rawTemplate({ image: options.image ?? "shop:1" }),
      ...(options.paused === true ? { paused: true } : {}),
      ...options.spec,
    },
    status: {
      observedGeneration: options.observed ?? generation,
      replicas,
      updatedReplicas: options.updated ?? replicas,
      availableReplicas: options.available ?? replicas,
    },
  };
}

export function rawTemplate(options: { readonly image?: string; readonly annotations?: Raw; readonly hash?: string } = {}): Raw {
  const labels = { app: "shop", ...(options.hash === undefined ? {} : { "pod-template-hash": options.hash }) };
  return {
    metadata: { creationTimestamp: null, labels, ...(options.annotations === undefined ? {} : { annotations: options.annotations }) },
    spec: { containers: [{ name: "app", image: options.image ?? "shop:1" }] },
  };
}

export function rawReplicaSet(options: {
  readonly hash: string;
  readonly revision: number;
  readonly created?: string;
  readonly owner?: string;
  readonly ownerName?: string;
}): Raw {
  const { hash, revision, owner = "deployment-1", ownerName = "shop" } = options;
  return {
    metadata: {
      name: `${ownerName}-${hash}`,
      namespace: "prod",
      uid: `replica-set-${hash}`,
      creationTimestamp: options.created ?? "2026-11-23T10:00:00Z",
      labels: { app: "shop", "pod-template-hash": hash },
      annotations: { "deployment.kubernetes.io/revision": String(revision) },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: ownerName, uid: owner, controller: true }],
    },
  };
}

export interface RawPodOptions {
  readonly name?: string;
  readonly uid?: string;
  readonly hash?: string;
  readonly readyAt?: string;
  readonly metadata?: Raw;
  readonly status?: Raw;
}

export function rawPod(options: RawPodOptions = {}): Raw {
  const { name = "shop-a-1", hash = "a", readyAt } = options;
  const ready = { type: "Ready", status: readyAt === undefined ? "False" : "True", lastTransitionTime: readyAt ?? "2026-11-23T10:00:01Z" };
  return {
    metadata: {
      name,
      namespace: "prod",
      uid: options.uid ?? `pod-${name}`,
      creationTimestamp: "2026-11-23T10:00:00Z",
      labels: { app: "shop", "pod-template-hash": hash },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: `shop-${hash}`, uid: `replica-set-${hash}`, controller: true }],
      ...options.metadata,
    },
    spec: { nodeName: "node-1" },
    status: { phase: "Running", conditions: [ready], containerStatuses: [], ...options.status },
  };
}
