import { describe, expect, test } from "vitest";
import { argoLike, flaggerLike, twoWindows } from "../../../bench/judging/fixed-rules.ts";
import { compare } from "../../../bench/judging/neighbours.ts";
import type { Sample } from "../../../bench/judging/simulate.ts";
import { bad } from "../../../bench/judging/rows.ts";

const limit = 0.01;
const never = null;

/** 100 requests in each quarter of a minute; `badOf` says how many of them fail. */
function quarters(count: number, badOf: (from: number) => number): readonly Sample[] {
  let failed = 0;
  return Array.from({ length: count }, (_, i) => {
    failed += badOf(i * 15);
    return { second: (i + 1) * 15, total: (i + 1) * 100, bad: failed };
  });
}

const within = (from: number, to: number, count: number) => (second: number) => (second >= from && second < to ? count : 0);
const halfAnHour = 120;

describe("a rule like Argo's, rate[5m] each minute, undone at the fourth failure", () => {
  test.each([
    { what: "is bad all the time", badOf: within(0, 1800, 2), at: 240 },
    { what: "is exactly at the limit", badOf: within(0, 1800, 1), at: never },
    { what: "turns bad at 10 min", badOf: within(600, 1800, 10), at: 840 },
    // One bad minute of 80 in 2,000 requests stays over 1 % in five windows of 5 m.
    { what: "was bad for one minute", badOf: within(600, 660, 20), at: 840 },
    { what: "was bad for a quarter, too little for 5 m", badOf: within(600, 615, 20), at: never },
    // 60 of 400 at 60 s to 60 of 1,600 at 240 s are all over 1 %: the window remembers what is long over.
    { what: "was bad in its first quarter only", badOf: within(0, 15, 60), at: 240 },
  ])("$what: undone at $at", ({ badOf, at }) => {
    expect(argoLike(quarters(halfAnHour, badOf), limit)).toBe(at);
  });

  test("counts failures that are far apart", () => {
    // 9 bad are 2.3 % of 400 at 60 s, 1.1 % of 800 at 120 s and 0.8 % of 1,200 at 180 s; 21 more are 1.1 % of the 2,000 of 5 m.
    const apart = bothOf(within(0, 15, 9), within(900, 915, 21));

    expect(argoLike(quarters(halfAnHour, apart), limit)).toBe(1020);
  });
});

describe("a rule like Flagger's, rate[1m] each minute, undone at the fifth failure", () => {
  test.each([
    { what: "is bad all the time", badOf: within(0, 1800, 2), at: 300 },
    { what: "is exactly at the limit", badOf: within(0, 1800, 1), at: never },
    { what: "was bad for four minutes", badOf: within(0, 240, 100), at: never },
    {
      what: "was bad for four minutes, and one more 20 minutes later",
      badOf: bothOf(within(0, 240, 100), within(1440, 1455, 5)),
      at: 1500,
    },
  ])("$what: undone at $at", ({ badOf, at }) => {
    expect(flaggerLike(quarters(halfAnHour, badOf), limit)).toBe(at);
  });
});

describe("a rule of two windows, 5 m and 1 m above three times the limit", () => {
  test.each([
    { what: "is bad from the start", badOf: within(0, 1800, 4), at: 60 },
    { what: "is at three times the limit", badOf: within(0, 1800, 3), at: never },
    // 1 m is over at once, 5 m (2,000 requests) with the fourth bad quarter.
    { what: "turns bad at 10 min", badOf: within(600, 1800, 20), at: 660 },
    { what: "was bad in its first quarter, which both still hold at the first look", badOf: within(0, 15, 100), at: 60 },
    { what: "was too little bad for 5 m", badOf: within(600, 615, 60), at: never },
  ])("$what: undone at $at", ({ badOf, at }) => {
    expect(twoWindows(quarters(halfAnHour, badOf), limit)).toBe(at);
  });

  test("forgives what only the long window still sees", () => {
    // 100 of 400 in the second minute are 2.3 % of the 4,400 so far; without the busy first minute they are 5 % of 2,000, long after.
    const samples = quarters(halfAnHour, within(60, 120, 25)).map((one) => ({
      ...one,
      total: one.total + 900 * Math.min(4, one.second / 15),
    }));

    expect(twoWindows(samples, limit)).toBe(never);
  });
});

test("a check without requests is no failure of any rule", () => {
  const silent = Array.from({ length: halfAnHour }, (_, i) => ({ second: (i + 1) * 15, total: 0, bad: 0 }));

  expect([argoLike, flaggerLike, twoWindows].map((rule) => rule(silent, limit))).toEqual([never, never, never]);
});

test("all judges see the same guards, and ours judges them as it does alone", () => {
  const judged = compare(bad(100, 1), 5);

  expect(judged.map(({ name, measured }) => [name, measured.median, measured.p95])).toEqual([
    ["ours", 45, 45],
    ["Argo-like", 240, 240],
    ["Flagger-like", 300, 300],
    ["two windows", 60, 60],
  ]);
});

function bothOf(one: (second: number) => number, other: (second: number) => number) {
  return (second: number) => one(second) + other(second);
}
