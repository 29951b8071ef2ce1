import { z } from "zod";
import { alert, type AlertSignal, alertSignalOf } from "./alert-signal.ts";
import { http, type HttpSignal, httpSignalOf } from "./http-signal.ts";
import { job, type JobSignal, jobSignalOf } from "./job-signal.ts";
import { logs, type LogsSignal, logsSignalOf } from "./logs-signal.ts";
import { pods, type PodsSignal, podsSignalOf } from "./pods-signal.ts";
import type { PresetChoice } from "./preset-fit.ts";
import { probe, type ProbeSignal, probeSignalOf } from "./probe-signal.ts";
import { promql, type PromqlSignal, promqlSignalOf } from "./promql-signal.ts";
import { ratio, type RatioSignal, ratioSignalOf } from "./ratio-signal.ts";
import { resources, type ResourcesSignal, resourcesSignalOf } from "./resources-signal.ts";
import { exactlyOne, oneOf } from "./siblings.ts";

const kinds = ["http", "ratio", "logs", "pods", "resources", "promql", "probe", "job", "alert"] as const;

/** One signal as it is written: exactly one key says what kind it is. */
export const signalSchema = z
  .strictObject({
    http: http.optional(),
    ratio: ratio.optional(),
    logs: logs.optional(),
    pods: pods.optional(),
    resources: resources.optional(),
    promql: promql.optional(),
    probe: probe.optional(),
    job: job.optional(),
    alert: alert.optional(),
  })
  .superRefine(...exactlyOne(kinds))
  .meta(oneOf(kinds))
  .describe("One question about the new revision. Exactly one of http, ratio, logs, pods, resources, promql, probe, job and alert.");

/** A signal as the policy holds it: the shape of the YAML with times in ms and ratios 0–1. */
export type WrittenSignal = z.output<typeof signalSchema>;

/** A signal to switch on. Ratios are 0–1, times in ms. With a `rule` an http signal is judged by that rule instead of by evidence. */
export type Signal =
  | HttpSignal
  | RatioSignal
  | LogsSignal
  | PodsSignal
  | ResourcesSignal
  | PromqlSignal
  | ProbeSignal
  | JobSignal
  | AlertSignal;

/**
 * Which kind a written signal is; `chosen` is the preset that was found for an http signal with `preset: auto`. Throws only on a value
 * that the schema would have refused.
 */
export function signalOf(written: WrittenSignal, chosen?: PresetChoice): Signal {
  if (written.http) return httpSignalOf(written.http, chosen);
  if (written.ratio) return ratioSignalOf(written.ratio);
  if (written.logs) return logsSignalOf(written.logs);
  if (written.pods) return podsSignalOf(written.pods);
  if (written.resources) return resourcesSignalOf(written.resources);
  if (written.promql) return promqlSignalOf(written.promql);
  if (written.probe) return probeSignalOf(written.probe);
  if (written.job) return jobSignalOf(written.job);
  if (written.alert) return alertSignalOf(written.alert);
  throw new TypeError(`A signal without ${kinds.join(", ")} was not read through signalSchema.`);
}
