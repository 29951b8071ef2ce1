import jsonPatch from "fast-json-patch";
import type { Operation } from "fast-json-patch";
import { isObject } from "./object.ts";
import { badRequest, patchDoesNotApply } from "./status.ts";

/**
 * RFC 6902 as the API server's library (evanphx/json-patch 4) reads it: `replace` may set what is not there,
 * `test` for null passes where nothing is. Throws 400 for what is no patch, 422 for one that does not apply.
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw badRequest(`error decoding patch: json: cannot unmarshal ${goType(patch)} into Go value of type []handlers.jsonPatchOp`);
  }
  let result: unknown = structuredClone(document);
  for (const operation of patch as Operation[]) result = applyOne(result, operation);
  return result;
}

function applyOne(document: unknown, operation: Operation): unknown {
  if (!isObject(operation) || typeof operation.path !== "string") throw patchDoesNotApply();
  switch (operation.op) {
    case "test":
      if (!jsonPatchTest(valueAt(document, operation.path), operation.value)) throw patchDoesNotApply();
      return document;
    case "remove":
      if (valueAt(document, operation.path) === undefined) throw patchDoesNotApply();
      break;
    case "add":
    case "replace":
      checkPlace(document, operation.path, operation.op === "add");
      break;
    case "move":
    case "copy":
      if (valueAt(document, operation.from) === undefined) throw patchDoesNotApply();
      checkPlace(document, operation.path, true);
      break;
    case "_get":
    default:
      throw patchDoesNotApply();
  }
  return jsonPatch.applyOperation(document, structuredClone(operation), false, true).newDocument;
}

function jsonPatchTest(found: unknown, wanted: unknown): boolean {
  if (found === undefined) return wanted === null || wanted === undefined;
  return isDeepEqual(found, wanted);
}

function isDeepEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => isDeepEqual(item, b[index]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isDeepEqual(a[key], b[key]));
}

function tokens(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function valueAt(document: unknown, pointer: string): unknown {
  return tokens(pointer).reduce<unknown>((value, token) => child(value, token), document);
}

function child(value: unknown, token: string): unknown {
  if (Array.isArray(value)) return value[Number(token)];
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

/** The parent must exist; an index must lie in the list (or just behind it, to add). */
function checkPlace(document: unknown, pointer: string, adds: boolean): void {
  const path = tokens(pointer);
  const last = path.pop();
  const parent = path.reduce<unknown>((value, token) => child(value, token), document);
  if (last === undefined || isObject(parent)) return;
  if (!Array.isArray(parent)) throw patchDoesNotApply();
  const index = last === "-" ? parent.length : Number(last);
  if (!Number.isInteger(index) || index < 0 || index > parent.length - (adds ? 0 : 1)) throw patchDoesNotApply();
}

export function goType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return value === null || typeof value !== "object" ? typeof value : "object";
}
