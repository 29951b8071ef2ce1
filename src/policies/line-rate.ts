import { ratioCodec } from "./ratio.ts";
import { named } from "./told.ts";

const pattern = "^(\\d+(?:\\.\\d+)?)/min/pod$";
const [least, most] = [0.001, 100_000];

/** Log lines of one ready pod in one minute: "6/min/pod" as 6. A bare 6 is refused: lines in which time, of how many pods? */
export function lineRate() {
  const allowed = "lines per minute and ready pod, such as 6/min/pod, from 0.001";
  return ratioCodec(pattern, ["6/min/pod"], allowed, cause, {
    parse: (text) => {
      const digits = new RegExp(pattern).exec(text)?.[1];
      return digits === undefined ? undefined : Number(digits);
    },
    format: (rate) => `${rate}/min/pod`,
    fits: (rate) => rate >= least && rate <= most,
  });
}

function cause(input: unknown): string {
  const value = Number(typeof input === "string" ? input.replace(/\/min$/, "") : input);
  return value > 0 ? `the unit is missing; did you mean ${named(`${value}/min/pod`)}?` : "";
}
