import { z } from "zod";
import { http, type HttpSignal, httpSignalOf } from "./http-signal.ts";
import { logs, type LogsSignal, logsSignalOf } from "./logs-signal.ts";
import { pods, type PodsSignal, podsSignalOf } from "./pods-signal.ts";
import { promql, type PromqlSignal, promqlSignalOf } from "./promql-signal.ts";
import { ratio, type RatioSignal, ratioSignalOf } from "./ratio-signal.ts";
import { resources, type ResourcesSignal, resourcesSignalOf } from "./resources-signal.ts";
import { exactlyOne, oneOf } from "./siblings.ts";

const kinds = ["http", "ratio", "logs", "pods", "resources", "promql"] as const;

/** One signal as it is written: exactly one key says what kind it is. */
export const signalSchema = z
  .strictObject({
    http: http.optional(),
    ratio: ratio.optional(),
    logs: logs.optional(),
    pods: pods.optional(),
    resources: resources.optional(),
    promql: promql.optional(),
  })
  .superRefine(...exactlyOne(kinds))
  .meta(oneOf(kinds))
  .describe("One question about the new revision. Exactly one of http, ratio, logs, pods, resources and promql.");

/** A signal as the policy holds it: the shape of the YAML with times in ms and ratios 0–1. */
export type WrittenSignal = z.output<typeof signalSchema>;

/** A signal to switch on. Ratios are 0–1, times in ms. With a `rule` an http signal is judged by that rule instead of by evidence. */
export type Signal = HttpSignal | RatioSignal | LogsSignal | PodsSignal | ResourcesSignal | PromqlSignal;

/** Which kind a written signal is. Throws only on a value that the schema would have refused. */
export function signalOf(written: WrittenSignal): Signal {
  if (written.http) return httpSignalOf(written.http);
  if (written.ratio) return ratioSignalOf(written.ratio);
  if (written.logs) return logsSignalOf(written.logs);
  if (written.pods) return podsSignalOf(written.pods);
  if (written.resources) return resourcesSignalOf(written.resources);
  if (written.promql) return promqlSignalOf(written.promql);
  throw new TypeError(`A signal without ${kinds.join(", ")} was not read through signalSchema.`);
}
