import { z } from "zod";
import type { LogFields, Ms } from "../model.ts";
import { duration, durationOr } from "./duration.ts";
import { type Failures, failures } from "./failures.ts";
import { type HttpRule, httpRule, httpRuleOf } from "./http-rule.ts";
import { logFieldsOf } from "./log-formats.ts";
import { logs } from "./logs.ts";
import { callersPresets, type Preset, presetNames, presetOf } from "./presets.ts";
import { labelName } from "./label-name.ts";
import { percent, worseTimes } from "./ratio.ts";
import { ratio, selectorOf } from "./ratio-signal.ts";
import { exactlyOne, never, notBoth, oneOf } from "./siblings.ts";
import type { MetricSelector } from "./selector.ts";
import { templateProblem } from "./template.ts";
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

const http = z
  .strictObject({
    preset: z.enum(presetNames).describe("Library or mesh that counts the requests."),
    metric: z
      .strictObject({
        requests: metricName.optional().describe("Request counter, by its full name."),
        buckets: metricName.optional().describe("Histogram of latencies, by its full name with _bucket."),
        statusLabel: labelName.optional(),
        podLabel: labelName.optional().describe("Label that carries the pod's name: pod, exported_pod, kubernetes_pod_name …"),
      })
      .optional()
      .describe("Names that differ from the preset's."),
    seenBy: z
      .enum(["pods", "callers"])
      .default("pods")
      .describe("Whose counters are judged: those of the workload's own pods, or those of the processes that call it."),
    errors: errors.optional(),
    slower: slower.optional(),
  })
  .superRefine(...exactlyOne(["errors", "slower"]))
  .superRefine(refuseUnseenCallers)
  .meta(oneOf(["errors", "slower"]))
  .describe("HTTP requests of each pod, new against limit and against old. Exactly one of errors and slower.");

const pods = z
  .strictObject({
    restarts: z.int().min(1).max(1000).default(2).describe("A container of a new pod that restarted this often is a crash loop."),
    stuckFor: duration(1, 24 * hour)
      .prefault("2m")
      .describe("How long a new pod may be stuck (image pull, configuration, scheduling)."),
    oomKills: z
      .int()
      .min(1)
      .max(1000)
      .default(2)
      .describe("So many new pods that ran out of memory (OOMKilled) are the revision's fault; a smaller workload needs all of its pods."),
    notReadyFor: duration(1, 24 * hour)
      .prefault("2m")
      .describe("How long a new pod that was ready may not be ready although its containers run."),
    readyWithin: duration(1, 24 * hour)
      .optional()
      .describe(
        "How long a new pod may take to become ready once it was created or restarted; without it only the progress deadline limits that.",
      ),
  })
  .describe("State of the new pods; needs no metric and has no statistical bound.");

const promql = z
  .strictObject({
    query: z
      .string()
      .min(1)
      .max(10_000)
      .superRefine(refuseBadTemplate)
      .describe("PromQL; {{namespace}}, {{name}}, {{pods.new}}, {{pods.old}}."),
    above: z.number().optional().describe("Breach while any series is above this."),
    below: z.number().optional().describe("Breach while any series is below this."),
    for: duration(0, 24 * hour)
      .optional()
      .meta({ usual: "0s" })
      .describe("How long it must last before it counts."),
    failures: failures().optional().describe("Or: how many of the last samples must be beyond it before it counts, such as 3 of 5."),
  })
  .superRefine(...exactlyOne(["above", "below"]))
  .superRefine(...notBoth("for", "failures", "for counts time, failures counts samples"))
  .overwrite((written) => (written.failures === undefined ? { ...written, for: written.for ?? 0 } : written))
  .meta({ ...oneOf(["above", "below"]), ...never("for", "failures") })
  .describe("A plain threshold on any query; has no statistical bound. Exactly one of above and below; at most one of for and failures.");

/** One signal as it is written: exactly one key says what kind it is. */
export const signalSchema = z
  .strictObject({ http: http.optional(), ratio: ratio.optional(), logs: logs.optional(), pods: pods.optional(), promql: promql.optional() })
  .superRefine(...exactlyOne(["http", "ratio", "logs", "pods", "promql"]))
  .meta(oneOf(["http", "ratio", "logs", "pods", "promql"]))
  .describe("One question about the new revision. Exactly one of http, ratio, logs, pods and promql.");

/** A signal as the policy holds it: the shape of the YAML with times in ms and ratios 0–1. */
export type WrittenSignal = z.output<typeof signalSchema>;

/**
 * A signal to switch on. Ratios are 0–1; `limit` of `http-slower` is the share of requests that may be slower than `thresholdMs`;
 * null stands for the old revision's own bound, which only its baseline tells. With a `rule` an http signal is judged by that rule
 * instead of by evidence.
 */
