import fc from "fast-check";
import { createTask, getTasks } from "node-cron";
import { describe, expect, test } from "vitest";
import { dueBetween } from "../../../src/clock.ts";

const minute = 60_000;

function duesOf(cron: string, zone: string, from: string, to: string): readonly string[] {
  return dueBetween(cron, zone, Date.parse(from), Date.parse(to)).map((at) => new Date(at).toISOString().replace(":00.000Z", "Z"));
}

describe("a schedule is due", () => {
  test.each<[string, string, string, string, string, readonly string[]]>([
    [
      "after the one instant and up to the other",
      "0 6 * * *",
      "UTC",
      "2026-11-29T06:00Z",
      "2026-12-01T06:00Z",
      ["2026-11-30T06:00Z", "2026-12-01T06:00Z"],
    ],
    ["never within a time that has not passed", "* * * * *", "UTC", "2026-11-29T06:00Z", "2026-11-29T05:00Z", []],
    ["by the clock on the wall there", "0 6 * * *", "Asia/Kolkata", "2026-11-29T00:00Z", "2026-11-30T00:00Z", ["2026-11-29T00:30Z"]],
    ["on the day of there", "0 1 1 * *", "Pacific/Auckland", "2026-11-29T00:00Z", "2026-12-02T00:00Z", ["2026-11-30T12:00Z"]],
    ["on 29 February alone where the year has one", "0 0 29 2 *", "UTC", "2026-01-01T00:00Z", "2029-01-01T00:00Z", ["2028-02-29T00:00Z"]],
  ])("%s", (_what, cron, zone, from, to, expected) => {
    expect(duesOf(cron, zone, from, to)).toEqual(expected);
  });
});

describe("where the clock on the wall jumps", () => {
  // Berlin: 02:00 becomes 03:00 on 28 March 2027, 03:00 becomes 02:00 on 31 October. Troll: 01:00 becomes 03:00, and 03:00 becomes 01:00.
  // Lord Howe: 02:00 becomes 02:30 on 3 October 2027, and 02:00 becomes 01:30 on 4 April.
  test.each<[string, string, string, string, readonly string[]]>([
    ["Berlin: a time that is left out is due at the jump", "30 2 * * *", "Europe/Berlin", "2027-03-28", ["2027-03-28T01:00Z"]],
    ["Berlin: all that is left out is due once", "*/10 2 * * *", "Europe/Berlin", "2027-03-28", ["2027-03-28T01:00Z"]],
    [
      "Berlin: what is due beside the jump is due once too",
      "0,30 2,3 * * *",
      "Europe/Berlin",
      "2027-03-28",
      ["2027-03-28T01:00Z", "2027-03-28T01:30Z"],
    ],
    ["Berlin: a time that is shown twice is due the first time", "30 2 * * *", "Europe/Berlin", "2027-10-31", ["2027-10-31T00:30Z"]],
    ["Troll: two hours that are left out are due once", "15 1,2 * * *", "Antarctica/Troll", "2027-03-28", ["2027-03-28T01:00Z"]],
    [
      "Troll: two hours that are shown twice are due the first time",
      "15 1,2 * * *",
      "Antarctica/Troll",
      "2027-10-31",
      ["2027-10-30T23:15Z", "2027-10-31T00:15Z"],
    ],
    ["Lord Howe: half an hour that is left out", "15 2 * * *", "Australia/Lord_Howe", "2027-10-03", ["2027-10-02T15:30Z"]],
    ["Lord Howe: half an hour that is shown twice", "45 1 * * *", "Australia/Lord_Howe", "2027-04-04", ["2027-04-03T14:45Z"]],
    ["Lord Howe: beside it nothing changes", "15 1 * * *", "Australia/Lord_Howe", "2027-04-04", ["2027-04-03T14:15Z"]],
  ])("%s", (_what, cron, zone, day, expected) => {
    const noon = Date.parse(`${day}T12:00Z`);
    expect(duesOf(cron, zone, new Date(noon - 22 * 60 * minute).toISOString(), new Date(noon).toISOString())).toEqual(expected);
  });

  test("what is due every hour goes by the time that passes", () => {
    expect(duesOf("30 * * * *", "Europe/Berlin", "2027-10-30T23:00Z", "2027-10-31T02:00Z")).toEqual([
      "2027-10-30T23:30Z",
      "2027-10-31T00:30Z",
      "2027-10-31T01:30Z",
    ]);
    expect(duesOf("30 * * * *", "Europe/Berlin", "2027-03-28T00:00Z", "2027-03-28T02:00Z")).toEqual([
      "2027-03-28T00:30Z",
      "2027-03-28T01:30Z",
    ]);
  });
});

