import { stringify } from "yaml";
import { z } from "zod";
import { guardKind, guardSpec, guardStatus, remediationSpec, remediationStatus } from "./guard-schema.ts";

const columns = [
  { name: "Workload", type: "string", jsonPath: ".spec.workload.name" },
  { name: "Trigger", type: "string", jsonPath: ".spec.trigger.kind" },
  { name: "Revision", type: "integer", jsonPath: ".status.revision" },
  { name: "Phase", type: "string", jsonPath: ".status.phase" },
  { name: "Braked", type: "boolean", jsonPath: ".status.braked" },
  { name: "Evidence", type: "number", jsonPath: ".status.evidence" },
  { name: "Since", type: "date", jsonPath: ".spec.openedAt" },
  { name: "Message", type: "string", jsonPath: ".status.message", priority: 1 },
] as const;

/** The custom resource definition of Guard as plain data. */
export function crd() {
  const { group, version, plural, singular, kind, shortNames } = guardKind;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { plural, singular, kind, listKind: `${kind}List`, shortNames: [...shortNames], categories: ["rearguard"] },
      scope: "Namespaced",
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              description:
                "One run of one policy over one rollout, or over one workload in trouble, kept by Rearguard. Read it; do not write it.",
              type: "object",
              required: ["spec"],
              properties: { spec: both(guardSpec, remediationSpec), status: both(guardStatus, remediationStatus) },
            },
          },
        },
      ],
    },
  } as const;
}

/** Text of deploy/crds/guards.rearguard.dev.yaml. */
export function crdYaml(): string {
  return `# Generated from src/journal/guard-schema.ts by \`npm run generate\`. Do not edit.\n${stringify(crd(), { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** What either of two kinds of guards has; only what both must have is required. */
function both(one: z.ZodType, other: z.ZodType): Readonly<Record<string, unknown>> {
  const [a, b] = [structural(toJsonSchema(one)), structural(toJsonSchema(other))];
  const required = namesIn(a["required"]).filter((name) => namesIn(b["required"]).includes(name));
  return { ...a, required, properties: { ...propertiesOf(a), ...propertiesOf(b), ...propertiesOf(a) } };
}

function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

function propertiesOf({ properties }: Readonly<Record<string, unknown>>): object {
  return isObject(properties) ? properties : {};
}

function toJsonSchema(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, { unrepresentable: "any", io: "input" });
}

// What a structural schema may say (Kubernetes: "Specifying a structural schema"); `pattern` is left out because `format` says it.
const kept = ["type", "description", "format", "enum", "required", "minimum", "x-kubernetes-preserve-unknown-fields"];
const dropped = ["$schema", "pattern", "maximum", "propertyNames", "properties", "items", "additionalProperties"];

function structural(schema: unknown): Readonly<Record<string, unknown>> {
  if (typeof schema !== "object" || schema === null) throw new Error("a schema must be an object");
  const from: Readonly<Record<string, unknown>> = { ...schema };
  const unknown = Object.keys(from).filter((key) => !kept.includes(key) && !dropped.includes(key));
  if (unknown.length > 0) throw new Error(`the API server takes no ${unknown.join(", ")} in a structural schema`);
  const { properties, items, additionalProperties } = from;
  return {
    ...Object.fromEntries(kept.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])),
    ...(isObject(properties) ? { properties: mapValues(properties) } : {}),
    ...(isObject(items) ? { items: structural(items) } : {}),
    // Beside `properties` the server refuses it; alone it types a map.
    ...(isObject(additionalProperties) && !isObject(properties) ? { additionalProperties: structural(additionalProperties) } : {}),
  };
}

function mapValues(properties: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, structural(schema)]));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
