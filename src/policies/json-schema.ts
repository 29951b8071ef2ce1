import { z } from "zod";

/**
 * JSON schema (draft 7) of what is written: on the output side every key with a default would be required. `usual` in a key's meta is a
 * default that is not filled in by zod itself; zod drops a `default` that stands there.
 */
export function jsonSchemaOf(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    override({ jsonSchema }) {
      if (jsonSchema["usual"] === undefined) return;
      Object.assign(jsonSchema, { default: jsonSchema["usual"] });
      delete jsonSchema["usual"];
    },
  });
}
