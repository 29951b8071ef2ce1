import { describe, expect, test } from "vitest";
import { QueryRefused } from "../../../../src/sandbox/prometheus/promql/refusal.ts";
import { instantQuery, numberText, rangeQuery } from "../../../../src/sandbox/prometheus/query.ts";
import { stored } from "./stored.ts";
import type { Stored } from "./stored.ts";

const shop = stored(
  [
    { __name__: "m", pod: "a-1", code: "200" },
    [
      [5, 10],
      [20, 30],
      [35, 60],
    ],
  ],
  [
    { __name__: "m", pod: "a-1", code: "500" },
    [
      [20, 1],
      [35, 4],
    ],
  ],
  [
    { __name__: "m", pod: "b-1", code: "200" },
    [
      [10, 100],
      [25, 140],
      [40, 20],
    ],
  ],
  [{ __name__: "up", pod: "a-1" }, [[35, 1]]],
  [
    { __name__: "up", pod: "gone" },
    [
      [20, 1],
      [30, null],
    ],
  ],
);

/** The answer at `seconds` as labels → value. */
function ask(promql: string, seconds = 40, series: Stored = shop): Record<string, string> | string {
  const { resultType, result } = instantQuery(series, promql, seconds * 1000);
  if (resultType === "scalar") return String(result[1]);
  const samples = result as readonly { metric: Record<string, string>; value: [number, string] }[];
  return Object.fromEntries(
    samples.map(({ metric, value }) => {
      const { __name__: name = "", ...labels } = metric;
      return [name + JSON.stringify(Object.values(labels)).slice(1, -1).replaceAll('"', ""), value[1]];
    }),
  );
}

function refusal(promql: string): QueryRefused {
  try {
    instantQuery(shop, promql, 40_000);
  } catch (error) {
    if (error instanceof QueryRefused) return error;
    throw error;
  }
  throw new Error(`${promql} was answered`);
}

describe("selectors", () => {
  test.each([
    ["m", { "ma-1,200": "60", "ma-1,500": "4", "mb-1,200": "20" }],
    ['m{code="500"}', { "ma-1,500": "4" }],
    ['m{code!="500"}', { "ma-1,200": "60", "mb-1,200": "20" }],
    ['m{pod=~"a-.*|c-.*", code=~"5.."}', { "ma-1,500": "4" }],
    ['m{pod!~"a-.*"}', { "mb-1,200": "20" }],
    ['m{pod=~"-1"}', {}],
    ['m{route=""}', { "ma-1,200": "60", "ma-1,500": "4", "mb-1,200": "20" }],
    ['m{route!=""}', {}],
    ['{__name__="m", code="500",}', { "ma-1,500": "4" }],
    ["m{code='500'}", { "ma-1,500": "4" }],
    ["nothing", {}],
    ["up", { "upa-1": "1" }],
  ])("%s", (promql, expected) => expect(ask(promql)).toEqual(expected));

  test("a series that went stale is gone at once, one that was not scraped lingers five minutes", () => {
    expect(ask("up", 29)).toEqual({ upgone: "1" });
    expect(ask("up", 30)).toEqual({});
    expect(ask('m{pod="b-1"}', 339)).toEqual({ "mb-1,200": "20" });
    expect(ask('m{pod="b-1"}', 340)).toEqual({});
  });

  test("a range does not hold the sample at its left end", () => {
    expect(ask("last_over_time(m[15s])", 35)).toEqual({ "ma-1,200": "60", "ma-1,500": "4", "mb-1,200": "140" });
    expect(ask('last_over_time(m{pod="b-1"}[15s])', 25)).toEqual({ "mb-1,200": "140" });
    expect(ask('last_over_time(m{pod="b-1"}[14999ms])', 40)).toEqual({ "mb-1,200": "20" });
    expect(ask('last_over_time(m{code="500"}[5s])', 40)).toEqual({});
  });
});

