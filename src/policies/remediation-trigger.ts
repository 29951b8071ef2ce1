import { z } from "zod";
import { alertSelection, type AlertWanted, alertWantedOf } from "./alert-signal.ts";
import { exactlyOne, oneOf } from "./siblings.ts";
import { named, told } from "./told.ts";

const kinds = ["alert", "schedule", "manual"] as const;
const field = /^[\dA-Za-z*,/?#-]+$/;

const cron = z
  .string()
  .refine(
    (text) =>
      text.trim().split(/\s+/).length === 5 &&
      text
        .trim()
        .split(/\s+/)
        .every((part) => field.test(part)),
    {
      error: ({ input }) =>
        told(`${named(input)} is no cron expression`, 'five fields: minute, hour, day, month, weekday, as in "0 6 * * *"'),
    },
  )
  .describe("Minute, hour, day of the month, month and weekday.");

const timeZone = z
  .string()
  .refine(isTimeZone, {
    error: ({ input }) => told(`${named(input)} is no time zone`, "a name such as Europe/Berlin or UTC"),
  })
  .default("UTC")
  .describe("In whose time the expression is read.");

/** What opens the guard. */
export const triggerSchema = z
  .strictObject({
    alert: z.strictObject(alertSelection).optional().describe("An alert that Alertmanager posts about a workload that matches."),
    schedule: z.strictObject({ cron, timeZone }).optional().describe("At these times, for every workload that matches."),
    manual: z.strictObject({}).optional().describe("When a person orders it."),
  })
  .superRefine(...exactlyOne(kinds))
  .meta(oneOf(kinds))
  .describe("What opens a guard. Exactly one of alert, schedule and manual.");

export type TriggerWanted = z.output<typeof triggerSchema>;

/** Undefined where no alert opens it. */
export function alertOf({ alert }: TriggerWanted): AlertWanted | undefined {
  return alert === undefined ? undefined : alertWantedOf(alert);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
