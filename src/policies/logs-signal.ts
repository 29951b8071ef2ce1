import { z } from "zod";
import type { LogFields, Ms } from "../model.ts";
import { duration } from "./duration.ts";
import { lineRate } from "./line-rate.ts";
import { logFieldsOf, logFormatNames, logLevels } from "./log-formats.ts";
import { times } from "./ratio.ts";
import { named, told } from "./told.ts";

const indexPattern = z.string().regex(/^[a-z0-9*.][a-z0-9*._:-]*(,[a-z0-9*.][a-z0-9*._:-]*)*$/, {
  error: ({ input }) =>
    told(`${named(input)} is no index pattern`, "lower-case names or patterns, divided by commas, as in logs-*,filebeat-*"),
});
const fieldName = z
  .string()
  .regex(/^[\w@.-]{1,255}$/, { error: ({ input }) => told(`${named(input)} is no field name`, "letters, digits, @, _, - and .") })
  .optional();

export const logs = z
  .strictObject({
    index: indexPattern.default("logs-*").describe("Indices or data streams to search; * stands for any text, a comma divides."),
    format: z.enum(logFormatNames).describe("Who ships the logs: says what the fields are called."),
    level: z.enum(logLevels).default("error").describe("Lines of this level and worse are counted."),
    limit: lineRate().prefault("6/min/pod").describe("Such lines that a ready pod may log in a minute."),
    worseThanOld: times()
      .prefault("1.5x")
      .describe("The new revision may log this many times as much as the old one before it counts, even above its limit."),
    fields: z
      .strictObject({
        pod: fieldName.describe("Field that holds the pod's name; of type keyword, so often name.keyword."),
        namespace: fieldName.describe("Field that holds the namespace; of type keyword."),
        level: fieldName.describe("Field that holds the level, as a word or as pino's number."),
        time: fieldName.describe("Field that holds the time of the line; of type date."),
        text: fieldName.describe("Field that holds what the line says; of any type."),
      })
      .optional()
      .describe("Names that differ from the format's."),
    newPatterns: z
      .enum(["off", "alert"])
      .default("alert")
      .describe("Tell of error lines unlike any that old pods logged. Never a reason to brake or roll back."),
    lookback: duration(60_000, 7 * 24 * 3_600_000)
      .prefault("6h")
      .describe("A pattern is new when old pods did not log it for this long before the rollout, nor since."),
  })
  .describe("Error lines in Elasticsearch by ready pod and minute, new against limit and against old.");

export interface LogsSignal {
  readonly kind: "logs";
  readonly index: string;
  readonly fields: LogFields;
  /** Lines per ready pod and minute. */
  readonly limit: number;
  readonly worseThanOld: number;
  readonly newPatterns: "off" | "alert";
  /** How long before the rollout a pattern must not have been logged to be new. */
  readonly lookbackMs: Ms;
}

export function logsSignalOf({
  index,
  format,
  level,
  limit,
  worseThanOld,
  fields,
  newPatterns,
  lookback,
}: z.output<typeof logs>): LogsSignal {
  return { kind: "logs", index, fields: logFieldsOf(format, level, fields), limit, worseThanOld, newPatterns, lookbackMs: lookback };
}
