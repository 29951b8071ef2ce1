import { z } from "zod";
import { named, told } from "./told.ts";

const pattern = "^\\d+ of \\d+$";
const most = 100;
const allowed = `N of M with 1 <= N <= M <= ${most}, such as 3 of 5`;

/** So many of the last `of` answered samples. */
export interface Failures {
  readonly failures: number;
  readonly of: number;
}

/** "3 of 5" in YAML; N in a row is "N of N". Encodes back to the text. */
export function failures() {
  const text = z
    .string({ error: ({ input }) => told(`${named(input)} cannot be read`, allowed, likelyCause(input)) })
    .meta({ pattern, examples: ["3 of 5", "3 of 3"] });
  return z.codec(text, z.custom<Failures>(), {
    decode(written, context) {
      const [count = 0, of = 0] = new RegExp(pattern).test(written) ? written.split(" of ").map(Number) : [];
      if (count >= 1 && count <= of && of <= most) return { failures: count, of };
      const what = of === 0 ? `${named(written)} cannot be read` : `${written} is out of range`;
      context.issues.push({ code: "custom", input: written, message: told(what, allowed, likelyCause(written)) });
      return z.NEVER;
    },
    encode: ({ failures: count, of }) => `${count} of ${of}`,
  });
}

function likelyCause(input: unknown): string {
  const count = typeof input === "number" || (typeof input === "string" && /^\d+$/.test(input)) ? Number(input) : undefined;
  return count === undefined ? "" : `${count} in a row is ${count} of ${count}`;
}
