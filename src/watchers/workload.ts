import { dig, number, objects, strings, text } from "../clients/kubernetes/raw.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import type { Revision, Workload } from "../model.ts";
import { ownerMarks } from "./ownership.ts";
import { revisionAnnotation, revisionNumber } from "./replica-set.ts";
import type { ReplicaSetFacts } from "./replica-set.ts";
import { selectorString } from "../clients/kubernetes/selector.ts";
import { templateDigest } from "./template-digest.ts";

/** All that a Deployment alone says; its revisions come from its ReplicaSets. */
export type DeploymentFacts = Omit<Workload, "current" | "revisions">;

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** A raw Deployment and the ReplicaSets around it, others' too, as one workload. */
export function toWorkload(deployment: RawObject, replicaSets: readonly ReplicaSetFacts[]): Workload {
  return withRevisions(parseDeployment(deployment), replicaSets);
}

export function parseDeployment(raw: RawObject): DeploymentFacts {
  const spec = raw["spec"];
  const status = raw["status"];
  const { [lastApplied]: _, ...annotations } = strings(dig(raw, "metadata", "annotations"));
  return {
    ref: {
      namespace: text(dig(raw, "metadata", "namespace")) ?? "",
      kind: "Deployment",
      name: text(dig(raw, "metadata", "name")) ?? "",
      uid: text(dig(raw, "metadata", "uid")) ?? "",
    },
    labels: strings(dig(raw, "metadata", "labels")),
    annotations,
    deleting: dig(raw, "metadata", "deletionTimestamp") !== undefined,
    generation: number(dig(raw, "metadata", "generation")) ?? 0,
    observedGeneration: number(dig(status, "observedGeneration")) ?? 0,
    templateDigest: templateDigest(dig(spec, "template")),
    desired: number(dig(spec, "replicas")) ?? 1,
    strategy: dig(spec, "strategy", "type") === "Recreate" ? "Recreate" : "RollingUpdate",
    paused: dig(spec, "paused") === true,
    progressDeadline: (number(dig(spec, "progressDeadlineSeconds")) ?? 600) * 1000,
    ...(isDenied(dig(status, "conditions")) ? { unfinished: true } : {}),
    replicas: number(dig(status, "replicas")) ?? 0,
    updated: number(dig(status, "updatedReplicas")) ?? 0,
    available: number(dig(status, "availableReplicas")) ?? 0,
    selector: selectorString(dig(spec, "selector")),
    owners: ownerMarks(raw, "Deployment"),
  };
}

/** Written together with the counts; a status of both kinds is nobody's finished rollout. */
function isDenied(conditions: unknown): boolean {
  return objects(conditions).some(({ type, status }) => (type === "Progressing" || type === "Available") && status === "False");
}

/**
 * Adds the revisions. `current` is the ReplicaSet whose number the Deployment carries: the controller writes that number
 * last, so while the two disagree (a moment of every rollout) there is no current revision rather than a wrong one.
 */
export function withRevisions(facts: DeploymentFacts, replicaSets: readonly ReplicaSetFacts[]): Workload {
  const revisions = replicaSets
    .filter((each) => each.owner.uid === facts.ref.uid)
    .map(toRevision)
    .toSorted((a, b) => b.number - a.number);
  const annotation = facts.annotations[revisionAnnotation];
  const current = annotation === undefined ? undefined : revisions.find((each) => each.number === revisionNumber(annotation));
  return { ...facts, revisions, ...(current === undefined ? {} : { current }) };
}

function toRevision({ podTemplateHash, number: revision, name, uid, created }: ReplicaSetFacts): Revision {
  return { podTemplateHash, number: revision, name, uid, created };
}
