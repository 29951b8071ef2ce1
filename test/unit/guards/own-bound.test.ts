import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { baselineFrom } from "../../../src/guards/baseline.ts";
import { limitationsOf } from "../../../src/guards/record.ts";
import { ownBaseline, ownBoundMissing } from "../../../src/guards/own-bound.ts";
import type { Latencies, Measurement, Rollout } from "../../../src/model.ts";
import type { Policy } from "../../../src/policies/policy.ts";
import { signalOf, signalSchema } from "../../../src/policies/signal.ts";
import { BLOCK, policyOf, recordOf, rollout, START } from "./a-guard.ts";

const window = { from: START - 10 * BLOCK, to: START };
const share = { alpha: 0.001, checks: 1 };

/** A process at the end of the nth block, each its latencies so far. */
function latencies(nth: number, ...processes: readonly Latencies[]): Measurement {
  const named = processes.map((one, index) => ({ namespace: "shop", pod: `web-${index}`, process: `web-${index}`, latencies: one }));
  return { kind: "latencies", at: START - (10 - nth) * BLOCK, processes: named };
}

/** Cumulative counts by bound in seconds. */
function classic(counts: Readonly<Record<string, number>>): Latencies {
  return { kind: "classic", buckets: Object.entries(counts).map(([le, count]) => ({ le: le === "+Inf" ? Infinity : Number(le), count })) };
}

const before = classic({ "0.1": 0, "0.25": 0, "0.5": 0, "+Inf": 0 });
/** 10 % above 100 ms, 4 % above 250 ms, 1 % above 500 ms. */
const usual = classic({ "0.1": 2700, "0.25": 2880, "0.5": 2970, "+Inf": 3000 });

describe("the old revision's own bound", () => {
  test.each([
    ["p90", 0.1, 100, 300],
    ["p95", 0.05, 250, 120],
    ["p99", 0.01, 500, 30],
  ])("of %s is the smallest that few enough were slower than", (_name, limit, thresholdMs, bad) => {
    expect(ownBaseline([latencies(1, before), latencies(2, usual)], limit, window, share)).toMatchObject({
      ...window,
      total: 3000,
      bad,
      thresholdMs,
    });
  });

  test("counts what grew in the window, not what was slow before it", () => {
    const slowBefore = classic({ "0.1": 0, "0.25": 0, "0.5": 0, "+Inf": 5000 });
    const after = classic({ "0.1": 1000, "0.25": 1000, "0.5": 1000, "+Inf": 6000 });
    expect(ownBaseline([latencies(1, slowBefore), latencies(2, after)], 0.05, window, share)).toMatchObject({
      total: 1000,
      bad: 0,
      thresholdMs: 100,
    });
  });

  test("is one that every process can tell", () => {
    const coarse = [classic({ "0.1": 0, "+Inf": 0 }), classic({ "0.1": 3000, "+Inf": 3000 })] as const;
    const both = [latencies(1, before, coarse[0]), latencies(2, usual, coarse[1])];
    expect(ownBaseline(both, 0.05, window, share)).toMatchObject({ total: 6000, bad: 300, thresholdMs: 100 });
    expect(ownBaseline(both, 0.01, window, share)).not.toHaveProperty("thresholdMs");
  });

  test.each<[string, readonly Measurement[], number]>([
    ["nothing was seen", [{ kind: "no-data", at: START, because: "" }], 0],
    ["no request came", [latencies(1, usual), latencies(2, usual)], 0],
    [
      "even the highest bound is exceeded too often",
      [latencies(1, before), latencies(2, classic({ "0.1": 0, "0.25": 0, "0.5": 900, "+Inf": 1000 }))],
      1000,
    ],
    [
      "fewer than 30/limit requests were seen: what they were slower than at most is chance",
      [latencies(1, before), latencies(2, classic({ "0.1": 599, "0.25": 599, "0.5": 599, "+Inf": 599 }))],
      599,
    ],
    ["the histogram has no bound at all", [latencies(1, classic({ "+Inf": 0 })), latencies(2, classic({ "+Inf": 1000 }))], 0],
  ])("is unknown where %s", (_name, measurements, total) => {
    const baseline = ownBaseline(measurements, 0.05, window, share);
    expect(baseline).toMatchObject({ total });
    expect(baseline).not.toHaveProperty("thresholdMs");
  });

  test("of a native histogram is the end of one of its buckets, and what it never saw needs no bound", () => {
    const native = (...counts: readonly number[]): Latencies => {
      const buckets = counts.map((count, index) => ({ left: 0.1 * 2 ** index, right: 0.1 * 2 ** (index + 1), count }));
      return { kind: "native", count: counts.reduce((sum, count) => sum + count, 0), buckets };
    };
    const seen = [latencies(1, native(0, 0)), latencies(2, native(900, 80, 20))];
    expect(ownBaseline(seen, 0.05, window, share)).toMatchObject({ total: 1000, bad: 20, thresholdMs: 400 });
  });

  test("shares the confidence among all bounds it might have been", () => {
    const { upper, total } = ownBaseline([latencies(1, before), latencies(2, usual)], 0.05, window, share);
    const reading = (count: number, bad: number, nth: number): Measurement => ({
      kind: "counters",
      at: START - (10 - nth) * BLOCK,
      readings: [{ namespace: "shop", pod: "web-0", process: "web-0", total: count, bad, badAtMost: bad }],
    });
    const fixed = (checks: number) => baselineFrom([reading(0, 0, 1), reading(total, 120, 2)], window, { ...share, checks }).upper;
    expect(upper).toBe(fixed(3));
    expect(upper).toBeGreaterThan(fixed(1));
  });

  test("is never exceeded more often than allowed, and the bound below it always is", () => {
    const counts = fc.array(fc.nat(3000), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(counts, fc.constantFrom(0.01, 0.05, 0.1, 0.25, 0.5), (inside, limit) => {
        const [a = 0, b = 0, c = 0, d = 0] = inside;
        const total = a + b + c + d;
        const end = classic({ "0.1": a, "0.25": a + b, "0.5": a + b + c, "+Inf": total });
        const { thresholdMs, bad } = ownBaseline([latencies(1, before), latencies(2, end)], limit, window, share);
        const slower = new Map([
          [100, b + c + d],
          [250, c + d],
          [500, d],
        ]);
        const fitting = [...slower].filter(([, count]) => total >= 30 / limit && count <= limit * total).map(([bound]) => bound);
        expect([thresholdMs, bad]).toEqual([fitting[0], fitting[0] === undefined ? slower.get(500) : slower.get(fitting[0])]);
      }),
    );
  });
});

