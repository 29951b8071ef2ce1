import { controllerOf, dig, instant, number, text } from "../clients/kubernetes/raw.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import type { Revision } from "../model.ts";

export const revisionAnnotation = "deployment.kubernetes.io/revision";

/** What metadata alone says about a ReplicaSet, and whose it is. */
export interface ReplicaSetFacts extends Revision {
  readonly owner: { readonly uid: string; readonly name: string };
}

/** From a raw ReplicaSet or its PartialObjectMetadata; undefined when no Deployment controls it. */
export function parseReplicaSet(raw: RawObject): ReplicaSetFacts | undefined {
  const controller = controllerOf(raw);
  const name = text(dig(raw, "metadata", "name"));
  const uid = text(dig(raw, "metadata", "uid"));
  const podTemplateHash = text(dig(raw, "metadata", "labels", "pod-template-hash"));
  const ownerUid = text(controller?.["uid"]);
  const ownerName = text(controller?.["name"]);
  if (controller?.["kind"] !== "Deployment" || ownerUid === undefined || ownerName === undefined) return undefined;
  if (name === undefined || uid === undefined || podTemplateHash === undefined) return undefined;
  return {
    podTemplateHash,
    number: revisionNumber(dig(raw, "metadata", "annotations", revisionAnnotation)),
    name,
    uid,
    created: instant(dig(raw, "metadata", "creationTimestamp")) ?? 0,
    owner: { uid: ownerUid, name: ownerName },
  };
}

/** A missing number counts as 0, as kubectl has it. */
export function revisionNumber(annotation: unknown): number {
  return number(Number(text(annotation) ?? 0)) ?? 0;
}
