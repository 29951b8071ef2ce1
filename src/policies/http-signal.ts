import { z } from "zod";
import type { Ms } from "../model.ts";
import { durationOr } from "./duration.ts";
import { type HttpRule, httpRule, httpRuleOf } from "./http-rule.ts";
import { labelName } from "./label-name.ts";
import type { PresetChoice } from "./preset-fit.ts";
import { callersPresets, namespacedPresets, type Preset, presetNames, presetOf, servicePresets } from "./presets.ts";
import { percent, worseTimes } from "./ratio.ts";
import { exactlyOne, never, notBoth, oneOf } from "./siblings.ts";
import { named, told } from "./told.ts";

const hour = 3_600_000;
const metricName = z
  .string()
  .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, { error: ({ input }) => told(`${named(input)} is no metric name`, "letters, digits, _ and :") });

const usualWorseThanOld = 1.5;
// Filled in by `withoutRule`, not by zod: only then is it known whether it was written beside a rule.
const worseThanOld = worseTimes().optional().meta({ usual: "1.5x" });
const ruleAlone = notBoth("rule", "worseThanOld", "a rule looks at the new pods alone");

const quantiles = { p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99 } as const;
const threshold = durationOr("old", 1, hour).optional();

const errors = z
  .strictObject({
    limit: percent(0, 0.99).prefault("0.5%").describe("Share of requests that may fail (status 5xx)."),
    worseThanOld,
    rule: httpRule.optional(),
  })
  .superRefine(...ruleAlone)
  .overwrite(withoutRule)
  .meta(never("rule", "worseThanOld"))
  .describe("Judges the share of failed requests.");

const slower = z
  .strictObject({ p50: threshold, p75: threshold, p90: threshold, p95: threshold, p99: threshold, worseThanOld, rule: httpRule.optional() })
  .superRefine(...exactlyOne(["p50", "p75", "p90", "p95", "p99"]))
  .superRefine((written, context) => {
    const own = Object.entries(written).find(([, value]) => value === "old")?.[0];
    if (own === undefined || written.rule === undefined) return;
    const message = told("old cannot be judged by a rule", "a duration such as 250ms", "a rule looks at the new pods alone");
    context.addIssue({ code: "custom", path: [own], message });
  })
  .superRefine(...ruleAlone)
  .overwrite(withoutRule)
  .meta({ ...oneOf(["p50", "p75", "p90", "p95", "p99"]), ...never("rule", "worseThanOld") })
  .describe(
    "Judges a latency quantile, by counting the requests slower than it allows; `old` is the old revision's own. Exactly one of p50 to p99.",
  );

export const http = z
  .strictObject({
    preset: z
      .enum(["auto", ...presetNames])
      .default("auto")
      .describe("Library or mesh that counts the requests; auto: the one that fits what the pods expose."),
    metric: z
      .strictObject({
        requests: metricName.optional().describe("Request counter, by its full name."),
        buckets: metricName.optional().describe("Histogram of latencies, by its full name with _bucket."),
        statusLabel: labelName.optional(),
        podLabel: labelName.optional().describe("Label that carries the pod's name: pod, exported_pod, kubernetes_pod_name …"),
        serviceLabel: labelName.optional().describe("Label that carries the Service's name, of presets that count whole Services."),
        namespaceLabel: labelName.optional().describe("Label that carries the Service's namespace, such as exported_namespace."),
      })
      .optional()
      .describe("Names that differ from the preset's."),
    seenBy: z
      .enum(["pods", "callers"])
      .default("pods")
      .describe("Whose counters are judged: those of the workload's own pods, or those of the processes that call it."),
    service: z
      .string()
      .regex(/^([a-z0-9-]|\{\{name\}\})+$/, {
        error: ({ input }) => told(`${named(input)} is no Service`, "the name of a Service; {{name}} is that of the workload"),
      })
      .optional()
      .meta({ usual: "{{name}}" })
      .describe("Service that the workload's requests come through, of presets that count whole Services."),
    errors: errors.optional(),
    slower: slower.optional(),
  })
  .superRefine(...exactlyOne(["errors", "slower"]))
  .superRefine(refuseUnseenCallers)
  .superRefine(refuseNamesOfAuto)
  .superRefine(refuseServiceOfPods)
  .meta(oneOf(["errors", "slower"]))
  .describe("HTTP requests of each pod, new against limit and against old. Exactly one of errors and slower.");

/** `limit` of `http-slower` is the share of requests that may be slower than `thresholdMs`; null stands for the old revision's own bound. */
export type HttpSignal =
  | {
      readonly kind: "http-errors";
      /** Null: it is chosen by what the pods expose, and was not yet. */
      readonly preset: Preset | null;
      readonly limit: number;
      readonly worseThanOld: number;
      readonly rule?: HttpRule;
      /** Judged by what the workload's callers count; absent: by what its own pods count. */
      readonly seenBy?: "callers";
      /** Judged by what is counted of this whole Service; {{name}} is the workload's. */
      readonly service?: string;
    }
  | {
      readonly kind: "http-slower";
      readonly preset: Preset | null;
      readonly quantile: number;
      readonly thresholdMs: Ms | null;
      readonly limit: number;
      readonly worseThanOld: number;
      readonly rule?: HttpRule;
      readonly service?: string;
    };

