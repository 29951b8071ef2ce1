import type { Deployment, Labels, ReplicaSet } from "../object.ts";
import { replicaSets } from "../resource-type.ts";
import { manager } from "./control-plane.ts";
import type { ControlPlane } from "./control-plane.ts";
import { fenceposts, proportionalSizes } from "./replica-counts.ts";
import { desiredOf, maxReplicasOf, sizeAnnotations } from "./revision.ts";

/** While paused or after a change of `spec.replicas`. */
export function rescale(plane: ControlPlane, deployment: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[]): boolean {
  const all = current ? [...old, current] : [...old];
  const active = all.filter((set) => set.spec.replicas > 0);
  const only = active.length === 0 ? (current ?? old.at(-1)) : active.length === 1 ? active[0] : undefined;
  if (only) return scale(plane, deployment, only, deployment.spec.replicas);
  if (active.length === 0) return false;
  const { replicas } = deployment.spec;
  const isSaturated =
    current?.spec.replicas === replicas && desiredOf(current) === replicas && (current.status.availableReplicas ?? 0) === replicas;
  if (isSaturated) return old.map((set) => scale(plane, deployment, set, 0)).some(Boolean);
  if (deployment.spec.strategy.type !== "RollingUpdate") return false;
  const sizes = proportionalSizes(deployment, active, (set) => maxReplicasOf(set) ?? deployment.status.replicas ?? 0);
  return active.map((set) => scale(plane, deployment, set, sizes.get(set.metadata.name) ?? 0, true)).some(Boolean);
}

export function isScaled(deployment: Deployment, owned: readonly ReplicaSet[]): boolean {
  const active = owned.filter((set) => set.spec.replicas > 0);
  return active.some((set) => (desiredOf(set) ?? deployment.spec.replicas) !== deployment.spec.replicas);
}

/** `marks`: writes the size annotations even if the size stays. */
export function scale(plane: ControlPlane, deployment: Deployment, set: ReplicaSet, replicas: number, marks = false): boolean {
  const before = set.spec.replicas;
  const annotations = sizeAnnotations(deployment.spec.replicas, deployment.spec.replicas + fenceposts(deployment).surge);
  const isMarked = Object.entries(annotations).every(([key, value]) => set.metadata.annotations?.[key] === value);
  if (before === replicas && (!marks || isMarked)) return false;
  const { namespace = "", name } = set.metadata;
  const change = (current: ReplicaSet) => ({ ...annotated(current, annotations), spec: { ...current.spec, replicas } });
  plane.registry.update(replicaSets, namespace, name, (object) => change(object as ReplicaSet), { manager });
  if (before !== replicas) {
    const message = `Scaled ${before < replicas ? "up" : "down"} replica set ${name} from ${before} to ${replicas}`;
    plane.tell(deployment, "Normal", "ScalingReplicaSet", message, "deployment-controller");
  }
  return true;
}

export function annotated(set: ReplicaSet, annotations: Labels): ReplicaSet {
  return { ...set, metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, ...annotations } } };
}
