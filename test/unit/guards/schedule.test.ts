import { expect, test } from "vitest";
import { runOf, startWithinMs } from "../../../src/guards/schedule.ts";

const minute = 60_000;
const at = (...minutes: readonly number[]) => minutes.map((each) => each * minute);
/** It runs since minute 20 and leads since minute 30. */
const moment = (now: number) => ({ now: now * minute, startedAt: 20 * minute, ledSince: 30 * minute });

test.each<[string, readonly number[], number, object]>([
  ["the newest within five minutes runs", at(40), 40, { run: 40 * minute, missed: [] }],
  ["five minutes late still runs", at(40), 45, { run: 40 * minute, missed: [] }],
  [
    "what is later was missed: we were not there in time",
    at(40),
    46,
    { missed: [{ why: "late", count: 1, first: 40 * minute, last: 40 * minute }] },
  ],
  [
    "what was due before we led was missed, and so were those before we ran, each counted once",
    at(5, 10, 15, 20, 25),
    35,
    {
      missed: [
        { why: "down", count: 3, first: 5 * minute, last: 15 * minute },
        { why: "not-leading", count: 2, first: 20 * minute, last: 25 * minute },
      ],
    },
  ],
  [
    "of many only the newest runs, whoever missed it",
    at(10, 20, 30),
    31,
    {
      run: 30 * minute,
      missed: [
        { why: "down", count: 1, first: 10 * minute, last: 10 * minute },
        { why: "not-leading", count: 1, first: 20 * minute, last: 20 * minute },
      ],
    },
  ],
  ["of none, none runs", [], 40, { missed: [] }],
])("%s", (_what, due, now, expected) => {
  expect(runOf(due, moment(now))).toEqual(expected);
});

test("five minutes are the most a run may be late", () => {
  expect(runOf([1], { ...moment(0), now: 2 + startWithinMs }).run).toBeUndefined();
  expect(runOf([1], { ...moment(0), now: 1 + startWithinMs }).run).toBe(1);
});
