import { isObject } from "./object.ts";
import type { JsonObject } from "./object.ts";

// `patchMergeKey` of the fields of k8s.io/api that this server may meet.
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  imagePullSecrets: ["name"],
  secrets: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  ports: ["containerPort", "port"],
  hostAliases: ["ip"],
  podIPs: ["ip"],
  topologySpreadConstraints: ["topologyKey"],
  conditions: ["type"],
  addresses: ["type"],
  ownerReferences: ["uid"],
};

const primitiveSets = new Set(["finalizers"]);

/** Merges as `application/strategic-merge-patch+json` asks: maps deeply, lists of the API by their merge key, `$patch` and its kin obeyed. */
export function strategicMerge(target: unknown, patch: JsonObject): JsonObject {
  const current = isObject(target) ? target : {};
  if (patch["$patch"] === "replace") return without(patch, "$patch");
  if (patch["$patch"] === "delete") return {};
  const result: JsonObject = { ...current };
  const retained = patch["$retainKeys"];
  if (Array.isArray(retained)) for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  for (const [key, value] of Object.entries(patch)) {
    if (key === "$patch" || key === "$retainKeys" || key.startsWith("$setElementOrder/")) continue;
    if (key.startsWith("$deleteFromPrimitiveList/")) removeItems(result, key.slice("$deleteFromPrimitiveList/".length), value);
    else if (value === null) delete result[key];
    else result[key] = mergeField(key, result[key], value);
  }
  return ordered(result, patch);
}

function mergeField(key: string, current: unknown, value: unknown): unknown {
  if (isObject(value)) {
    // A map that is deleted disappears; strategicMerge alone would leave it empty.
    return value["$patch"] === "delete" ? undefined : strategicMerge(current, value);
  }
  if (!Array.isArray(value)) return value;
  const list = Array.isArray(current) ? current : [];
  if (primitiveSets.has(key)) return [...new Set([...list, ...value])];
  return mergeKeys[key] ? mergeList(mergeKeys[key], list, value) : value;
}

function mergeList(keys: readonly string[], current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  if (patch.some((item) => isObject(item) && item["$patch"] === "replace")) {
    return patch.filter((item) => !isObject(item) || item["$patch"] !== "replace");
  }
  let result = [...current];
  for (const item of patch) {
    if (!isObject(item)) continue;
    const key = keys.find((candidate) => item[candidate] !== undefined);
    const index = result.findIndex((other) => key !== undefined && isObject(other) && other[key] === item[key]);
    if (item["$patch"] === "delete") result = result.filter((_, at) => at !== index);
    else if (index < 0) result.push(strategicMerge({}, item));
    else result[index] = strategicMerge(result[index], item);
  }
  return result;
}

function removeItems(result: JsonObject, key: string, gone: unknown): void {
  const list = result[key];
  if (Array.isArray(list) && Array.isArray(gone)) result[key] = list.filter((item) => !gone.includes(item));
}

/** kubectl sends the order of the whole list beside its changes. */
function ordered(result: JsonObject, patch: JsonObject): JsonObject {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith("$setElementOrder/") || !Array.isArray(order)) continue;
    const field = directive.slice("$setElementOrder/".length);
    const list = result[field];
    if (!Array.isArray(list)) continue;
    const place = (item: unknown) => {
      const at = order.findIndex((wanted) => isPlacedBy(wanted, item));
      return at < 0 ? order.length : at;
    };
    result[field] = list
      .map((item, index) => ({ item, index }))
      .sort((a, b) => place(a.item) - place(b.item) || a.index - b.index)
      .map(({ item }) => item);
  }
  return result;
}

function isPlacedBy(wanted: unknown, item: unknown): boolean {
  if (!isObject(wanted) || !isObject(item)) return wanted === item;
  return Object.entries(wanted).every(([key, value]) => item[key] === value);
}

function without(object: JsonObject, key: string): JsonObject {
  const { [key]: _, ...rest } = object;
  return rest;
}
