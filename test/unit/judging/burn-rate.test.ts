import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BurnRateRule, burnRateVerdict, noBurnRate, stepBurnRate } from "../../../src/judging/burn-rate.ts";
import { BLOCK, type Block, foldBlocks, times } from "./rated.ts";

const rule: BurnRateRule = { limit: 0.01, factor: 3, longMs: 300_000, shortMs: 60_000, minRequests: 100, blockMs: BLOCK };

function fold(blocks: readonly Block[], over: Partial<BurnRateRule> = {}) {
  const used = { ...rule, ...over };
  return foldBlocks(noBurnRate, blocks, (memory, block) => stepBurnRate(memory, block, used));
}

function verdict(blocks: readonly Block[], over: Partial<BurnRateRule> = {}, laterMs = 0) {
  return burnRateVerdict(fold(blocks, over), { ...rule, ...over }, "errors", blocks.length * BLOCK + laterMs, 300_000);
}

const bad: Block = [10, 100];
const good: Block = [0, 100];

describe("rates over 5 min and 1 min above 3x 1 %, from 100 requests on", () => {
  test.each<{ readonly name: string; readonly blocks: readonly Block[]; readonly state: string }>([
    { name: "blocks that span the short window", blocks: times(5, bad), state: "breach" },
    { name: "a burst that does not", blocks: times(4, [100, 100]), state: "warn" },
    { name: "exactly 3x is not above", blocks: times(20, [3, 100]), state: "pass" },
    { name: "just above 3x is", blocks: times(20, [31, 1000]), state: "breach" },
    { name: "only the short one: it does not matter yet", blocks: [...times(16, good), ...times(4, bad)], state: "warn" },
    { name: "the long one follows", blocks: [...times(13, good), ...times(7, bad)], state: "breach" },
    { name: "only the long one: it is over", blocks: [...times(16, bad), ...times(4, good)], state: "pass" },
    { name: "exactly 100 requests in the long window are judged", blocks: times(20, [1, 5]), state: "breach" },
    { name: "fewer are not", blocks: times(20, [4, 4]), state: "inconclusive" },
    { name: "errors and no-data are neither above nor below", blocks: [bad, "error", bad, "no-data", bad], state: "breach" },
    { name: "errors do not stretch a burst to the short window", blocks: [bad, bad, "error", "no-data", "error"], state: "warn" },
    { name: "nor does a block without requests heal", blocks: [...times(5, bad), [0, 0]], state: "breach" },
    { name: "nothing was ever answered", blocks: ["no-data", "error"], state: "inconclusive" },
    { name: "299 good requests are too few for a pass", blocks: [good, good, [0, 99]], state: "inconclusive" },
    { name: "300 are enough", blocks: times(3, good), state: "pass" },
    { name: "a source that died is no pass", blocks: [...times(8, good), ...times(20, "no-data")], state: "inconclusive" },
  ])("$name: $state", ({ blocks, state }) => {
    expect(verdict(blocks).state).toBe(state);
  });

  test("says both rates, both windows and the multiple", () => {
    expect(verdict([...times(13, good), ...times(7, bad)]).because).toEqual([
      {
        code: "burn-rate",
        signal: "errors",
        factor: 3,
        limit: 0.01,
        longMs: 300_000,
        longTotal: 2000,
        longBad: 70,
        shortMs: 60_000,
        shortTotal: 400,
        shortBad: 40,
      },
    ]);
  });

  test("a breach says nothing about now once the short window is over", () => {
    expect(verdict(times(5, bad), {}, 60_000).state).toBe("breach");
    expect(verdict(times(5, bad), {}, 60_001).state).toBe("pass");
  });
});

const block = fc
  .tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 300 }))
  .map(([total, share]): Block => [Math.floor((total * share) / 10_000), total]);
const unusable = fc.constantFrom<Block[]>("error", "no-data", null);

test("blocks within the multiple of the limit never breach, whatever is missing between them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(block, unusable)),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 400 }),
      (blocks, short, minRequests) => {
        expect(["pass", "inconclusive"]).toContain(verdict(blocks, { shortMs: short * BLOCK, minRequests }).state);
      },
    ),
  );
});

test("silence changes nothing of what the rule remembers", () => {
  const heard = fc.array(fc.tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 10, max: 200 })), { minLength: 1 });
  fc.assert(
    fc.property(heard, fc.array(fc.constantFrom<Block[]>("error", "no-data", [0, 0]), { maxLength: 8 }), (blocks, silence) => {
      expect(fold([...blocks, ...silence]).memory).toEqual(fold(blocks).memory);
    }),
  );
});
