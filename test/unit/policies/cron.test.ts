import fc from "fast-check";
import { parse, validate } from "node-cron";
import { describe, expect, test } from "vitest";
import { cronText, readCron } from "../../../src/policies/cron.ts";
import { readTold } from "../../../src/policies/told.ts";

const bounds = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12 },
  { least: 0, most: 7 },
];

/** Anything that looks like a field, also what is none. */
const fieldOf = ({ least, most }: { readonly least: number; readonly most: number }) => {
  const value = fc.oneof(
    fc.integer({ min: least, max: most }).map(String),
    fc.integer({ min: 0, max: 99 }).map(String),
    fc.constantFrom("mon", "DEC", "L", "?", "x", ""),
  );
  const range = fc.oneof(
    { weight: 3, arbitrary: fc.constant("*") },
    value,
    fc.tuple(value, value).map(([from, to]) => `${from}-${to}`),
  );
  const item = fc.oneof(
    { weight: 3, arbitrary: range },
    fc.tuple(range, fc.integer({ min: 0, max: 70 })).map(([part, step]) => `${part}/${step}`),
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant("*") },
    fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(",")),
  );
};
const expression = fc.tuple(...bounds.map(fieldOf)).map((parts) => parts.join(" "));

describe("a cron expression", () => {
  test.each<[string, readonly (readonly number[])[]]>([
    ["*/15 6-8 * * mon-fri", [[0, 15, 30, 45], [6, 7, 8], [], [], [1, 2, 3, 4, 5]]],
    ["0 0 1,15 jan,Dec *", [[0], [0], [1, 15], [1, 12], []]],
    [" 5   4  *  *  7 ", [[5], [4], [], [], [0]]],
    ["10-40/10 2 * * *", [[10, 20, 30, 40], [2], [], [], []]],
  ])("%s names its values", (text, expected) => {
    const read = readCron(text);
    if (typeof read === "string") throw new Error(read);
    expect(read.map((values, at) => (expected[at]?.length === 0 ? [] : values))).toEqual(expected);
  });

  test.each<[string, RegExp]>([
    ["hourly", /^"hourly" is no cron expression; five fields/],
    ["0 0 6 * * *", /a sixth field would be seconds/],
    ["60 6 * * *", /minute: "60" is not between 0 and 59/],
    ["0 22-2 * * *", /hour: "22-2" runs backwards; 22-23,0-2 is the same/],
    ["5/10 6 * * *", /minute: "5\/10" has a step without a range; 5-59\/10 is one/],
    ["*/0 6 * * *", /a step of 0 is not between 1 and 59/],
    ["0 6 L * *", /day of the month: "L" is not between 1 and 31/],
    ["0 6 13 * 5", /names days of the month and weekdays; one of the two, and \* for the other; one cron takes either/],
    ["0 6 31 2,4 *", /is never due; a day that one of the months has/],
    ["0 6 , * *", /day of the month: "" is neither/],
    ["0 6 * * * ; rm", /is no cron expression/],
    ["", /is no cron expression/],
  ])("%s is refused with its cause", (text, words) => {
    const [issue] = cronText.safeParse(text).error?.issues ?? [];
    const { what, allowed, cause } = readTold(issue?.message ?? "");
    expect([what, allowed, cause].filter(Boolean).join("; ")).toMatch(words);
  });

  test("that is read here is read by node-cron too, and as the same", () => {
    let readable = 0;
    fc.assert(
      fc.property(expression, (text) => {
        const read = readCron(text);
        if (typeof read === "string") return;
        readable += 1;
        expect(validate(text)).toBe(true);
        const { minute, hour, dayOfMonth, month, dayOfWeek } = parse(text);
        const ascending = (values: readonly (number | string)[]) => [...new Set(values.map(Number))].toSorted((one, other) => one - other);
        expect(read).toEqual([minute, hour, dayOfMonth, month, dayOfWeek].map(ascending));
      }),
      { numRuns: 2_000 },
    );
    expect(readable).toBeGreaterThan(100);
  });
});
