import { z } from "zod";
import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import type { Revision, WorkloadRef } from "../model.ts";
import type { Result } from "./attempt.ts";
import { refused } from "./attempt.ts";
import { templateOf } from "./json-patch.ts";
import type { LiveDeployment } from "./json-patch.ts";

const raw = z.record(z.string(), z.unknown());
const metadata = z.object({
  uid: z.string(),
  deletionTimestamp: z.string().optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  ownerReferences: z.array(z.object({ uid: z.string(), controller: z.boolean().optional() })).optional(),
});
const deployment = z.object({
  metadata,
  spec: z.object({ paused: z.boolean().optional(), replicas: z.int().default(1), template: raw }),
});
const replicaSet = z.object({ metadata, spec: z.object({ template: raw }) });

export interface ReadDeployment extends LiveDeployment {
  readonly replicas: number;
  readonly raw: RawObject;
}

/** Path of the object, or of a part of it such as its scale. */
export function appsPath(namespace: string, plural: "deployments" | "replicasets", name: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/${plural}/${name}`;
}

/** The Deployment as it is now, or why nothing may be done to it: gone, another one of the same name, being deleted. */
export async function readDeployment(api: Pick<KubernetesApi, "get">, ref: WorkloadRef): Promise<ReadDeployment | Result> {
  if (ref.kind !== "Deployment") {
    return refused(`a ${ref.kind} cannot be acted on yet`, { code: "limitation", detail: `Rearguard cannot act on a ${ref.kind} yet` });
  }
  const path = appsPath(ref.namespace, "deployments", ref.name);
  const found = await getOrGone(api, path);
  if (found === undefined) return refused("it no longer exists", { code: "workload-deleted" });
  const { metadata: meta, spec } = deployment.parse(found);
  if (meta.uid !== ref.uid) return refused("another Deployment has its name now", { code: "workload-deleted" });
  if (meta.deletionTimestamp !== undefined) return refused("it is being deleted", { code: "workload-deleted" });
  return {
    uid: meta.uid,
    template: spec.template,
    paused: spec.paused === true,
    replicas: spec.replicas,
    annotations: meta.annotations,
    raw: found,
  };
}

/** The template of a revision, raw, as a Deployment would have it; undefined when its ReplicaSet is gone or no longer this one's. */
export async function readRevisionTemplate(api: Pick<KubernetesApi, "get">, workload: WorkloadRef, revision: Revision): Promise<unknown> {
  const found = await getOrGone(api, appsPath(workload.namespace, "replicasets", revision.name));
  if (found === undefined) return undefined;
  const { metadata: meta, spec } = replicaSet.parse(found);
  const isOwned = meta.ownerReferences?.some((owner) => owner.controller === true && owner.uid === workload.uid);
  return meta.uid === revision.uid && isOwned ? templateOf(spec.template) : undefined;
}

export async function getOrGone(api: Pick<KubernetesApi, "get">, path: string): Promise<RawObject | undefined> {
  try {
    return await api.get(path, { deadlineMs: 3000 });
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

export function isResult(read: object): read is Result {
  return "outcome" in read;
}