/** `chosen` is the preset that was found for one that is written as auto. */
export function httpSignalOf(written: z.output<typeof http>, chosen?: PresetChoice): HttpSignal {
  const preset = written.preset === "auto" ? chosenPreset(chosen) : presetOf(written.preset, written.metric);
  const service = preset?.service === undefined ? {} : { service: written.service ?? "{{name}}" };
  if (written.errors) {
    const seenBy = written.seenBy === "callers" ? { seenBy: written.seenBy } : {};
    return { kind: "http-errors", preset, limit: written.errors.limit, ...judgedBy(written.errors), ...seenBy, ...service };
  }
  for (const [key, quantile] of Object.entries(quantiles)) {
    const bound = written.slower?.[key as keyof typeof quantiles];
    if (written.slower === undefined || bound === undefined) continue;
    const thresholdMs = bound === "old" ? null : bound;
    // 1 - 0.95 is not 0.05 in binary; the limit is shown to people and must be.
    const limit = Math.round((1 - quantile) * 100) / 100;
    return { kind: "http-slower", preset, quantile, thresholdMs, limit, ...judgedBy(written.slower), ...service };
  }
  throw new TypeError("An http signal without errors or slower was not read through signalSchema.");
}

function chosenPreset(chosen: PresetChoice | undefined): Preset | null {
  return chosen === undefined ? null : presetOf(chosen.preset, chosen);
}

function judgedBy(written: { readonly worseThanOld?: number | undefined; readonly rule?: z.output<typeof httpRule> | undefined }) {
  const { worseThanOld: factor = usualWorseThanOld, rule } = written;
  return { worseThanOld: factor, ...(rule === undefined ? {} : { rule: httpRuleOf(rule) }) };
}

function withoutRule<T extends { readonly worseThanOld?: number | undefined; readonly rule?: unknown }>(written: T): T {
  return written.rule === undefined ? { ...written, worseThanOld: written.worseThanOld ?? usualWorseThanOld } : written;
}

function refuseUnseenCallers(
  { preset, seenBy, slower: latency }: { readonly preset: string; readonly seenBy: string; readonly slower?: unknown },
  context: z.RefinementCtx,
): void {
  if (seenBy !== "callers") return;
  const add = (what: string, allowed: string, cause: string) =>
    context.addIssue({ code: "custom", path: ["seenBy"], message: told(what, allowed, cause) });
  if (!callersPresets.some((name) => name === preset)) {
    add("callers is not possible with this preset", `pods, or one of the presets ${callersPresets.join(", ")}`, whyNoCallers(preset));
  }
  if (latency !== undefined) {
    add(
      "callers is not possible for slower",
      "pods, or errors in the place of slower",
      "callers time calls to old and new pods together, and the way to them",
    );
  }
}

function whyNoCallers(preset: string): string {
  if (preset === "auto") return "auto looks at what the pods themselves count";
  return servicePresets.some((name) => name === preset)
    ? `${preset} is itself the caller`
    : `${preset} counts only what a pod itself answers`;
}

/** Where the pod's name is may be told to auto; names of metrics would be those of a preset that is not known yet. */
function refuseNamesOfAuto(
  { preset, metric }: { readonly preset: string; readonly metric?: Readonly<Record<string, unknown>> | undefined },
  context: z.RefinementCtx,
): void {
  if (preset !== "auto") return;
  for (const key of ["requests", "buckets", "statusLabel"]) {
    if (metric?.[key] === undefined) continue;
    const message = told(
      `${key} cannot be given to preset auto`,
      `one of the presets ${presetNames.join(", ")}`,
      "the preset is not named",
    );
    context.addIssue({ code: "custom", path: ["metric", key], params: { at: "key" }, message });
  }
}

/** What is there for whole Services alone; and a plain rule, which looks at the new pods alone. */
function refuseServiceOfPods(
  written: {
    readonly preset: string;
    readonly metric?: Readonly<Record<string, unknown>> | undefined;
    readonly service?: unknown;
    readonly errors?: { readonly rule?: unknown } | undefined;
    readonly slower?: { readonly rule?: unknown } | undefined;
  },
  context: z.RefinementCtx,
): void {
  const isOfService = servicePresets.some((name) => name === written.preset);
  const add = (path: string[], what: string, allowed: string, cause: string) =>
    context.addIssue({ code: "custom", path, params: { at: "key" }, message: told(what, allowed, cause) });
  for (const key of ["errors", "slower"] as const) {
    if (!isOfService || written[key]?.rule === undefined) continue;
    add([key, "rule"], "a rule cannot judge a whole Service", "no rule, or a preset of pods", "a rule looks at the new pods alone");
  }
  if (isOfService) {
    refuseUnusedLabels(written, context);
    return;
  }
  const allowed = `one of the presets ${servicePresets.join(", ")}`;
  if (written.service !== undefined)
    add(["service"], "service is not possible with this preset", allowed, `${written.preset} counts by pod`);
  for (const key of ["serviceLabel", "namespaceLabel"]) {
    if (written.metric?.[key] !== undefined)
      add(["metric", key], `${key} is not possible with this preset`, allowed, `${written.preset} counts by pod`);
  }
}

/** A proxy's view has no pods, and where the value of the Service's label holds the namespace there is no label for it. */
function refuseUnusedLabels(
  { preset, metric }: { readonly preset: string; readonly metric?: Readonly<Record<string, unknown>> | undefined },
  context: z.RefinementCtx,
): void {
  const hasNamespace = namespacedPresets.some((name) => name === preset);
  const allowed = hasNamespace ? "serviceLabel, namespaceLabel" : "serviceLabel";
  const unused = {
    podLabel: `${preset} counts whole Services`,
    ...(hasNamespace ? {} : { namespaceLabel: `${preset} names the namespace in the label of the Service` }),
  };
  for (const [key, cause] of Object.entries(unused)) {
    if (metric?.[key] === undefined) continue;
    const message = told(`${key} is not possible with this preset`, allowed, cause);
    context.addIssue({ code: "custom", path: ["metric", key], params: { at: "key" }, message });
  }
}
