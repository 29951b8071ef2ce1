import { z } from "zod";
import type { Ms } from "../model.ts";
import { duration } from "./duration.ts";
import { times } from "./ratio.ts";
import { exactlyOne, oneOf } from "./siblings.ts";
import { told } from "./told.ts";

const day = 86_400_000;

const minRequests = z.int().min(1).max(1_000_000).default(100).describe("A window with fewer requests is not judged.");

const rate = z
  .strictObject({
    over: duration(1, day).prefault("1m").describe("Window of the rate."),
    for: duration(0, day).prefault("2m").describe("How long the rate must stay above the limit before it counts."),
    minRequests,
  })
  .describe("The rate over a window, above the limit for a time.");

const burnRate = z
  .strictObject({
    factor: times().prefault("3x").describe("Both rates must be above this many times the limit."),
    long: duration(1, day).prefault("5m").describe("The window that shows that it matters; minRequests are counted in it."),
    short: duration(1, day).prefault("1m").describe("The window that shows that it goes on."),
    minRequests,
  })
  .superRefine(({ long, short }, context) => {
    if (typeof long !== "number" || typeof short !== "number" || short < long) return;
    context.addIssue({ code: "custom", path: ["short"], message: told("short is not shorter than long", "less than long") });
  })
  .describe("Rates over a long and a short window, both above a multiple of the limit.");

/** A plain rule in place of evidence. */
export const httpRule = z
  .strictObject({ rate: rate.optional(), burnRate: burnRate.optional() })
  .superRefine(...exactlyOne(["rate", "burnRate"]))
  .meta(oneOf(["rate", "burnRate"]))
  .describe(
    "Judge by a plain rule instead of by evidence: no statistical bound, outside the confidence. Exactly one of rate and burnRate.",
  );

export type HttpRule =
  | { readonly kind: "rate"; readonly overMs: Ms; readonly forMs: Ms; readonly minRequests: number }
  | { readonly kind: "burn-rate"; readonly factor: number; readonly longMs: Ms; readonly shortMs: Ms; readonly minRequests: number };

export function httpRuleOf(written: z.output<typeof httpRule>): HttpRule {
  if (written.rate) return { kind: "rate", overMs: written.rate.over, forMs: written.rate.for, minRequests: written.rate.minRequests };
  if (written.burnRate) {
    const { factor, long, short, minRequests: least } = written.burnRate;
    return { kind: "burn-rate", factor, longMs: long, shortMs: short, minRequests: least };
  }
  throw new TypeError("A rule without rate and burnRate was not read through signalSchema.");
}
