import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combineEvidence, type SignalShare } from "../../../src/judging/combine.ts";

function share(signal: string, weight: number, evidence: number, withoutOnePod = evidence): SignalShare {
  return { signal, weight, evidence, withoutOnePod };
}

describe("signals under one confidence", () => {
  test.each<{ readonly name: string; readonly shares: readonly SignalShare[]; readonly wanted: object }>([
    {
      name: "calm",
      shares: [share("errors", 0.5, 1), share("latency", 0.5, 0.4)],
      wanted: { evidence: 0.7, firesBrake: false, firesRollback: false, leading: "errors" },
    },
    {
      name: "one loud enough for the brake",
      shares: [share("errors", 0.5, 0.1), share("latency", 0.5, 200)],
      wanted: { firesBrake: true, firesFull: false, firesRollback: false, leading: "latency" },
    },
    {
      name: "two that reach the mark only together",
      shares: [share("errors", 0.5, 1200), share("latency", 0.5, 1100)],
      wanted: { firesFull: true, firesRollback: true, leading: "errors" },
    },
    {
      name: "full fires, one pod left out does not",
      shares: [share("errors", 1, 2000, 3)],
      wanted: { firesFull: true, firesBrake: true, firesRollback: false },
    },
    {
      name: "the heavier signal leads at equal evidence",
      shares: [share("errors", 0.2, 500), share("latency", 0.8, 500)],
      wanted: { leading: "latency" },
    },
    { name: "no signal at all", shares: [], wanted: { evidence: 0, leading: null, firesBrake: false, firesRollback: false } },
  ])("$name", ({ shares, wanted }) => {
    expect(combineEvidence(shares, 1e-3)).toMatchObject(wanted);
  });

  test.each([
    { evidence: 1 / 0.0009, fires: true },
    { evidence: (1 / 0.0009) * (1 - 5e-10), fires: true },
    { evidence: (1 / 0.0009) * (1 - 1e-6), fires: false },
  ])("at 99.9 % evidence of $evidence fires: $fires", ({ evidence, fires }) => {
    const guard = combineEvidence([share("errors", 1, evidence)], 1 - 0.999);

    expect(guard.needed).toBeCloseTo(1111.111111, 5);
    expect(guard.firesRollback).toBe(fires);
  });

  test("a rollback always means that the brake was due as well", () => {
    const some = fc.record({
      signal: fc.string(),
      weight: fc.double({ min: 0, max: 1, noNaN: true }),
      evidence: fc.double({ min: 0, max: 1e9, noNaN: true }),
      withoutOnePod: fc.double({ min: 0, max: 1e9, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 6 }), fc.double({ min: 1e-6, max: 0.01, noNaN: true }), (shares, alpha) => {
        const guard = combineEvidence(shares, alpha);
        expect(!guard.firesRollback || (guard.firesBrake && guard.firesFull)).toBe(true);
      }),
    );
  });
});
