import { controllerOf } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { namespaces, storageKey } from "../resource-type.ts";
import type { ResourceType } from "../resource-type.ts";
import type { ControlPlane } from "./control-plane.ts";

/** Deletes what an object that has gone owned, as background propagation does. */
export function collectGarbage(plane: ControlPlane, types: readonly ResourceType[], owner: KubeObject): void {
  for (const place of plane.ownership.placesOf(owner.metadata.uid)) {
    const type = types.find((candidate) => storageKey(candidate) === place.key);
    const object = type && plane.store.get(type, place.namespace, place.name);
    if (!type || !object) continue;
    const others = (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid);
    if (others.length === 0) plane.registry.delete(type, place.namespace, place.name);
    else plane.store.put(type, { ...object, metadata: { ...object.metadata, ownerReferences: others } });
  }
}

/** Takes the owner out of its dependents, so that they outlive it (`propagationPolicy: Orphan`). */
export function orphan(plane: ControlPlane, types: readonly ResourceType[], owner: KubeObject): void {
  for (const place of plane.ownership.placesOf(owner.metadata.uid)) {
    const type = types.find((candidate) => storageKey(candidate) === place.key);
    const object = type && plane.store.get(type, place.namespace, place.name);
    if (!type || !object || controllerOf(object)?.uid !== owner.metadata.uid) continue;
    const ownerReferences = (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid);
    plane.store.put(type, { ...object, metadata: { ...object.metadata, ownerReferences } });
  }
}

/** Empties a namespace that is to go; it goes itself once its last pod has. */
export function emptyNamespace(plane: ControlPlane, types: readonly ResourceType[], namespace: string): undefined {
  let left = 0;
  for (const type of types.filter((candidate) => candidate.namespaced && candidate.group !== "events.k8s.io")) {
    for (const object of plane.store.list(type, namespace)) {
      plane.registry.delete(type, namespace, object.metadata.name);
      if (plane.store.get(type, namespace, object.metadata.name)) left += 1;
    }
  }
  if (left === 0) plane.store.remove(namespaces, "", namespace);
}
