// What Elasticsearch makes of documents that come without a mapping.

/** Types of fields that this Elasticsearch knows; a text field that was mapped by itself has a `.keyword` beside it. */
export type FieldType = "text" | "keyword" | "long" | "date";

export type Mapping = Map<string, FieldType>;

/** Values by dotted path: `{"log.level": …}` and `{log: {level: …}}` are the same field. */
export type Flat = ReadonlyMap<string, readonly (string | number)[]>;

export function flatten(source: object): Flat {
  const flat = new Map<string, (string | number)[]>();
  const put = (path: string, value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) put(path, one);
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) put(path === "" ? key : `${path}.${key}`, inner);
    else if (typeof value === "string" || typeof value === "number") flat.set(path, [...(flat.get(path) ?? []), value]);
  };
  put("", source);
  return flat;
}

/** The first value of a field decides for good. */
export function learn(mapping: Mapping, flat: Flat): void {
  for (const [path, [value]] of flat) if (!mapping.has(path) && value !== undefined) mapping.set(path, typeOf(value));
}

/** `{properties: {…}}` as it is sent when an index is made. */
export function explicitMapping(properties: object, mapping: Mapping = new Map(), prefix = ""): Mapping {
  for (const [key, value] of Object.entries(properties)) {
    const { type, properties: inner } = value as { type?: FieldType; properties?: object };
    if (inner !== undefined) explicitMapping(inner, mapping, `${prefix}${key}.`);
    else if (type !== undefined) mapping.set(`${prefix}${key}`, type);
  }
  return mapping;
}

/** The field that a name stands for; undefined where no document has it. */
export function fieldOf(mapping: Mapping, name: string): { readonly path: string; readonly type: FieldType } | undefined {
  const type = mapping.get(name);
  if (type !== undefined) return { path: name, type };
  const path = name.replace(/\.keyword$/, "");
  return path !== name && mapping.get(path) === "text" ? { path, type: "keyword" } : undefined;
}

/** As the standard analyzer does. */
export function tokensOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+(?:[.'][\p{L}\p{N}_]+)*/gu) ?? [];
}

function typeOf(value: string | number): FieldType {
  if (typeof value === "number") return "long";
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? "date" : "text";
}
