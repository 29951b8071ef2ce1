import { describe, expect, test } from "vitest";
import { quietBlocksOf } from "../../../src/guards/quiet-blocks.ts";
import { openSignal, type SignalState } from "../../../src/judging/signal.ts";
import type { BlockAudit } from "../../../src/model.ts";
import { limits } from "../judging/world.ts";
import { BLOCK } from "./a-guard.ts";

/** One block per number: the evidence at its end; `null` is a block without requests, which keeps the evidence before it. */
function signal(weight: number, evidences: readonly (number | null)[], first = 1, auditBlocks = 80): SignalState {
  let last = 1;
  const audit = evidences.map((evidence, i): BlockAudit => {
    last = evidence ?? last;
    return {
      at: (first + i) * BLOCK,
      newTotal: evidence === null ? 0 : 100,
      newBad: 0,
      oldTotal: 0,
      oldBad: 0,
      limit: 0.01,
      baselineLimit: 0,
      controlLimit: null,
      effectiveLimit: 0.01,
      limitSource: "limit",
      burn: evidence === null ? null : 0,
      sustainBlocks: 3,
      evidence: last,
      outcome: evidence === null ? "too-few" : "healthy",
    };
  });
  return { ...openSignal({ ...limits, weight, auditBlocks }), audit };
}

describe("quiet blocks", () => {
  test.each<[string, readonly SignalState[], number | null, number]>([
    ["one signal below 10 in its last three blocks", [signal(1, [200, 50, 9, 5, 2])], null, 3],
    ["a block at 10 is loud", [signal(1, [200, 10, 9])], null, 1],
    ["blocks without requests do not count", [signal(1, [200, 9, null, 5, null, 2])], null, 3],
    ["two signals of half weight at 12 are loud together", [signal(0.5, [200, 12, 12]), signal(0.5, [200, 12, 12])], null, 0],
    ["neither is loud alone, together they are", [signal(0.5, [200, 9, 9]), signal(0.5, [200, 15, 15])], null, 0],
    ["one at 12 beside one at 0 is quiet", [signal(0.5, [200, 12, 12]), signal(0.5, [0, 0, 0])], null, 2],
    ["the sum of each block is taken as it was then", [signal(0.5, [200, 2, 2]), signal(0.5, [200, 200, 2])], null, 1],
    ["a signal that stopped being answered stands as it stood", [signal(0.5, [200]), signal(0.5, [0, 0, 0, 0, 0])], null, 0],
    ["a signal that was never judged has evidence 1", [signal(0.5, []), signal(0.5, [200, 2, 2])], null, 2],
    ["a signal whose blocks begin later had evidence 1 before", [signal(0.5, [2], 3), signal(0.5, [200, 2, 2])], null, 2],
    ["blocks before the brake do not count", [signal(1, [2, 2, 2, 2, 2])], 3 * BLOCK, 2],
    ["what the audit has forgotten is loud", [signal(0.5, [2], 3, 1), signal(0.5, [2, 2, 2])], null, 1],
    ["without signals there is no end of quiet", [], null, Infinity],
  ])("%s", (_, signals, since, wanted) => {
    expect(quietBlocksOf(signals, since)).toBe(wanted);
  });
});
