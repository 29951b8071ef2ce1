import type { z } from "zod";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** One key that people may write: its dotted path (`[]` for a list of maps, `<name>` for a free key) and its default as YAML, or "". */
export interface Key {
  readonly path: string;
  readonly written: string;
  readonly description: string;
}

/** Every leaf of a schema in its own order. */
export function keysOf(schema: JsonSchema, path: readonly string[] = []): readonly Key[] {
  const { properties, additionalProperties, items } = schema;
  const below: (readonly [string, unknown])[] = Object.entries(properties ?? {});
  if (isSchema(additionalProperties) && (isMap(additionalProperties) || properties !== undefined))
    below.push(["<name>", additionalProperties]);
  if (below.length > 0) return below.flatMap(([name, child]) => (isSchema(child) ? keysOf(child, [...path, name]) : []));
  if (isSchema(items) && isMap(items)) return keysOf(items, [...path.slice(0, -1), `${path.at(-1)}[]`]);
  const { default: value, description = "" } = schema;
  return [{ path: path.join("."), written: value === undefined ? "" : asYaml(value), description }];
}

/** The rows of every table of a Markdown page whose first cell is code: cells as text, padding and back quotes of the first two gone. */
export function codeRows(page: string): readonly (readonly string[])[] {
  return page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => {
      const cells = line.slice(1, -1).split(/(?<!\\)\|/);
      return cells.map((cell, at) => (at < 2 ? cell.trim().replace(/^`(.*)`$/, "$1") : cell.trim()));
    });
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null;
}

function isMap(schema: JsonSchema): boolean {
  return schema.properties !== undefined || schema.additionalProperties !== undefined;
}

function asYaml(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(", ")}]` : String(value as string | number | boolean);
}
