import { describe, expect, test } from "vitest";
import { classicReading } from "../../../src/judging/buckets.ts";

const buckets = [
  { le: Infinity, count: 100 },
  { le: 0.1, count: 80 },
  { le: 0.25, count: 95 },
  { le: 0.5, count: 99 },
];

describe("requests slower than a limit", () => {
  test.each([
    { name: "a boundary at the limit is exact", limit: 0.25, wanted: { total: 100, bad: 5, badAtMost: 5, judgedAt: 0.25, exact: true } },
    {
      name: "between boundaries the next one above is judged",
      limit: 0.2,
      wanted: { total: 100, bad: 5, badAtMost: 20, judgedAt: 0.25, exact: false },
    },
    { name: "below the lowest all may be slow", limit: 0.05, wanted: { total: 100, bad: 20, badAtMost: 100, judgedAt: 0.1, exact: false } },
    { name: "the highest finite boundary will do", limit: 0.5, wanted: { total: 100, bad: 1, badAtMost: 1, judgedAt: 0.5, exact: true } },
    {
      name: "a rounding of the limit is the same boundary",
      limit: 0.1 + 1e-17 + 0.15,
      wanted: { total: 100, bad: 5, badAtMost: 5, judgedAt: 0.25, exact: true },
    },
  ])("$name", ({ limit, wanted }) => {
    expect(classicReading(buckets, limit)).toEqual(wanted);
  });

  test.each([
    { name: "a limit above the highest bucket", buckets, limit: 0.6, problem: "limit 0.6 s is above the highest bucket (0.5 s)" },
    { name: "only +Inf", buckets: buckets.slice(0, 1), limit: 0.1, problem: "limit 0.1 s is above the highest bucket (none)" },
    { name: "no +Inf", buckets: buckets.slice(1), limit: 0.1, problem: 'no bucket le="+Inf": the number of all requests is unknown' },
    { name: "nothing", buckets: [], limit: 0.1, problem: "no buckets" },
    { name: "no number", buckets: [...buckets, { le: 1, count: Number.NaN }], limit: 0.1, problem: "a bucket has no number" },
  ])("$name is refused", ({ buckets: given, limit, problem }) => {
    expect(classicReading(given, limit)).toEqual({ problem });
  });
});
