import { isObject } from "../object.ts";
import type { JsonObject } from "../object.ts";

// Structural schemas of custom resources: what is pruned and what is defaulted. What is refused: schema-validation.ts.

const untouched = new Set(["apiVersion", "kind", "metadata"]);

/** Drops every field the schema does not name, as the server does unless `x-kubernetes-preserve-unknown-fields`. Changes the object. */
export function pruneBySchema(schema: unknown, object: JsonObject): void {
  if (!isObject(schema)) return;
  prune(schema, object, true);
}

function prune(schema: JsonObject, value: unknown, isRoot: boolean): void {
  if (Array.isArray(value)) {
    const items = schema["items"];
    if (isObject(items)) for (const item of value) prune(items, item, false);
    return;
  }
  if (!isObject(value)) return;
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const additional = schema["additionalProperties"];
  const keepsAll = schema["x-kubernetes-preserve-unknown-fields"] === true || additional === true;
  for (const key of Object.keys(value)) {
    if ((isRoot || schema["x-kubernetes-embedded-resource"] === true) && untouched.has(key)) continue;
    const known = properties[key] ?? additional;
    if (isObject(known)) prune(known, value[key], false);
    else if (!keepsAll) delete value[key];
  }
}

/** Fills in `default`s where the parent exists. Changes the object. */
export function defaultFromSchema(schema: unknown, value: unknown): void {
  if (!isObject(schema)) return;
  if (Array.isArray(value)) {
    for (const item of value) defaultFromSchema(schema["items"], item);
    return;
  }
  if (!isObject(value)) return;
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  for (const [key, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    if (value[key] === undefined && property["default"] !== undefined) value[key] = structuredClone(property["default"]);
    // A null where null is not allowed counts as absent.
    if (value[key] === null && property["nullable"] !== true) {
      if (property["default"] === undefined) delete value[key];
      else value[key] = structuredClone(property["default"]);
    }
    defaultFromSchema(property, value[key]);
  }
  const additional = schema["additionalProperties"];
  if (!isObject(additional)) return;
  for (const [key, item] of Object.entries(value)) if (!(key in properties)) defaultFromSchema(additional, item);
}
