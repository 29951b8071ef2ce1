import { z } from "zod";
import { named, told } from "./policies/told.ts";

/** Who may call the API; `file` is the schema of a file that can be read. */
export function tokensSettings(file: z.ZodType<string, string>) {
  const token = z.strictObject({
    name: z
      .string()
      .regex(/^[\w.@-]{1,63}$/, {
        error: ({ input }) => told(`${named(input)} cannot name who holds a token`, "letters, digits, ., _, @ and -, at most 63"),
      })
      .describe("Who holds it: stands in the record of what was ordered."),
    role: z.enum(["read", "operate"]).describe("read: sees everything. operate: gives orders and pauses all action, too."),
    tokenFile: file.describe("File with the bearer token, read again at every call."),
  });
  return z
    .array(token)
    .superRefine((tokens, context) => {
      for (const [at, { name }] of tokens.entries()) {
        if (tokens.findIndex((other) => other.name === name) === at) continue;
        context.addIssue({ code: "custom", path: [at, "name"], message: told(`the name ${named(name)} is taken by an earlier token`) });
      }
    })
    .default([])
    .describe("Bearer tokens that the API lets in; without any it may be read from this machine alone.");
}
