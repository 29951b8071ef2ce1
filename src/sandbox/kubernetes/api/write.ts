import { decodeProblem } from "../admission/decode.ts";
import { orphan } from "../controllers/garbage-collector.ts";
import { isObject } from "../object.ts";
import type { JsonObject, KubeObject } from "../object.ts";
import type { WriteOptions } from "../registry.ts";
import { apiVersionOf, namespaces, pods } from "../resource-type.ts";
import { badRequest, invalid, invalidValue, methodNotAllowed, noSuchPath, StatusError } from "../status.ts";
import { isObjectFilter, matcherOf } from "./list.ts";
import type { Answer, Call } from "./call.ts";
import { evict } from "./eviction.ts";
import { checkNewEvent, fromStored, storedType, toStored } from "./event-groups.ts";
import { applyPatch, checkApply, patchKindOf, readPatch } from "./patch.ts";
import type { PatchKind } from "./patch.ts";
import { represent, representList } from "./representation.ts";
import { scaleOf, withScale } from "./scale.ts";

export function post(call: Call): Answer {
  const { cluster, type, namespace, name } = call;
  if (type === pods && name !== "" && call.subresource === "eviction") return evict(call, readJson(call), isDryRun(call));
  if (name !== "" || call.subresource !== "" || (type.namespaced && namespace === "")) throw methodNotAllowed();
  const body = readJson(call);
  checkNewEvent(type, body);
  const created = cluster.registry.create(storedType(type), namespace, toStored(type, body), optionsOf(call));
  return { code: 201, body: shown(call, created) };
}

export function put(call: Call): Answer {
  if (call.name === "") throw methodNotAllowed();
  const body = readJson(call);
  if (call.subresource === "scale") return writeScale(call, () => body);
  const written = call.cluster.registry.update(storedType(call.type), call.namespace, call.name, () => toStored(call.type, body), {
    ...optionsOf(call),
    requiresVersion: true,
  });
  return { code: 200, body: shown(call, written) };
}

export function patch(call: Call): Answer {
  if (call.name === "") throw methodNotAllowed();
  const kind = patchKindOf(call.contentType, call.type);
  if (kind === "apply") checkApply(call.query["fieldManager"]);
  if (call.subresource === "scale") return writeScale(call, (scale) => applyPatch(kind, scale, readPatch(call.body)));
  if (kind === "apply" && !call.cluster.store.get(call.type, call.namespace, call.name) && call.subresource === "")
    return createByApply(call);
  const options = { ...optionsOf(call), ...(kind === "apply" && { operation: "Apply" as const }) };
  const change = (current: KubeObject) => checkDecodes(call, patched(call, kind, current));
  const written = call.cluster.registry.update(storedType(call.type), call.namespace, call.name, change, options);
  return { code: 200, body: shown(call, written) };
}

/** What a patch makes unreadable is an invalid patch (422), where a whole object would be a bad request (400). */
function checkDecodes(call: Call, after: unknown): unknown {
  const problem = isObject(after) ? decodeProblem(storedType(call.type), after) : undefined;
  if (problem === undefined) return after;
  throw invalid({ group: "", kind: "" }, "", [invalidValue("patch", JSON.stringify(after), problem)]);
}