describe("aggregation", () => {
  test.each([
    ["sum(m)", { "": "84" }],
    ["sum by (pod) (m)", { "a-1": "64", "b-1": "20" }],
    ["sum(m) by (pod)", { "a-1": "64", "b-1": "20" }],
    ["sum without (code) (m)", { "a-1": "64", "b-1": "20" }],
    ["avg by (code) (m)", { "200": "40", "500": "4" }],
    ["max(m)", { "": "60" }],
    ["min(m)", { "": "4" }],
    ["count(m)", { "": "3" }],
    ["count by (nowhere) (m)", { "": "3" }],
    ["sum(nothing)", {}],
    ["sum by (namespace, pod, instance, job) (last_over_time(m[15s]))", { "a-1": "64", "b-1": "20" }],
  ])("%s", (promql, expected) => expect(ask(promql)).toEqual(expected));

  test("a NaN loses against a number in max and min and spoils a sum", () => {
    const series = stored([{ __name__: "x", i: "1" }, [[1, NaN]]], [{ __name__: "x", i: "2" }, [[1, 3]]]);
    expect([ask("max(x)", 2, series), ask("min(x)", 2, series), ask("sum(x)", 2, series)]).toEqual([
      { "": "3" },
      { "": "3" },
      { "": "NaN" },
    ]);
  });
});

describe("arithmetic and comparison", () => {
  test.each([
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["8 / 4 / 2", "1"],
    ["-2 + 1", "-1"],
    ["1 / 0", "+Inf"],
    ["-1 / 0", "-Inf"],
    ["0 / 0", "NaN"],
    ["2 > bool 1", "1"],
    ["Inf", "+Inf"],
    ["1e3", "1000"],
  ])("%s is %s", (promql, expected) => expect(ask(promql)).toBe(expected));

  test.each([
    ['m{code="500"} * 2', { "a-1,500": "8" }],
    ['100 - m{code="500"}', { "a-1,500": "96" }],
    ['-m{code="500"}', { "a-1,500": "-4" }],
    ["m > 19", { "ma-1,200": "60", "mb-1,200": "20" }],
    ["m > bool 19", { "a-1,200": "1", "a-1,500": "0", "b-1,200": "1" }],
    ["19 < m", { "ma-1,200": "60", "mb-1,200": "20" }],
    ['sum by (pod) (m{code="500"}) / sum by (pod) (m)', { "a-1": "0.0625" }],
    ['m{code="500"} / ignoring (code) m{code="200"}', { "a-1": String(4 / 60) }],
    ['m{code="500"} / on (pod) m{code="200"}', { "a-1": String(4 / 60) }],
    ['sum(m{code="500"}) / sum(m) > 0.04', { "": String(4 / 84) }],
    ['sum(m{code="500"}) / sum(m) > 0.05', {}],
  ])("%s", (promql, expected) => expect(ask(promql)).toEqual(expected));

  test("two partners on one side are refused as Prometheus does", () => {
    const { errorType, message } = refusal("m / on (pod) m");
    expect(errorType).toBe("execution");
    expect(message).toContain("many-to-many matching not allowed");
  });
});

describe("growth of counters", () => {
  // A counter that begins at 0 at 5 s and grows by 1 a second, scraped every 10 s.
  const steady = stored([
    { __name__: "c" },
    [
      [5, 0],
      [15, 10],
      [25, 20],
      [35, 30],
    ],
  ]);
  const reset = stored([
    { __name__: "c" },
    [
      [10, 100],
      [20, 120],
      [30, 5],
      [40, 15],
    ],
  ]);

  test.each([
    ["extrapolated to the end, not below zero at the start", "increase(c[40s])", 40, steady, "35"],
    ["rate is increase by seconds", "rate(c[40s])", 40, steady, "0.875"],
    ["a reset loses nothing: 20 + 5 + 10 over 30 s, stretched to 35 s", "increase(c[35s])", 40, reset, String((35 * 35) / 30)],
  ])("%s", (_name, promql, seconds, series, expected) => expect(ask(promql, seconds, series)).toEqual({ "": expected }));

  test("one sample is no growth", () => expect(ask("increase(c[10s])", 12, steady)).toEqual({}));
});

