import type { z } from "zod";
import { jsonSchemaOf } from "./json-schema.ts";
import { policySchema } from "./policy.ts";

/** JSON schema of the YAML people write, for editors: the same zod source that reads it. */
export function policyJsonSchema(): z.core.JSONSchema.BaseSchema {
  return jsonSchemaOf(policySchema);
}
