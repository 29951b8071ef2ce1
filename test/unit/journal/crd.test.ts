import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { crdYaml } from "../../../src/journal/crd.ts";

test("the file under deploy/crds is the one the schema gives (npm run generate)", async () => {
  expect(await readFile(new URL("../../../deploy/crds/guards.rearguard.dev.yaml", import.meta.url), "utf8")).toBe(crdYaml());
});

test("the schema is structural: every level is typed, nothing that the API server refuses", () => {
  const definition: unknown = parse(crdYaml());
  const [version] = (definition as { spec: { versions: { schema: { openAPIV3Schema: unknown } }[] } }).spec.versions;

  expect(untyped(version?.schema.openAPIV3Schema, "$")).toEqual([]);
  expect(crdYaml()).not.toMatch(/\$ref|\$schema|anyOf|oneOf|allOf|const:|additionalProperties: false/);
});

function untyped(schema: unknown, path: string): readonly string[] {
  const { type, properties, items, additionalProperties } = schema as Readonly<Record<string, object | undefined>>;
  const children = Object.entries({
    ...properties,
    ...(items && { "[]": items }),
    ...(additionalProperties && { "{}": additionalProperties }),
  });
  const here = type === undefined || (properties && additionalProperties) ? [path] : [];
  return [...here, ...children.flatMap(([name, child]) => untyped(child, `${path}.${name}`))];
}
