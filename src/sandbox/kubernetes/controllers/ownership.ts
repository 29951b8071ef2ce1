import type { KubeObject } from "../object.ts";
import { storageKey } from "../resource-type.ts";
import type { ResourceType } from "../resource-type.ts";
import type { Store } from "../store.ts";
import type { WatchEvent } from "../watch-log.ts";

interface Place {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
}

/** Which objects name which owner: a controller finds its own without looking at all of them. */
export class Ownership {
  readonly #store: Store;
  readonly #owned = new Map<string, Map<string, Place>>();

  constructor(store: Store) {
    this.#store = store;
    store.subscribe((event) => this.#note(event));
  }

  /** Objects of the type that have an ownerReference to `owner`, oldest first. */
  dependents(owner: KubeObject, type: ResourceType): KubeObject[] {
    const key = storageKey(type);
    const places = [...(this.#owned.get(owner.metadata.uid)?.values() ?? [])].filter((place) => place.key === key);
    return places.flatMap(({ namespace, name }) => this.#store.get(type, namespace, name) ?? []);
  }

  /** Everything that has an ownerReference to this uid. */
  placesOf(uid: string): Place[] {
    return [...(this.#owned.get(uid)?.values() ?? [])];
  }

  #note(event: WatchEvent): void {
    const { namespace = "", name } = event.object.metadata;
    const id = `${event.key}/${namespace}/${name}`;
    const after = event.kind === "DELETED" ? [] : ownersOf(event.object);
    const before = event.previous ? ownersOf(event.previous) : [];
    for (const owner of before) if (!after.includes(owner)) this.#forget(owner, id);
    for (const owner of after) {
      if (before.includes(owner)) continue;
      const places = this.#owned.get(owner) ?? new Map<string, Place>();
      this.#owned.set(owner, places.set(id, { key: event.key, namespace, name }));
    }
  }

  #forget(owner: string, id: string): void {
    const places = this.#owned.get(owner);
    places?.delete(id);
    if (places?.size === 0) this.#owned.delete(owner);
  }
}

function ownersOf(object: KubeObject): string[] {
  return (object.metadata.ownerReferences ?? []).map((reference) => reference.uid);
}
