import type { z } from "zod";
import type { Answer } from "../../unit/actions/receiver.ts";

/** The body by its contract, or the first thing that is wrong with it: an unknown field and a wrong type too. */
export function strictly<T>(schema: z.ZodType<T>, body: string): { readonly value: T } | { readonly wrong: string } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { wrong: "the body is no JSON" };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  return { wrong: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}` };
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}
