import type { Signal } from "../policies/signal.ts";
import { fillTemplate } from "../policies/template.ts";
import type { TemplateValues } from "../policies/template.ts";
import type { PromqlAsk } from "./ask.ts";

/** The user's query with its placeholders filled in. */
export function promqlAsk(signal: Extract<Signal, { kind: "promql" }>, values: TemplateValues): PromqlAsk {
  return { kind: "promql", promql: fillTemplate(signal.query, values) };
}
