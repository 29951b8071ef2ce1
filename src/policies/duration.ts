import { z } from "zod";
import type { Ms } from "../model.ts";
import { named, told } from "./told.ts";

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;
const pattern = "^(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?(\\d+ms)?$";
const shape = new RegExp(pattern);
const allowed = "a duration such as 500ms, 30s, 5m or 1h30m";

/** Length of time in ms, or undefined where `text` is none. Units d, h, m, s, ms in this order, each at most once, whole numbers. */
export function parseDuration(text: string): Ms | undefined {
  const parts = text === "" ? null : shape.exec(text);
  if (parts === null) return undefined;
  return units.reduce((sum, [, length], at) => sum + Number.parseInt(parts[at + 1] ?? "0", 10) * length, 0);
}

/** The shortest text that `parseDuration` reads back as `ms` (a whole number of ms, not negative). */
export function formatDuration(ms: Ms): string {
  let rest = ms;
  let text = "";
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * length;
  }
  return text || "0s";
}

/** A duration in YAML ("30s") as ms, between two bounds; encodes back to the text. */
export function duration(least: Ms, most: Ms) {
  const range = `between ${formatDuration(least)} and ${formatDuration(most)}`;
  const text = z
    .string({ error: ({ input }) => told(`${named(input)} is not a duration`, allowed, likelyCause(input, least, most)) })
    .meta({ pattern, examples: ["30s", "5m"] });
  return z.codec(text, z.number(), {
    decode(written, context) {
      const ms = parseDuration(written);
      if (ms !== undefined && ms >= least && ms <= most) return ms;
      const message =
        ms === undefined
          ? told(`${named(written)} is not a duration`, allowed, likelyCause(written, least, most))
          : told(`${written} is out of range`, range);
      context.issues.push({ code: "custom", input: written, message });
      return z.NEVER;
    },
    encode: formatDuration,
  });
}

/** A duration as above, or one word in its place. */
export function durationOr<const Word extends string>(word: Word, least: Ms, most: Ms) {
  const range = `between ${formatDuration(least)} and ${formatDuration(most)}, or ${word}`;
  const either = `${allowed}, or ${word}`;
  const text = z
    .string({ error: ({ input }) => told(`${named(input)} is not a duration`, either, likelyCause(input, least, most)) })
    .meta({ pattern: `^${word}$|${pattern}`, examples: ["250ms", word] });
  return z.codec(text, z.union([z.number(), z.literal(word)]), {
    decode(written, context) {
      if (written === word) return word;
      const ms = parseDuration(written);
      if (ms !== undefined && ms >= least && ms <= most) return ms;
      const message =
        ms === undefined
          ? told(`${named(written)} is not a duration`, either, likelyCause(written, least, most))
          : told(`${written} is out of range`, range);
      context.issues.push({ code: "custom", input: written, message });
      return z.NEVER;
    },
    encode: (value) => (typeof value === "number" ? formatDuration(value) : value),
  });
}

function likelyCause(input: unknown, least: Ms, most: Ms): string {
  const fits = (text: string) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms >= least && ms <= most;
  };
  if (typeof input === "number" || (typeof input === "string" && /^\d+$/.test(input))) {
    const meant = ["s", "m", "ms"].map((unit) => `${input}${unit}`).filter(fits);
    return `the unit is missing${meant.length > 0 ? `; did you mean ${meant.slice(0, 2).join(" or ")}?` : ""}`;
  }
  if (typeof input !== "string") return "";
  if (/\d\.\d/.test(input)) return "only whole numbers are read: 1.5h is 1h30m";
  const short = input.replaceAll(/\s+/g, "").replace(/(d|h|m|s|ms)[a-z]*$/i, (unit) => abbreviated(unit.toLowerCase()));
  return fits(short) ? `did you mean ${short}?` : "";
}

function abbreviated(unit: string): string {
  return unit.startsWith("ms") || unit.startsWith("milli") ? "ms" : unit.charAt(0);
}
