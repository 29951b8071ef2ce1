import { z } from "zod";
import { nearest } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import { named, readTold, type Told } from "./told.ts";
import type { YamlDocument } from "./yaml-documents.ts";

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Turns what zod found into problems at their places: one for each unknown key, with the keys that exist and the likely slip. */
export function problemsOf(issues: readonly Issue[], document: YamlDocument, file: string, schema: JsonSchema): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (path: readonly PropertyKey[], what: "key" | "value", told: Told) =>
    problems.push({ file, ...document.at(path, what), path: z.core.toDotPath(path), ...told });
  for (const issue of issues.flatMap(meantOf)) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) add([...issue.path, key], "key", unknownKey(key, schemaAt(schema, issue.path)));
      continue;
    }
    const path = issue.path;
    if (issue.code === "invalid_key") add(path, "key", readTold(issue.issues[0]?.message ?? issue.message));
    else if (isMissing(issue, document.value)) add(path, "key", missing(issue, schemaAt(schema, path)));
    else
      add(
        path,
        issue.code === "custom" && issue.params?.["at"] === "key" ? "key" : "value",
        wrong(issue, schemaAt(schema, path), document.value),
      );
  }
  return problems;
}

/** Of alternatives, the problems of the one that the value's own shape says is meant. */
function meantOf(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const isOfShape = (issues: readonly Issue[]) =>
    !issues.some(({ code, path }) => path.length === 0 && (code === "invalid_type" || code === "invalid_value"));
  const meant = issue.errors.filter(isOfShape);
  if (meant.length !== 1) return [issue];
  return (meant[0] ?? []).flatMap((one) => meantOf({ ...one, path: [...issue.path, ...one.path] }));
}

function unknownKey(key: string, schema: JsonSchema | undefined): Told {
  const keys = Object.keys(schema?.properties ?? {});
  const meant = nearest(key, keys);
  return {
    what: `unknown key ${named(key)}`,
    ...(keys.length > 0 && { allowed: keys.join(", ") }),
    ...(meant && { cause: `did you mean ${meant}?` }),
  };
}

function isMissing(issue: Issue, value: unknown): boolean {
  return ["invalid_type", "invalid_value", "invalid_union"].includes(issue.code) && valueAt(value, issue.path) === undefined;
}

function missing(issue: Issue, schema: JsonSchema | undefined): Told {
  const allowed = readTold(issue.message).allowed ?? allowedBy(schema);
  return { what: `${String(issue.path.at(-1) ?? "the document")} is missing`, ...(allowed && { allowed }) };
}

function wrong(issue: Issue, schema: JsonSchema | undefined, document: unknown): Told {
  const value = valueAt(document, issue.path);
  const allowed = allowedBy(schema);
  if (issue.code === "invalid_value") {
    const meant = typeof value === "string" ? nearest(value, issue.values.map(String)) : undefined;
    const told = readTold(issue.message);
    if (told.allowed !== undefined) return told;
    return {
      what: `${named(value)} is not allowed`,
      allowed: issue.values.map(String).join(", "),
      ...(meant && { cause: `did you mean ${meant}?` }),
    };
  }
  if (issue.code === "invalid_type" && !issue.message.includes("\n")) {
    const quotes = issue.expected === "string" && (typeof value === "number" || typeof value === "boolean");
    return {
      what: `expected ${kinds[issue.expected] ?? issue.expected}, found ${named(value)}`,
      ...(allowed && { allowed }),
      ...(quotes && { cause: `YAML reads it as a ${typeof value}; put it in quotes` }),
    };
  }
  if (issue.message.includes("\n")) return readTold(issue.message);
  if (issue.code === "too_small") return { what: bound(issue.origin, issue.minimum, "least", value) };
  if (issue.code === "too_big") return { what: bound(issue.origin, issue.maximum, "most", value) };
  return readTold(issue.message);
}

const kinds: Readonly<Record<string, string>> = {
  object: "a map",
  record: "a map",
  array: "a list",
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function bound(origin: string, limit: number | bigint, word: "least" | "most", value: unknown): string {
  if (origin === "string") return `must have at ${word} ${limit} characters`;
  if (origin === "array" || origin === "object") return `must have at ${word} ${limit} ${Number(limit) === 1 ? "entry" : "entries"}`;
  return `${named(value)} is out of range: at ${word} ${limit}`;
}

function allowedBy(schema: JsonSchema | undefined): string | undefined {
  if (schema === undefined) return undefined;
  if (schema.enum) return schema.enum.map(String).join(", ");
  if (schema.const !== undefined) return String(schema.const);
  if (schema.properties) return Object.keys(schema.properties).join(", ");
  if (schema.examples?.length) return `text such as ${(schema.examples as unknown[]).map(String).join(", ")}`;
  return schema.type === undefined ? undefined : ofType(schema);
}

function ofType({ type, minimum, maximum }: JsonSchema): string | undefined {
  if (type === "array") return "a list, as in [one, two]";
  if (type === "object") return "a map, as in { name: value }";
  if (type !== "integer" && type !== "number") return undefined;
  const what = type === "integer" ? "a whole number" : "a number";
  if (minimum === undefined) return what;
  return maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? `${what} from ${minimum}` : `${what} from ${minimum} to ${maximum}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

function schemaAt(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema | undefined {
  let at: JsonSchema | undefined = schema;
  for (const step of path) {
    const below: unknown = at?.properties?.[String(step)] ?? at?.additionalProperties ?? at?.items;
    at = typeof below === "object" && below !== null ? mapOf(below as JsonSchema) : undefined;
  }
  return at;
}

/** Of alternatives the one that is a map: only in it there is a further way. */
function mapOf(schema: JsonSchema): JsonSchema {
  if (schema.properties !== undefined) return schema;
  const maps = (schema.anyOf ?? []).filter((one): one is JsonSchema => typeof one === "object" && one.properties !== undefined);
  return maps[0] ?? schema;
}
