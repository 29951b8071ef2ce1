import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import { dig, number, text } from "../../src/clients/kubernetes/raw.ts";
import type { RawObject } from "../../src/clients/kubernetes/raw.ts";
import type { WorkloadRef } from "../../src/model.ts";
import type { Remedy, ScaleOwner, Scaling } from "../../src/remediation.ts";
import { createScalingReader } from "../../src/watchers/scaling.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { deploymentManifest } from "../support/deployment-manifest.ts";

const namespaced = (group: string) => `/apis/${group}/namespaces/default`;
export const deploymentPath = (name: string) => `${namespaced("apps/v1")}/deployments/${name}`;
export const hpaPath = (name: string) => `${namespaced("autoscaling/v2")}/horizontalpodautoscalers/${name}`;
export const scaledObjectPath = (name: string) => `${namespaced("keda.sh/v1alpha1")}/scaledobjects/${name}`;
const collectionOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

/** A Deployment of that many pods, at rest. */
export async function runs(api: KubernetesApi, name: string, replicas = 2): Promise<WorkloadRef> {
  const path = deploymentPath(name);
  const made = await api.post(collectionOf(path), deploymentManifest({ name, replicas }));
  await waitUntil(`the pods of ${name} available`, async () => dig(await api.get(path), "status", "availableReplicas") === replicas);
  return { namespace: "default", kind: "Deployment", name, uid: uidOf(made) };
}

/** An autoscaler of the workload. It looks at a metric that nobody serves, so that it only keeps the count within its bounds. */
export async function autoscale(
  api: KubernetesApi,
  { name, max = 6, ...bounds }: { readonly name: string; readonly target?: string; readonly min?: number; readonly max?: number },
  metadata: object = {},
): Promise<Extract<ScaleOwner, { kind: "hpa" }>> {
  const { target = name, min } = bounds;
  const made = await api.post(collectionOf(hpaPath(name)), {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, namespace: "default", ...metadata },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: target },
      ...(min === undefined ? {} : { minReplicas: min }),
      maxReplicas: max,
      metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }],
    },
  });
  return { kind: "hpa", name, uid: uidOf(made), max };
}

/** The part of KEDA's own definition that matters here: nothing else of KEDA runs. */
export async function installKeda(api: KubernetesApi): Promise<void> {
  const spec = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  await api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "scaledobjects.keda.sh" },
    spec: {
      group: "keda.sh",
      names: { plural: "scaledobjects", singular: "scaledobject", kind: "ScaledObject", listKind: "ScaledObjectList" },
      scope: "Namespaced",
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec, status: spec } } },
          subresources: { status: {} },
        },
      ],
    },
  });
  await waitUntil("ScaledObjects served", () => api.list(collectionOf(scaledObjectPath("any"))).then(() => true));
}

export async function scaledObject(
  api: KubernetesApi,
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
  metadata: object = {},
): Promise<Extract<ScaleOwner, { kind: "keda" }>> {
  const made = await api.post(collectionOf(scaledObjectPath(name)), {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { name, namespace: "default", ...metadata },
    spec: { scaleTargetRef: { name }, triggers: [], ...spec },
  });
  return { kind: "keda", name, uid: uidOf(made), max: number(spec["maxReplicaCount"]) ?? 100 };
}

/** As KEDA makes it. */
export function madeByKeda({ name, uid }: { readonly name: string; readonly uid: string }): object {
  return { ownerReferences: [{ apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", name, uid, controller: true }] };
}

export async function scalingOf(api: KubernetesApi, workload: WorkloadRef): Promise<Scaling> {
  const read = await createScalingReader({ api })(workload);
  if ("problem" in read) throw new Error(read.problem);
  return read;
}

export function scaleTo(workload: WorkloadRef, { owner, least }: Scaling, to: number | null): Extract<Remedy, { kind: "scale" }> {
  return { id: "g.scale.1", kind: "scale", workload, owner, from: least, to, purpose: "remedy", guard: "g" };
}

/** What puts back what `done` changed. */
export function restoreOf(done: Extract<Remedy, { kind: "scale" }>): Extract<Remedy, { kind: "scale" }> {
  return { ...done, id: "g.scale.2", from: done.to, to: done.from, purpose: "restore" };
}

/** A field of `spec`; null where it is absent. */
export async function specOf(api: KubernetesApi, path: string, field: string): Promise<unknown> {
  return dig(await api.get(path), "spec", field) ?? null;
}

/** As another writer does, whose name the API server keeps. */
export async function setSpec(api: KubernetesApi, path: string, spec: object, fieldManager = "kubectl"): Promise<void> {
  await api.patch(path, { spec }, { type: "merge", fieldManager });
}

function uidOf(made: RawObject): string {
  return text(dig(made, "metadata", "uid")) ?? "";
}
