import { isObject } from "../clients/kubernetes/raw.ts";

const hashLabel = "pod-template-hash";

/**
 * Digest of a raw pod template: 16 hex digits, equal for equal templates whatever the order of their keys.
 * The label pod-template-hash is left out, so a Deployment's template and its ReplicaSet's have one digest.
 */
export function templateDigest(template: unknown): string {
  return digest64(canonicalJson(withoutHash(template)));
}

/** JSON with sorted keys; null counts as absent, as it does for the API server. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const keys = Object.keys(value).filter((key) => value[key] !== undefined && value[key] !== null);
  return `{${keys
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
    .join(",")}}`;
}

/** 64 bits of a text as 16 hex digits: two 32-bit lanes (cyrb53 of bryc, public domain, without its cut to 53 bits). Not for secrets. */
export function digest64(source: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < source.length; index += 1) {
    const code = source.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  const mixedA = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  const mixedB = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(mixedA ^ (mixedA >>> 13), 3266489909);
  return [mixedB, mixedA].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
}

/** The template without the label its ReplicaSet adds, and without maps that are empty then. */
export function withoutHash(template: unknown): unknown {
  return withoutKey(template, "labels", hashLabel);
}

/** A copy whose `metadata[map]` lacks `key`; an emptied map goes with it. */
export function withoutKey(template: unknown, map: "labels" | "annotations", key: string): unknown {
  if (!isObject(template) || !isObject(template["metadata"])) return template;
  const { [map]: entries, ...metadata } = template["metadata"];
  if (!isObject(entries)) return template;
  const { [key]: _, ...kept } = entries;
  return { ...template, metadata: Object.keys(kept).length === 0 ? metadata : { ...metadata, [map]: kept } };
}
