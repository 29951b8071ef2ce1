import type { z } from "zod";
import { jsonSchemaOf } from "./json-schema.ts";
import { policySchema } from "./policy.ts";
import { remediationSchema } from "./remediation.ts";

/** JSON schemas of the YAML people write, by kind: the same zod sources that read it. */
export const schemasByKind = { Policy: jsonSchemaOf(policySchema), Remediation: jsonSchemaOf(remediationSchema) } as const;

/** One schema of all kinds, for editors. */
export function policyJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { $schema, ...policy } = schemasByKind.Policy;
  const { $schema: _, ...remediation } = schemasByKind.Remediation;
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: "Rearguard policies",
    type: "object",
    if: { properties: { kind: { const: "Remediation" } }, required: ["kind"] },
    // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON schema, never a function
    then: remediation,
    else: policy,
  };
}
