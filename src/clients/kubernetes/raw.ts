// Narrow readers of raw Kubernetes JSON. Generated classes drop every field they do not know, so nothing here is typed by them.

/** An object as the API server sent it. */
export type RawObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is RawObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of keys; undefined where the path ends early. */
export function dig(value: unknown, ...keys: readonly string[]): unknown {
  let at = value;
  for (const key of keys) {
    if (!isObject(at)) return undefined;
    at = at[key];
  }
  return at;
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Labels or annotations: what is not a string is left out. */
export function strings(value: unknown): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  if (!isObject(value)) return found;
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry === "string") found[key] = entry;
  }
  return found;
}

/** The objects of an array; empty for anything else. */
export function objects(value: unknown): readonly RawObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Milliseconds since the epoch of an RFC 3339 time. */
export function instant(value: unknown): number | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** `namespace/name`, or `name` for what lives in no namespace; undefined for what is no API object. */
export function keyOf(object: RawObject): string | undefined {
  const name = text(dig(object, "metadata", "name"));
  const namespace = text(dig(object, "metadata", "namespace"));
  return name !== undefined && namespace !== undefined ? `${namespace}/${name}` : name;
}

/** The ownerReference with `controller: true`. */
export function controllerOf(object: RawObject): RawObject | undefined {
  return objects(dig(object, "metadata", "ownerReferences")).find((owner) => owner["controller"] === true);
}
