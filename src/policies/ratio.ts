import { z } from "zod";
import { named, told } from "./told.ts";

const number = "(\\d+(?:\\.\\d+)?)";
const percentPattern = `^${number}%$`;
const timesPattern = `^${number}x$`;

/** "0.5%" as 0.005, or undefined. Shifts the decimal point in the text, so that 99.9% is 0.999 to the last bit. */
export function parsePercent(text: string): number | undefined {
  const digits = new RegExp(percentPattern).exec(text)?.[1];
  return digits === undefined ? undefined : Number(`${digits}e-2`);
}

/** 0.005 as "0.5%"; `parsePercent` reads the same number back. */
export function formatPercent(ratio: number): string {
  return `${shifted(ratio, 2)}%`;
}

/** "1.5x" as 1.5, or undefined. */
export function parseTimes(text: string): number | undefined {
  const digits = new RegExp(timesPattern).exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** 1.5 as "1.5x"; `parseTimes` reads the same number back. */
export function formatTimes(factor: number): string {
  return `${shifted(factor, 0)}x`;
}

/** A percentage in YAML as a ratio 0–1, above `over` and up to `most` (both ratios). A bare 0.5 is refused: half, or half of one per cent? */
export function percent(over: number, most: number) {
  const allowed = `a percentage above ${formatPercent(over)}, at most ${formatPercent(most)}`;
  const fits = (ratio: number) => ratio > over && ratio <= most;
  return ratioCodec(percentPattern, ["1%", "0.5%"], allowed, (input) => percentCause(input, fits), {
    parse: parsePercent,
    format: formatPercent,
    fits,
  });
}

/** How many times the old revision's rate the new one may have: "1.5x", from 1x (no worse at all) to 100x. */
export function times() {
  return ratioCodec(timesPattern, ["1.5x"], "a factor such as 1.5x, from 1x to 100x", timesCause, {
    parse: parseTimes,
    format: formatTimes,
    fits: (factor) => factor >= 1 && factor <= 100,
  });
}

/** `times` of a signal's `worseThanOld`. */
export function worseTimes() {
  return times().describe("The new revision may be this many times as bad as the old one before it counts, even above its limit.");
}

interface Form {
  readonly parse: (text: string) => number | undefined;
  readonly format: (value: number) => string;
  readonly fits: (value: number) => boolean;
}

/** A number written as text of its own form: decoding tells what is wrong, what is allowed and what was meant. */
export function ratioCodec(pattern: string, examples: readonly string[], allowed: string, cause: (input: unknown) => string, form: Form) {
  const text = z
    .string({ error: ({ input }) => told(`${named(input)} cannot be read`, allowed, cause(input)) })
    .meta({ pattern, examples: [...examples] });
  return z.codec(text, z.number(), {
    decode(written, context) {
      const value = form.parse(written);
      if (value !== undefined && form.fits(value)) return value;
      const what = value === undefined ? `${named(written)} cannot be read` : `${written} is out of range`;
      context.issues.push({ code: "custom", input: written, message: told(what, allowed, value === undefined ? cause(written) : "") });
      return z.NEVER;
    },
    encode: form.format,
  });
}

function percentCause(input: unknown, fits: (ratio: number) => boolean): string {
  if (typeof input === "string" && /^\d+,\d+%$/.test(input)) return `did you mean ${input.replace(",", ".")}?`;
  const value = typeof input === "string" && input !== "" ? Number(input) : input;
  if (typeof value !== "number" || Number.isNaN(value)) return "";
  const meant = [`${value}%`, ...(value > 0 && value < 1 ? [formatPercent(value)] : [])].filter((text) => fits(parsePercent(text) ?? -1));
  return `the % sign is missing${meant.length > 0 ? `; did you mean ${meant.join(", or ")}?` : ""}`;
}

function timesCause(input: unknown): string {
  const value = typeof input === "string" ? Number(input.replace(/[×X]$/, "")) : input;
  return typeof value === "number" && value > 0 ? `the x is missing; did you mean ${value}x?` : "";
}

// Moves the point in the text: arithmetic would round, and a stored policy would come back with another number.
function shifted(value: number, places: number): string {
  const [mantissa = "0", exponent = "0"] = String(value).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const point = whole.length + Number(exponent) + places;
  const digits = (whole + fraction).padEnd(point, "0");
  const padded = point > 0 ? digits : "0".repeat(1 - point) + digits;
  const at = Math.max(1, point);
  const text = `${padded.slice(0, at).replace(/^0+(?=\d)/, "")}.${padded.slice(at)}`;
  return text.replace(/\.?0*$/, "");
}
