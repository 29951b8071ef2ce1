import { isObject } from "../object.ts";
import type { JsonObject } from "../object.ts";
import { invalidValue, requiredValue } from "../status.ts";
import type { Cause } from "../status.ts";

/** Everything in which the value departs from an OpenAPI v3 schema, in the server's words. CEL rules are not evaluated. */
export function validateBySchema(schema: unknown, value: unknown, path: string): Cause[] {
  if (!isObject(schema)) return [];
  if (value === null && schema["nullable"] === true) return [];
  const wrongType = typeProblem(schema, value, path);
  if (wrongType) return [wrongType];
  if (Array.isArray(value)) return validateList(schema, value, path);
  if (isObject(value)) return validateObject(schema, value, path);
  return validateScalar(schema, value, path);
}

function validateObject(schema: JsonObject, value: JsonObject, path: string): Cause[] {
  const under = (key: string) => (path === "" ? key : `${path}.${key}`);
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  const missing = required.filter((key) => value[key] === undefined).map((key) => requiredValue(under(key)));
  const each = Object.entries(value).flatMap(([key, item]) => {
    if (path === "" && ["apiVersion", "kind", "metadata"].includes(key)) return [];
    const known = properties[key];
    return validateBySchema(known ?? schema["additionalProperties"], item, known ? under(key) : `${path}.${key}`);
  });
  return [...missing, ...each];
}

function validateList(schema: JsonObject, value: readonly unknown[], path: string): Cause[] {
  const most = schema["maxItems"];
  const tooMany = `must have at most ${String(most)} items`;
  const problems =
    typeof most === "number" && value.length > most
      ? [{ reason: "FieldValueTooMany", message: `Too many: ${value.length}: ${tooMany}`, field: path }]
      : [];
  const least = schema["minItems"];
  if (typeof least === "number" && value.length < least) {
    problems.push(invalidValue(path, value.length, `${path} in body should have at least ${least} items`));
  }
  return [...problems, ...value.flatMap((item, index) => validateBySchema(schema["items"], item, `${path}[${index}]`))];
}

function validateScalar(schema: JsonObject, value: unknown, path: string): Cause[] {
  const problems: Cause[] = [];
  const { enum: allowed, minimum, maximum, minLength, maxLength, pattern } = schema;
  if (Array.isArray(allowed) && !allowed.includes(value)) {
    const supported = allowed.map((item) => JSON.stringify(item)).join(", ");
    problems.push({
      reason: "FieldValueNotSupported",
      message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`,
      field: path,
    });
  }
  if (typeof value === "number") {
    if (typeof minimum === "number" && value < minimum)
      problems.push(invalidValue(path, value, `${path} in body should be greater than or equal to ${minimum}`));
    if (typeof maximum === "number" && value > maximum)
      problems.push(invalidValue(path, value, `${path} in body should be less than or equal to ${maximum}`));
  }
  if (typeof value === "string") {
    if (typeof maxLength === "number" && lengthOf(value) > maxLength) {
      problems.push({ reason: "FieldValueTooLong", message: `Too long: may not be more than ${maxLength} bytes`, field: path });
    }
    if (typeof minLength === "number" && lengthOf(value) < minLength)
      problems.push(invalidValue(path, value, `${path} in body should be at least ${minLength} chars long`));
    if (typeof pattern === "string" && !new RegExp(pattern).test(value))
      problems.push(invalidValue(path, value, `${path} in body should match '${pattern}'`));
    if (schema["format"] === "date-time" && Number.isNaN(Date.parse(value))) {
      problems.push(invalidValue(path, value, `${path} in body must be of type date-time: ${JSON.stringify(value)}`));
    }
  }
  return problems;
}

/** In characters, as Go counts runes. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function typeProblem(schema: JsonObject, value: unknown, path: string): Cause | undefined {
  if (schema["x-kubernetes-int-or-string"] === true) return undefined;
  const wanted = schema["type"];
  const found = jsonType(value);
  if (typeof wanted !== "string" || found === wanted || (wanted === "number" && found === "integer")) return undefined;
  const why = `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`;
  return { ...invalidValue(path, found, why), reason: "FieldValueTypeInvalid" };
}

function jsonType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}
