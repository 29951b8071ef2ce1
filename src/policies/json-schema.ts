import { z } from "zod";

/** JSON schema (draft 7) of what is written: on the output side every key with a default would be required. */
export function jsonSchemaOf(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, { target: "draft-7", io: "input", unrepresentable: "any" });
}
