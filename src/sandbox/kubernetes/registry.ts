import { applyDefaults } from "./admission/defaults.ts";
import { pruneBySchema } from "./admission/schema.ts";
import { validate } from "./admission/validate.ts";
import type { Random } from "../world.ts";
import { checkIdentity, checkVersion, newMetadata, restoreSystemFields } from "./metadata.ts";
import { recordManager } from "./managed-fields.ts";
import type { Writer } from "./managed-fields.ts";
import { kubeTime } from "./object.ts";
import type { KubeObject } from "./object.ts";
import { apiVersionOf, namespaces, storageKey } from "./resource-type.ts";
import type { ResourceType } from "./resource-type.ts";
import { canonical } from "./same.ts";
import { alreadyExists, forbidden, notFound } from "./status.ts";
import type { Store } from "./store.ts";
import { assignClusterIp, checkPreconditions, checkQuota, isReadyToGo, isSpecChanged, podGrace, readBody } from "./write-rules.ts";
import type { DeleteOptions } from "./write-rules.ts";

export interface WriteOptions extends Writer {
  readonly dryRun?: boolean;
  /** "status" writes the status and nothing else; "scale" is a spec write under another name. */
  readonly subresource?: "status" | "scale";
  /** PUT by a client that does not know the version: refused for some types. */
  readonly requiresVersion?: boolean;
}

export interface RegistryOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly random: Random;
}

/** What a write goes through, whoever makes it: reading, defaults, validation, versions, generation. Throws `StatusError`. */
export class Registry {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #random: Random;

  constructor(options: RegistryOptions) {
    this.#store = options.store;
    this.#now = options.now;
    this.#random = options.random;
  }

  get(type: ResourceType, namespace: string, name: string): KubeObject {
    const object = this.#store.get(type, namespace, name);
    if (!object) throw notFound(type, name);
    return object;
  }

  create(type: ResourceType, namespace: string, body: unknown, options: WriteOptions): KubeObject {
    const given = readBody(type, body);
    const object = newMetadata(given, { type, namespace, now: this.#now(), random: this.#random });
    if (type.namespaced) this.#checkNamespace(type, namespace, object.metadata.name);
    if (type.status && storageKey(type) !== "/nodes") delete object["status"];
    if (type.custom) pruneBySchema(type.custom.schema, object);
    applyDefaults(type, object);
    if (type.kind === "Deployment") object["status"] = {};
    if (storageKey(type) === "/pods") object["status"] = { phase: "Pending", qosClass: "BestEffort" };
    if (storageKey(type) === "/services") assignClusterIp(object, this.#store);
    validate(type, object);
    if (storageKey(type) === "/pods") checkQuota(object, this.#store);
    if (this.#store.get(type, namespace, object.metadata.name)) throw alreadyExists(type, object.metadata.name);
    recordManager(object, undefined, { ...options, apiVersion: apiVersionOf(type) }, kubeTime(this.#now()));
    if (!options.dryRun) return this.#store.put(type, object);
    // What was never written has no version.
    const { resourceVersion: _, ...metadata } = object.metadata;
    return { ...object, metadata: metadata as KubeObject["metadata"] };
  }

  /** `change` gets a copy of what is there. Nothing is written when nothing changes. */
  update(type: ResourceType, namespace: string, name: string, change: (current: KubeObject) => unknown, options: WriteOptions): KubeObject {
    const current = this.get(type, namespace, name);
    const given = readBody(type, change(structuredClone(current)));
    checkIdentity(type, given, current);
    checkVersion(type, given, current, options.requiresVersion === true && !type.unconditionalUpdate);
    const object = this.#merged(type, current, given, options.subresource);
    if (type.custom) pruneBySchema(type.custom.schema, object);
    applyDefaults(type, object);
    validate(type, object, current);
    if (canonical(object) === canonical(current)) return current;
    if (type.counted && options.subresource !== "status" && isSpecChanged(type, object, current)) {
      object.metadata.generation = (current.metadata.generation ?? 0) + 1;
    }
    recordManager(object, current, { ...options, apiVersion: apiVersionOf(type) }, kubeTime(this.#now()));
    if (options.dryRun) return object;
    if (isReadyToGo(object)) return this.#store.remove(type, namespace, name) ?? object;
    return this.#store.put(type, object);
  }

  /** Immediately, or (pods, finalizers, namespaces) by a deletionTimestamp that somebody has to act on. */
  delete(type: ResourceType, namespace: string, name: string, options: DeleteOptions = {}): KubeObject {
    const current = this.get(type, namespace, name);
    checkPreconditions(type, current, options);
    if (options.dryRun) return current;
    const grace = storageKey(type) === "/pods" ? podGrace(current, options) : 0;
    const mustWait = grace > 0 || (current.metadata.finalizers ?? []).length > 0 || storageKey(type) === "/namespaces";
    if (!mustWait) return this.#store.remove(type, namespace, name) ?? current;
    if (current.metadata.deletionTimestamp !== undefined) return current;
    return this.#store.put(type, this.#dying(type, current, grace));
  }

  #dying(type: ResourceType, current: KubeObject, grace: number): KubeObject {
    const generation = type.counted && current.metadata.generation !== undefined ? { generation: current.metadata.generation + 1 } : {};
    const period = type.kind === "Namespace" ? {} : { deletionGracePeriodSeconds: grace };
    const at = { deletionTimestamp: kubeTime(this.#now() + grace * 1000), ...period };
    const status = type.kind === "Namespace" ? { status: { phase: "Terminating" } } : {};
    return { ...current, metadata: { ...current.metadata, ...generation, ...at }, ...status };
  }

  #merged(type: ResourceType, current: KubeObject, given: KubeObject, subresource: WriteOptions["subresource"]): KubeObject {
    const object = restoreSystemFields(given, current);
    if (subresource === "status") {
      const metadata = type.custom ? current.metadata : { ...current.metadata, annotations: object.metadata.annotations };
      return structuredClone({ ...current, metadata, status: object["status"] }) as KubeObject;
    }
    if (!type.status) return object;
    const { status: _, ...rest } = object;
    return (current["status"] === undefined ? rest : { ...rest, status: structuredClone(current["status"]) }) as KubeObject;
  }

  #checkNamespace(type: ResourceType, namespace: string, name: string): void {
    const found = this.#store.get(namespaces, "", namespace);
    if (!found) throw notFound(namespaces, namespace);
    if (found.metadata.deletionTimestamp === undefined) return;
    throw forbidden(type, name, `unable to create new content in namespace ${namespace} because it is being terminated`);
  }
}
