import { z } from "zod";
import { alertSelection, type AlertWanted, alertWantedOf } from "./alert-signal.ts";
import { cronText } from "./cron.ts";
import { exactlyOne, oneOf } from "./siblings.ts";
import { named, told } from "./told.ts";

const kinds = ["alert", "schedule", "manual"] as const;
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
    schedule: z.strictObject({ cron: cronText, timeZone }).optional().describe("At these times, for every workload that matches."),
    manual: z.strictObject({}).optional().describe("When a person orders it; written manual: {}."),
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