describe("histogram_quantile", () => {
  const buckets = stored(
    ...["0.1", "0.25", "0.5", "+Inf"].map((le, index) => [{ __name__: "h", le, pod: "a" }, [[1, [50, 90, 98, 100][index] ?? 0]]] as const),
  );

  test.each([
    [0.5, "0.1"],
    [0.25, "0.05"],
    [0.8, String(0.1 + 0.15 * (30 / 40))],
    [0.99, "0.5"],
    [0, "0"],
  ])("%s lies at %s", (quantile, expected) => {
    expect(ask(`histogram_quantile(${quantile}, h)`, 2, buckets)).toEqual({ a: expected });
  });

  test("buckets are grouped by all labels but le", () => {
    expect(ask("histogram_quantile(0.5, sum by (le) (h))", 2, buckets)).toEqual({ "": "0.1" });
  });

  test("without +Inf it is NaN", () => expect(ask('histogram_quantile(0.5, h{le!="+Inf"})', 2, buckets)).toEqual({ a: "NaN" }));
});

describe("queries that are refused", () => {
  test.each([
    ["", "no expression found in input"],
    ["sum(up", "1:4: parse error: unclosed left parenthesis"],
    ["rate(m)", 'expected type range vector in call to function "rate", got instant vector'],
    ["sum(m[5m])", "expected type instant vector in aggregation expression, got range vector"],
    ["m[5m] + 1", "must contain only scalar and instant vector types"],
    ["1 > 2", "comparisons between scalars must use BOOL modifier"],
    ["{}", "must contain at least one non-empty matcher"],
    ['m{code=~"("}', "error parsing regexp"],
    ["m{code}", "expected label matching operator"],
    ["m[0s]", "duration must be greater than 0"],
    ["m $ 1", "1:3: parse error: unexpected character"],
    ["m)", 'unexpected ")"'],
    ["quantile_over_time(0.5, m[1m])", 'function "quantile_over_time" is not understood: this sandbox understands'],
    ["m offset 5m", '"offset" is not understood'],
    ["m and up", '"and" is not understood'],
    ["m % 2", '"%" is not understood'],
  ])("%s: %s", (promql, words) => {
    const { errorType, message } = refusal(promql);
    expect(errorType).toBe("bad_data");
    expect(message).toContain(words);
  });
});

describe("ranges", () => {
  test("every step is evaluated on its own and absent instants are left out", () => {
    const { result } = rangeQuery(shop, "sum by (code) (last_over_time(m[15s]))", 0, 60_000, 15_000);
    expect(result).toEqual([
      {
        metric: { code: "200" },
        values: [
          [15, "110"],
          [30, "170"],
          [45, "80"],
        ],
      },
      {
        metric: { code: "500" },
        values: [
          [30, "1"],
          [45, "4"],
        ],
      },
    ]);
  });

  test.each([
    ["more than 11,000 points", "1", 0, 11_001_000, 1000, "exceeded maximum resolution of 11,000 points"],
    ["a step of nothing", "1", 0, 1000, 0, "zero or negative query resolution step widths"],
    ["an end before the start", "1", 1000, 0, 1000, "end timestamp must not be before start time"],
    ["a range vector", "m[5m]", 0, 1000, 1000, 'invalid expression type "range vector"'],
  ])("%s is refused", (_name, promql, from, to, step, words) => {
    expect(() => rangeQuery(shop, promql, from, to, step)).toThrow(words);
  });
});

test.each([
  [0.1, "0.1"],
  [1e21, "1e+21"],
  [1e-7, "1e-07"],
  [123_456_789, "123456789"],
  [-Infinity, "-Inf"],
])("%d is written as Go writes it: %s", (value, text) => expect(numberText(value)).toBe(text));
