import type { KubeObject } from "./object.ts";
import { storageKey } from "./resource-type.ts";
import type { ResourceType } from "./resource-type.ts";
import { WatchLog } from "./watch-log.ts";
import type { WatchEvent } from "./watch-log.ts";

type Stored = Pick<ResourceType, "group" | "resource">;

/**
 * What the cluster's objects are now, and what they were a while ago. Every write takes the next resourceVersion.
 * Objects are values: whoever wants a change puts a new one.
 */
export class Store {
  readonly log = new WatchLog();
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<(event: WatchEvent) => void>();
  #version = 100;

  /** The resourceVersion of the newest write, of whatever kind. */
  get version(): number {
    return this.#version;
  }

  get(type: Stored, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(storageKey(type))?.get(`${namespace}/${name}`);
  }

  /** All objects of the type, of one namespace or ("") of all, sorted as etcd does: by namespace, then name. */
  list(type: Stored, namespace = ""): KubeObject[] {
    const all = [...(this.#objects.get(storageKey(type)) ?? [])].filter(([key]) => namespace === "" || key.startsWith(`${namespace}/`));
    return all.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** In order of creation; cheaper than `list`. */
  each(type: Stored): Iterable<KubeObject> {
    return this.#objects.get(storageKey(type))?.values() ?? [];
  }

  put(type: Stored, object: KubeObject): KubeObject {
    const key = storageKey(type);
    const name = `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
    const kept = this.#objects.get(key) ?? new Map<string, KubeObject>();
    const previous = kept.get(name);
    const written = this.#versioned(object);
    this.#objects.set(key, kept.set(name, written));
    this.#tell({ kind: previous ? "MODIFIED" : "ADDED", key, version: this.#version, object: written, previous });
    return written;
  }

  /** The object as it was last, with the version of its removal; undefined when there was none. */
  remove(type: Stored, namespace: string, name: string): KubeObject | undefined {
    const key = storageKey(type);
    const previous = this.get(type, namespace, name);
    if (!previous) return undefined;
    this.#objects.get(key)?.delete(`${namespace}/${name}`);
    const gone = this.#versioned(previous);
    this.#tell({ kind: "DELETED", key, version: this.#version, object: gone, previous });
    return gone;
  }

  /** Calls back at once after every write. Returns how to stop. */
  subscribe(listener: (event: WatchEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets history, as etcd does after five minutes: older versions and `continue` tokens are answered with 410. */
  compact(): void {
    this.log.forget(this.#version);
  }

  #versioned(object: KubeObject): KubeObject {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #tell(event: WatchEvent): void {
    this.log.add(event);
    for (const listener of this.#listeners) listener(event);
  }
}
