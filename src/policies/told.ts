/** What is wrong, what would be right, and the likely cause: the three parts every message about YAML has. */
export interface Told {
  readonly what: string;
  readonly allowed?: string;
  readonly cause?: string;
}

/** Packs the parts into the one string zod carries in an issue; `read` unpacks them. Parts hold no line breaks. */
export function told(what: string, allowed: string | undefined = "", cause: string | undefined = ""): string {
  return [what, allowed, cause].map((part) => part.replaceAll(/\s*\n\s*/g, " ")).join("\n");
}

export function readTold(message: string): Told {
  const [what = "", allowed = "", cause = ""] = message.split("\n");
  return { what, ...(allowed && { allowed }), ...(cause && { cause }) };
}

/** How a value of YAML is named in a message. */
export function named(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
  return String(value as number | boolean | bigint);
}
