import type { Random } from "../../world.ts";
import { controllerOf } from "../object.ts";
import type { KubeObject, Pod, ReplicaSet } from "../object.ts";
import { replicaSets, pods } from "../resource-type.ts";
import type { Registry } from "../registry.ts";
import type { Store } from "../store.ts";
import type { Ownership } from "./ownership.ts";

export const manager = "kube-controller-manager";

/** What controllers work with: the objects, the way to change them, the time. */
export interface ControlPlane {
  readonly store: Store;
  readonly registry: Registry;
  readonly ownership: Ownership;
  readonly random: Random;
  now(): number;
  /** Notes an Event about an object. */
  tell(about: KubeObject, type: "Normal" | "Warning", reason: string, message: string, component: string): void;
}

/** Brings one object closer to what it should be; says when to look again without a change, if ever. */
export type Sync = (namespace: string, name: string) => number | undefined;

/** The ReplicaSets a Deployment controls, oldest first. */
export function replicaSetsOf(plane: ControlPlane, owner: KubeObject): ReplicaSet[] {
  return plane.ownership.dependents(owner, replicaSets) as ReplicaSet[];
}

/** The pods a ReplicaSet controls, oldest first. */
export function podsOf(plane: ControlPlane, owner: KubeObject): Pod[] {
  const owned = plane.ownership.dependents(owner, pods) as Pod[];
  return owned.filter((pod) => controllerOf(pod)?.uid === owner.metadata.uid);
}
