import { z } from "zod";
import { named, told } from "./told.ts";

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly words?: readonly string[];
}

const fields: readonly Field[] = [
  { name: "minute", least: 0, most: 59 },
  { name: "hour", least: 0, most: 23 },
  { name: "day of the month", least: 1, most: 31 },
  {
    name: "month",
    least: 1,
    most: 12,
    words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { name: "weekday", least: 0, most: 7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

const longestMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const allowed = 'five fields: minute, hour, day, month, weekday, as in "0 6 * * *"';

/** Which values each field of an expression names, in the order of the fields. Sunday is 0. */
export type CronFields = readonly (readonly number[])[];

/** A cron expression without what is read differently from one cron to the next; a message in the form of `told` where it is none. */
export function readCron(text: string): CronFields | string {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== fields.length) {
    const cause = parts.length === 6 ? "a sixth field would be seconds: a minute is the shortest step" : "";
    return told(`${named(text)} is no cron expression`, allowed, cause);
  }
  const read: (readonly number[])[] = [];
  for (const [at, field] of fields.entries()) {
    const values = valuesOf(parts[at] ?? "", field);
    if (typeof values === "string") return told(`${named(text)} is no cron expression`, allowed, `${field.name}: ${values}`);
    read.push(values);
  }
  const [, , days = [], months = [], weekdays = []] = read;
  if (days.length < 31 && new Set(weekdays).size < 7) {
    return told(
      `${named(text)} names days of the month and weekdays`,
      "one of the two, and * for the other",
      "one cron takes either, another only both at once",
    );
  }
  if (!months.some((month) => days.some((day) => day <= (longestMonth[month - 1] ?? 0)))) {
    return told(`${named(text)} is never due`, "a day that one of the months has");
  }
  return read;
}

/** The values of a field, ascending; a sentence where it names none. */
function valuesOf(text: string, field: Field): readonly number[] | string {
  const values = new Set<number>();
  for (const item of text.split(",")) {
    const [, range = "", from = "", to, step = "1"] = /^(\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item) ?? [];
    if (range === "") return `${named(item)} is neither *, a number, a range such as 1-5, nor a step such as */15`;
    const isStep = item.includes("/");
    if (isStep && from !== "" && to === undefined) return `${named(item)} has a step without a range; ${from}-${field.most}/${step} is one`;
    const [least, most] = range === "*" ? [field.least, field.most] : [numberOf(from, field), numberOf(to ?? from, field)];
    if (least === undefined || most === undefined) return `${named(item)} is not between ${field.least} and ${field.most}`;
    if (least > most) return `${named(item)} runs backwards; ${from}-${field.most},${field.least}-${to} is the same`;
    if (Number(step) < 1 || Number(step) > field.most) return `a step of ${step} is not between 1 and ${field.most}`;
    for (let value = least; value <= most; value += Number(step)) values.add(value === 7 && field.name === "weekday" ? 0 : value);
  }
  return [...values].toSorted((one, other) => one - other);
}

function numberOf(text: string, { least, most, words = [] }: Field): number | undefined {
  const word = words.indexOf(text.toLowerCase());
  const value = word === -1 ? (/^\d{1,2}$/.test(text) ? Number(text) : NaN) : word + (words.length === 12 ? 1 : 0);
  return value >= least && value <= most ? value : undefined;
}

/** A cron expression in YAML. */
export const cronText = z
  .string()
  .superRefine((text, context) => {
    const read = readCron(text);
    if (typeof read === "string") context.addIssue({ code: "custom", message: read });
  })
  .describe("Minute, hour, day of the month, month and weekday.");