export type Signal =
  | {
      readonly kind: "http-errors";
      readonly preset: Preset;
      readonly limit: number;
      readonly worseThanOld: number;
      readonly rule?: HttpRule;
      /** Judged by what the workload's callers count; absent: by what its own pods count. */
      readonly seenBy?: "callers";
    }
  | {
      readonly kind: "http-slower";
      readonly preset: Preset;
      readonly quantile: number;
      readonly thresholdMs: Ms | null;
      readonly limit: number;
      readonly worseThanOld: number;
      readonly rule?: HttpRule;
    }
  | {
      readonly kind: "ratio";
      readonly bad: MetricSelector;
      readonly total: MetricSelector;
      readonly podLabel: string;
      readonly limit: number;
      readonly worseThanOld: number;
    }
  | {
      readonly kind: "logs";
      readonly index: string;
      readonly fields: LogFields;
      /** Lines per ready pod and minute. */
      readonly limit: number;
      readonly worseThanOld: number;
    }
  | {
      readonly kind: "pods";
      readonly restarts: number;
      readonly stuckForMs: Ms;
      readonly oomKills: number;
      readonly notReadyForMs: Ms;
      /** Absent: as long as the progress deadline allows. */
      readonly readyWithinMs?: Ms;
    }
  | {
      readonly kind: "promql";
      readonly query: string;
      readonly comparison: "above" | "below";
      readonly limit: number;
      readonly forMs: Ms;
      /** In place of `forMs`. */
      readonly failures?: Failures;
    };

/** Which kind a written signal is. Throws only on a value that the schema would have refused. */
export function signalOf(written: WrittenSignal): Signal {
  if (written.http) return httpSignal(written.http);
  if (written.ratio) {
    const { bad, total, ...rest } = written.ratio;
    return { kind: "ratio", ...rest, bad: selectorOf(bad, rest.podLabel), total: selectorOf(total, rest.podLabel) };
  }
  if (written.logs) {
    const { index, format, level, limit, worseThanOld: factor, fields } = written.logs;
    return { kind: "logs", index, fields: logFieldsOf(format, level, fields), limit, worseThanOld: factor };
  }
  if (written.pods) return podSignal(written.pods);
  if (written.promql) {
    const { query, above, below, for: forMs = 0, failures: share } = written.promql;
    const rule = { forMs, ...(share === undefined ? {} : { failures: share }) };
    if (above !== undefined) return { kind: "promql", query, comparison: "above", limit: above, ...rule };
    if (below !== undefined) return { kind: "promql", query, comparison: "below", limit: below, ...rule };
  }
  throw new TypeError("A signal without http, ratio, logs, pods or promql was not read through signalSchema.");
}

function podSignal({ restarts, stuckFor, oomKills, notReadyFor, readyWithin }: z.output<typeof pods>): Signal {
  const start = readyWithin === undefined ? {} : { readyWithinMs: readyWithin };
  return { kind: "pods", restarts, stuckForMs: stuckFor, oomKills, notReadyForMs: notReadyFor, ...start };
}

function httpSignal(written: z.output<typeof http>): Signal {
  const preset = presetOf(written.preset, written.metric);
  if (written.errors) {
    const seenBy = written.seenBy === "callers" ? { seenBy: written.seenBy } : {};
    return { kind: "http-errors", preset, limit: written.errors.limit, ...judgedBy(written.errors), ...seenBy };
  }
  for (const [key, quantile] of Object.entries(quantiles)) {
    const bound = written.slower?.[key as keyof typeof quantiles];
    if (written.slower === undefined || bound === undefined) continue;
    const thresholdMs = bound === "old" ? null : bound;
    // 1 - 0.95 is not 0.05 in binary; the limit is shown to people and must be.
    const limit = Math.round((1 - quantile) * 100) / 100;
    return { kind: "http-slower", preset, quantile, thresholdMs, limit, ...judgedBy(written.slower) };
  }
  throw new TypeError("An http signal without errors or slower was not read through signalSchema.");
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
    add(
      "callers is not possible with this preset",
      `pods, or one of the presets ${callersPresets.join(", ")}`,
      `${preset} counts only what a pod itself answers`,
    );
  }
  if (latency !== undefined) {
    add(
      "callers is not possible for slower",
      "pods, or errors in the place of slower",
      "callers time calls to old and new pods together, and the way to them",
    );
  }
}

function refuseBadTemplate(query: string, context: z.RefinementCtx): void {
  const message = templateProblem(query);
  if (message !== undefined) context.addIssue({ code: "custom", message });
}
