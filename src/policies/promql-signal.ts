import { z } from "zod";
import type { Ms } from "../model.ts";
import { duration } from "./duration.ts";
import { type Failures, failures } from "./failures.ts";
import { exactlyOne, never, notBoth, oneOf } from "./siblings.ts";
import { ofRollout, templateProblem } from "./template.ts";
import { told } from "./told.ts";

const day = 86_400_000;

/** A query that is asked as it is written, with these placeholders filled. */
export function queryWith(placeholders: readonly string[]) {
  const words = placeholders.map((name) => `{{${name}}}`).join(", ");
  return z
    .string()
    .min(1)
    .max(10_000)
    .superRefine((query, context) => {
      const message = templateProblem(query, placeholders) ?? rangeProblem(query);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .describe(`PromQL; ${words}.`);
}

/** `beyond`: what a series beyond the limit means. */
export function promqlWith(placeholders: readonly string[], beyond: string) {
  return z
    .strictObject({
      query: queryWith(placeholders),
      above: z.number().optional().describe(`${beyond} while any series is above this.`),
      below: z.number().optional().describe(`${beyond} while any series is below this.`),
      for: duration(0, day).optional().meta({ usual: "0s" }).describe("How long it must last before it counts."),
      failures: failures().optional().describe("Or: how many of the last samples must be beyond it before it counts, such as 3 of 5."),
    })
    .superRefine(...exactlyOne(["above", "below"]))
    .superRefine(...notBoth("for", "failures", "for counts time, failures counts samples"))
    .overwrite((written) => (written.failures === undefined ? { ...written, for: written.for ?? 0 } : written))
    .meta({ ...oneOf(["above", "below"]), ...never("for", "failures") })
    .describe("A plain threshold on any query; has no statistical bound. Exactly one of above and below; at most one of for and failures.");
}

export const promql = promqlWith(ofRollout, "Breach");

export interface PromqlSignal {
  readonly kind: "promql";
  readonly query: string;
  readonly comparison: "above" | "below";
  readonly limit: number;
  readonly forMs: Ms;
  /** In place of `forMs`. */
  readonly failures?: Failures;
}

export function promqlSignalOf({ query, above, below, for: forMs = 0, failures: share }: z.output<typeof promql>): PromqlSignal {
  const rule = { forMs, ...(share === undefined ? {} : { failures: share }) };
  if (above !== undefined) return { kind: "promql", query, comparison: "above", limit: above, ...rule };
  if (below !== undefined) return { kind: "promql", query, comparison: "below", limit: below, ...rule };
  throw new TypeError("A promql signal without above or below was not read through signalSchema.");
}

/** Found while the policy is loaded, where it can be: Prometheus would refuse it, or answer with samples over time, in every block. */
function rangeProblem(query: string): string | undefined {
  if (!/\[[^\]["'`]*\]\s*((offset|@)\s*[^\s)]+\s*)*$/.test(query)) return undefined;
  return told("the query ends as a range of samples", "one number per series, as rate(x[5m]) gives", "a function around it is missing");
}