function patched(call: Call, kind: PatchKind, current: KubeObject): unknown {
  const body = readPatch(call.body);
  // The uid of a PUT is a precondition; in a patch it is a field that cannot change.
  const after = applyPatch(kind, fromStored(call.type, current), body);
  const uid = isObject(after) && isObject(after["metadata"]) ? after["metadata"]["uid"] : undefined;
  if (uid !== undefined && uid !== current.metadata.uid) {
    const cause = {
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(uid)}: field is immutable`,
      field: "metadata.uid",
    };
    throw invalid(call.type, call.name, [cause]);
  }
  return toStored(call.type, after);
}

function createByApply(call: Call): Answer {
  const body = readPatch(call.body);
  const named = isObject(body) ? { ...body, metadata: { ...(isObject(body["metadata"]) ? body["metadata"] : {}), name: call.name } } : body;
  const created = call.cluster.registry.create(call.type, call.namespace, named, { ...optionsOf(call), operation: "Apply" });
  return { code: 201, body: shown(call, created) };
}

function writeScale(call: Call, change: (scale: JsonObject) => unknown): Answer {
  const { cluster, type, namespace, name } = call;
  if (!type.scale) throw noSuchPath();
  const written = cluster.registry.update(
    type,
    namespace,
    name,
    (current) => withScale(type, current, change(scaleOf(current))),
    optionsOf(call),
  );
  return { code: 200, body: scaleOf(written) };
}

export function remove(call: Call): Answer {
  const { cluster, type, namespace, name } = call;
  if (call.subresource !== "") throw methodNotAllowed();
  if (name === "") return removeCollection(call);
  const asked = call.body === "" ? {} : readJson(call);
  const current = cluster.registry.get(storedType(type), namespace, name);
  const options = { ...deleteOptionsOf(call, asked), dryRun: isDryRun(call) };
  if (options.orphan && !options.dryRun) orphan(cluster.plane, cluster.types(), current);
  const deleted = cluster.registry.delete(storedType(type), namespace, name, options);
  // Pods, Services and namespaces come back themselves; everything else as a Status.
  const showsObject = [pods, namespaces].includes(type) || type.kind === "Service" || deleted.metadata.finalizers !== undefined;
  if (showsObject) return { code: 200, body: shown(call, deleted) };
  const details = { name, ...(type.group !== "" && { group: type.group }), kind: type.resource, uid: deleted.metadata.uid };
  return { code: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
}

function removeCollection(call: Call): Answer {
  const { cluster, type, namespace } = call;
  if (type.namespaced && namespace === "") throw methodNotAllowed();
  const asked = call.body === "" ? {} : readJson(call);
  const chosen = cluster.store.list(storedType(type), namespace).filter(isObjectFilter(matcherOf(call)));
  if (!isDryRun(call)) {
    for (const object of chosen) cluster.registry.delete(storedType(type), namespace, object.metadata.name, deleteOptionsOf(call, asked));
  }
  const items = chosen.map((object) => fromStored(type, object));
  return { code: 200, body: representList(items, type, call.form, { resourceVersion: String(cluster.store.version) }, cluster.now()) };
}

function deleteOptionsOf(call: Call, asked: unknown) {
  const options = isObject(asked) ? asked : {};
  const preconditions = isObject(options["preconditions"]) ? options["preconditions"] : {};
  const grace = options["gracePeriodSeconds"] ?? call.query["gracePeriodSeconds"];
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return {
    gracePeriodSeconds: grace === undefined || grace === null ? undefined : Number(grace),
    uid: text(preconditions["uid"]),
    resourceVersion: text(preconditions["resourceVersion"]),
    orphan: (options["propagationPolicy"] ?? call.query["propagationPolicy"]) === "Orphan" || options["orphanDependents"] === true,
  };
}

function optionsOf(call: Call): WriteOptions {
  const { manager, subresource } = call;
  if (subresource !== "" && subresource !== "status" && subresource !== "scale") throw noSuchPath();
  if (subresource === "status" && !call.type.status) throw noSuchPath();
  return { manager, dryRun: isDryRun(call), ...(subresource !== "" && { subresource }) };
}

function isDryRun(call: Call): boolean {
  const asked = call.query["dryRun"];
  if (asked === undefined || asked === "") return false;
  if (asked !== "All") throw new StatusError(422, "Invalid", `dryRun: Unsupported value: "${asked}": supported values: "All"`, {});
  return true;
}

function readJson(call: Call): unknown {
  if (!["application/json", ""].includes(call.contentType)) {
    const accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    throw new StatusError(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
    );
  }
  try {
    return JSON.parse(call.body) as unknown;
  } catch (error) {
    const why = `couldn't get version/kind; json parse error: ${String(error)}`;
    throw badRequest(`the object provided is unrecognized (must be of type ${call.type.kind}): ${why} (${apiVersionOf(call.type)})`);
  }
}

function shown(call: Call, object: KubeObject): JsonObject {
  return represent(fromStored(call.type, object), call.type, call.form, call.cluster.now());
}
