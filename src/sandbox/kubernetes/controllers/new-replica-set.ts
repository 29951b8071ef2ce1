import type { Deployment, ReplicaSet } from "../object.ts";
import { deployments, replicaSets } from "../resource-type.ts";
import { hashLabel, templateHash } from "../template-hash.ts";
import { withCondition } from "./conditions.ts";
import { manager } from "./control-plane.ts";
import type { ControlPlane } from "./control-plane.ts";
import { condition } from "./deployment-status.ts";
import { fenceposts } from "./replica-counts.ts";
import { replicaSetAnnotations, revisionKey, sizeAnnotations } from "./revision.ts";

/** Makes the ReplicaSet of a template that none has yet, and notes its revision on the Deployment. */
export function createReplicaSet(plane: ControlPlane, deployment: Deployment, old: readonly ReplicaSet[], replicas: number): true {
  const { namespace = "", name, uid } = deployment.metadata;
  const { selector, template, minReadySeconds } = deployment.spec;
  const hash = freeHash(plane, deployment);
  const labels = { ...template.metadata.labels, [hashLabel]: hash };
  const annotations = {
    ...replicaSetAnnotations(deployment, undefined, old),
    ...sizeAnnotations(deployment.spec.replicas, deployment.spec.replicas + fenceposts(deployment).surge),
  };
  const owner = { apiVersion: deployment.apiVersion, kind: "Deployment", name, uid, controller: true, blockOwnerDeletion: true };
  const set = {
    metadata: { name: `${name}-${hash}`, labels, annotations, ownerReferences: [owner] },
    spec: {
      replicas,
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  plane.registry.create(replicaSets, namespace, set, { manager });
  if (replicas > 0) {
    const message = `Scaled up replica set ${name}-${hash} from 0 to ${replicas}`;
    plane.tell(deployment, "Normal", "ScalingReplicaSet", message, "deployment-controller");
  }
  const created = condition("True", "NewReplicaSetCreated", `Created new replica set "${name}-${hash}"`);
  const conditions = withCondition(deployment.status.conditions ?? [], created, plane.now());
  const revision = { ...deployment.metadata.annotations, [revisionKey]: annotations[revisionKey] ?? "1" };
  plane.store.put(deployments, {
    ...deployment,
    metadata: { ...deployment.metadata, annotations: revision },
    status: { ...deployment.status, conditions },
  });
  return true;
}

/** Another template may have the same hash: count on until the name is free. */
function freeHash(plane: ControlPlane, deployment: Deployment): string {
  const { namespace = "", name } = deployment.metadata;
  for (let collisions = deployment.status.collisionCount ?? 0; ; collisions += 1) {
    const hash = templateHash(deployment.spec.template, collisions);
    if (!plane.store.get(replicaSets, namespace, `${name}-${hash}`)) return hash;
  }
}