describe("a latency against the old revision's own", () => {
  const signal = signalOf(signalSchema.parse({ http: { preset: "prom-client", slower: { p95: "old" } } }));
  const baseline = { ...window, total: 1000, bad: 40, dispersion: 1, upper: 0.06 };

  test.each([
    ["is judged where its bound is known", { ...baseline, thresholdMs: 250 }, undefined],
    [
      "cannot be judged where no request was seen",
      { ...baseline, total: 0, bad: 0 },
      "no request of the old revision was seen in http_request_duration_seconds_bucket",
    ],
    [
      "cannot be judged by a few requests",
      { ...baseline, total: 599, bad: 0 },
      "only 599 requests of the old revision were seen before the rollout, 600 are needed to know its own p95",
    ],
    [
      "cannot be judged where no bound fits",
      baseline,
      "the old revision's own p95 is above every bucket of http_request_duration_seconds_bucket",
    ],
  ])("%s", (_name, found, because) => {
    const missing = ownBoundMissing(signal, recordOf([], { baselines: { latency: found } }), "latency");
    expect(missing ?? "judged").toContain(because ?? "judged");
  });

  test("is said to be impossible when a guard opens at a first deploy, and only then", () => {
    const { old: _, ...first } = rollout;
    const told = (policy: Policy, one: Rollout) => limitationsOf(one, policy, [], 15_000).filter((text) => text.startsWith("slow "));
    const relative = policyOf("signals: { slow: { http: { preset: otel, slower: { p95: old } } } }");
    expect(told(relative, first)).toEqual([
      "slow is judged against the old revision's own latency: without an old revision it cannot be judged",
    ]);
    expect(told(relative, rollout)).toEqual([]);
    expect(told(policyOf("signals: { slow: { http: { preset: otel, slower: { p95: 1s } } } }"), first)).toEqual([]);
  });

  test("cannot be judged at a first deploy", () => {
    const record = recordOf();
    const { old: _, ...first } = record.rollout;
    expect(ownBoundMissing(signal, { ...record, rollout: first }, "latency")).toBe("p95 old: there is no old revision to compare with");
  });
});
