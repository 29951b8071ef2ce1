import { isDeepStrictEqual } from "node:util";
import type { Cluster } from "../servers/cluster.ts";
import type { KubeObject } from "../servers/kube-client.ts";
import { waitUntil } from "../servers/wait-until.ts";

type Template = { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }; readonly spec: object };

export type Deployment = KubeObject & {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number; readonly paused?: boolean; readonly template: Template };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
};

export type ReplicaSet = KubeObject & {
  readonly spec: { readonly replicas: number; readonly template: Template };
  readonly status: { readonly replicas: number };
};

/** How a revision behaves: annotations of `fleet-pod.ts` and `stages.yaml` without their prefix, such as `error-rate`. */
export type Behaviour = Readonly<Record<string, string>>;

export type Shop = {
  readonly namespace: string;
  readonly name: string;
  /** Gives it a new template, as `kubectl apply` of the next version would. */
  rollOut(version: string, behaviour?: Behaviour): Promise<void>;
  deployment(): Promise<Deployment>;
  /** Highest revision first. */
  replicaSets(): Promise<readonly ReplicaSet[]>;
  pods(): Promise<readonly KubeObject[]>;
  /** Until the controller has rolled the present template out to every pod. */
  complete(timeoutMs?: number): Promise<Deployment>;
  annotate(annotations: Readonly<Record<string, string>>, labels?: Readonly<Record<string, string>>): Promise<void>;
  pause(): Promise<void>;
  /** As `kubectl rollout resume` does. */
  resume(): Promise<void>;
};

export type ShopOptions = {
  readonly namespace: string;
  /** 4 unless told. */
  readonly replicas?: number;
  /** Pods above the wanted number during a rollout; 1 unless told. */
  readonly maxSurge?: number;
  /** Slows the rollout down, so that there is time to brake it; 0 unless told. */
  readonly minReadySeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** `resources.limits` of the container; none unless told. */
  readonly limits?: Readonly<Record<string, string>>;
  /** Starts the first version with this behaviour. */
  readonly behaviour?: Behaviour;
  /** Does not wait until it is complete. */
  readonly unfinished?: boolean;
};

/** The namespace, a Service and a Deployment `shop` in it, complete. */
export async function deployShop(cluster: Cluster, options: ShopOptions): Promise<Shop> {
  const { namespace } = options;
  const { client } = cluster;
  await client.request("POST", "/api/v1/namespaces", { body: { metadata: { name: namespace } } });
  await client.request("POST", `/api/v1/namespaces/${namespace}/services`, { body: service });
  await client.request("POST", `/apis/apps/v1/namespaces/${namespace}/deployments`, { body: deploymentOf(options) });
  const shop = shopOf(cluster, namespace);
  if (options.unfinished !== true) await shop.complete(30_000 + 1000 * (options.minReadySeconds ?? 0));
  return shop;
}

const name = "shop";
const service = { metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] } };

function deploymentOf(options: ShopOptions): object {
  return {
    metadata: { name, labels: { app: name, ...options.labels }, annotations: options.annotations ?? {} },
    spec: {
      replicas: options.replicas ?? 4,
      minReadySeconds: options.minReadySeconds ?? 0,
      strategy: { rollingUpdate: { maxSurge: options.maxSurge ?? 1, maxUnavailable: 0 } },
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations: prefixed(options.behaviour ?? {}) },
        spec: {
          containers: [
            {
              name: "web",
              image: "registry.test/shop:v1",
              env: [{ name: "VERSION", value: "v1" }],
              resources: { limits: options.limits ?? {} },
            },
          ],
        },
      },
    },
  };
}

function shopOf(cluster: Cluster, namespace: string): Shop {
  const { client } = cluster;
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  const patch = (body: object) => client.request("PATCH", path, { body, contentType: "application/strategic-merge-patch+json" });
  const deployment = () => client.request<Deployment>("GET", path);

  return {
    namespace,
    name,
    deployment,
    async rollOut(version, behaviour = {}) {
      const live = await deployment();
      const gone = Object.keys(live.spec.template.metadata.annotations ?? {}).map((key) => [key, null]);
      const annotations = { ...Object.fromEntries(gone), ...prefixed(behaviour) };
      const container = { name: "web", image: `registry.test/shop:${version}`, env: [{ name: "VERSION", value: version }] };
      await patch({ spec: { template: { metadata: { annotations }, spec: { containers: [container] } } } });
    },
    async replicaSets() {
      const list = await client.request<{ readonly items: readonly ReplicaSet[] }>(
        "GET",
        `/apis/apps/v1/namespaces/${namespace}/replicasets`,
      );
      return list.items.toSorted((one, other) => revisionOf(other) - revisionOf(one));
    },
    async pods() {
      const list = await client.request<{ readonly items: readonly KubeObject[] }>("GET", `/api/v1/namespaces/${namespace}/pods`);
      return list.items;
    },
    complete: (timeoutMs = 30_000) =>
      waitUntil(
        `${namespace}/${name} rolled out`,
        async () => {
          const seen = await deployment();
          return isComplete(seen) && seen;
        },
        { timeoutMs },
      ),
    annotate: async (annotations, labels = {}) => void (await patch({ metadata: { annotations, labels } })),
    pause: async () => void (await patch({ spec: { paused: true } })),
    resume: async () => void (await patch({ spec: { paused: null } })),
  };
}

/** Number the controller gave to a ReplicaSet's template. */
export function revisionOf(replicaSet: KubeObject): number {
  return Number(replicaSet.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
}

/**
 * What a rollback leaves, as far as two Deployments of different namespaces can be compared: the whole spec, and every
 * ReplicaSet (its name is a hash of its template) with its number and size.
 */
export async function shapeOf(shop: Shop) {
  const [{ spec }, replicaSets] = [await shop.deployment(), await shop.replicaSets()];
  return {
    spec,
    replicaSets: replicaSets.map((replicaSet) => ({
      name: replicaSet.metadata.name,
      revision: revisionOf(replicaSet),
      formerly: replicaSet.metadata.annotations?.["deployment.kubernetes.io/revision-history"],
      replicas: replicaSet.spec.replicas,
      template: replicaSet.spec.template,
    })),
  };
}

/** Whether the two shops are in the same shape; for waiting, where an assertion would end the test. */
export async function sameShape(one: Shop, other: Shop): Promise<boolean> {
  return isDeepStrictEqual(await shapeOf(one), await shapeOf(other));
}

function isComplete({ metadata, spec, status }: Deployment): boolean {
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  return (
    observedGeneration >= metadata.generation &&
    updatedReplicas === spec.replicas &&
    replicas === updatedReplicas &&
    availableReplicas === replicas
  );
}

function prefixed(behaviour: Behaviour): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(behaviour).map(([key, value]) => [`fleet.test/${key}`, value]));
}