/** Where the wall jumps, and days on which it does; a day without a jump beside them. */
const jumps = [
  ["Europe/Berlin", "2027-03-28"],
  ["Europe/Berlin", "2027-10-31"],
  ["Antarctica/Troll", "2027-03-28"],
  ["Antarctica/Troll", "2027-10-31"],
  ["Australia/Lord_Howe", "2027-04-04"],
  ["Australia/Lord_Howe", "2027-10-03"],
  ["America/St_Johns", "2027-03-14"],
  ["America/St_Johns", "2027-11-07"],
  ["Africa/Cairo", "2027-04-30"],
  ["Africa/Cairo", "2027-10-29"],
  ["Asia/Kolkata", "2027-07-01"],
] as const;
const crons = ["30 2 * * *", "*/20 * * * *", "0 1,2,3 * * *", "*/10 0-2 * * *", "15 0 * * 0", "0 0,1 * * *"];

/** The same by brute force: each minute that passes, and each that the wall leaves out. */
function walked(cron: string, zone: string, from: number, to: number): readonly number[] {
  const wall = createTask(cron, () => {}, { timezone: "UTC" });
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  const shown = (at: number) => Date.parse(`${format.format(at).replace(" ", "T")}Z`);
  const isHourly = cron.split(" ")[1] === "*";
  const seen = new Set<number>();
  const due: number[] = [];
  for (let at = Math.ceil((from - 180 * minute) / minute) * minute; at <= to; at += minute) {
    const now = shown(at);
    let isDue = wall.match(new Date(now)) && (isHourly || !seen.has(now));
    for (let left = shown(at - minute) + minute; left < now && !isHourly; left += minute) isDue ||= wall.match(new Date(left));
    seen.add(now);
    if (isDue && at > from) due.push(at);
  }
  void wall.destroy();
  return due;
}

test("what is due is what a walk through every minute finds, in any zone, near any jump", () => {
  const moment = fc.tuple(fc.constantFrom(...jumps), fc.integer({ min: -1_500, max: 600 }), fc.integer({ min: 0, max: 1_200 * 60 }));
  fc.assert(
    fc.property(fc.constantFrom(...crons), moment, (cron, [[zone, day], startMinutes, seconds]) => {
      const from = Date.parse(day) + startMinutes * minute;
      const to = from + seconds * 1000;
      expect(dueBetween(cron, zone, from, to)).toEqual(walked(cron, zone, from, to));
    }),
    { numRuns: 100 },
  );
});

test("a look at every second finds each instant once, as one look at all of it does", () => {
  const from = Date.parse("2027-10-30T22:00:00Z");
  const all = dueBetween("*/30 * * * *", "Europe/Berlin", from, from + 6 * 3_600_000);
  const each: number[] = [];
  for (let at = from; at < from + 6 * 3_600_000; at += 7_000)
    each.push(...dueBetween("*/30 * * * *", "Europe/Berlin", at, Math.min(at + 7_000, from + 6 * 3_600_000)));
  expect(each).toEqual(all);
});

test("nothing is left with node-cron that would ever run", () => {
  dueBetween("1 2 3 * *", "UTC", 0, 1);
  expect([...getTasks().values()].filter((task) => task.getPattern() === "1 2 3 * *")).toEqual([]);
});
