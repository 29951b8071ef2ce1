import type { Random } from "../world.ts";
import { kubeTime } from "./object.ts";
import type { KubeObject, ObjectMeta } from "./object.ts";
import type { ResourceType } from "./resource-type.ts";
import { badRequest, conflict, invalid, invalidValue } from "./status.ts";
import { safeLetters } from "./template-hash.ts";

interface Birth {
  readonly type: ResourceType;
  readonly namespace: string;
  readonly now: number;
  readonly random: Random;
}

/** A new object with the metadata only the server may set. Throws 400 when the body names another namespace. */
export function newMetadata(given: KubeObject, birth: Birth): KubeObject {
  const { type, namespace, now, random } = birth;
  const asked = given.metadata.namespace;
  if (type.namespaced && asked !== undefined && asked !== "" && asked !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const { name: wanted, generateName, ...rest } = given.metadata;
  const name = wanted ?? "";
  const { resourceVersion: _version, generation: _generation, deletionTimestamp: _deletion, managedFields: _fields, ...kept } = rest;
  const metadata: ObjectMeta = {
    name: name === "" && generateName ? generateName + randomSuffix(random) : name,
    ...(generateName !== undefined && { generateName }),
    ...kept,
    ...(type.namespaced && { namespace }),
    uid: randomUid(random),
    resourceVersion: "",
    ...(type.counted && { generation: 1 }),
    creationTimestamp: kubeTime(now),
  };
  if (!type.namespaced) delete metadata.namespace;
  return { ...given, metadata };
}

/** Name and namespace are the URL's; another uid is another object. */
export function checkIdentity(type: ResourceType, given: KubeObject, current: KubeObject): void {
  const { name, namespace, uid } = current.metadata;
  const asked = given.metadata;
  if (asked.name !== undefined && asked.name !== "" && asked.name !== name) {
    throw badRequest(`the name of the object (${asked.name}) does not match the name on the URL (${name})`);
  }
  if (asked.namespace !== undefined && asked.namespace !== "" && asked.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (asked.uid !== undefined && asked.uid !== "" && asked.uid !== uid) {
    throw conflict(type, name, `Precondition failed: UID in precondition: ${asked.uid}, UID in object meta: ${uid}`);
  }
}

/** 409 for a version that is no longer the newest; 422 where one must be given and is not. */
export function checkVersion(type: ResourceType, given: KubeObject, current: KubeObject, mustBeGiven: boolean): void {
  const asked = given.metadata.resourceVersion ?? "";
  const { name, resourceVersion } = current.metadata;
  if (asked === "" && mustBeGiven) {
    const cause = invalidValue("metadata.resourceVersion", 0, "must be specified for an update");
    throw invalid({ group: type.group, kind: type.resource }, name, [cause]);
  }
  if (asked !== "" && asked !== resourceVersion) throw conflict(type, name);
}

/** Whatever a client sends, these fields stay what they are. */
export function restoreSystemFields(given: KubeObject, current: KubeObject): KubeObject {
  const own = current.metadata;
  const metadata: ObjectMeta = {
    ...given.metadata,
    name: own.name,
    uid: own.uid,
    resourceVersion: own.resourceVersion,
    creationTimestamp: own.creationTimestamp,
    managedFields: own.managedFields ?? [],
  };
  for (const key of ["namespace", "generateName", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"]) {
    if (own[key] === undefined) delete metadata[key];
    else metadata[key] = own[key];
  }
  return { ...given, metadata };
}

/** Five letters, as after a pod's ReplicaSet. */
function randomSuffix(random: Random): string {
  return Array.from({ length: 5 }, () => safeLetters[Math.floor(random() * safeLetters.length)]).join("");
}

export function randomUid(random: Random): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
  return [digits.slice(0, 8), digits.slice(8, 12), `4${digits.slice(13, 16)}`, `a${digits.slice(17, 20)}`, digits.slice(20)].join("-");
}
