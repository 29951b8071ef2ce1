import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noRate, type RateRule, rateVerdict, stepRate } from "../../../src/judging/rate.ts";
import { BLOCK, type Block, foldBlocks, times } from "./rated.ts";

const rule: RateRule = { limit: 0.01, overMs: 60_000, forMs: 120_000, minRequests: 100, blockMs: BLOCK };

function fold(blocks: readonly Block[], over: Partial<RateRule> = {}) {
  const used = { ...rule, ...over };
  return foldBlocks(noRate, blocks, (memory, block) => stepRate(memory, block, used));
}

function verdict(blocks: readonly Block[], over: Partial<RateRule> = {}, laterMs = 0) {
  return rateVerdict(fold(blocks, over), { ...rule, ...over }, "errors", blocks.length * BLOCK + laterMs, 300_000);
}

const bad: Block = [10, 100];
const good: Block = [0, 100];

describe("rate over 1 min above 1 % for 2 min, from 100 requests on", () => {
  test.each<{ readonly name: string; readonly blocks: readonly Block[]; readonly state: string }>([
    { name: "two minutes above", blocks: times(9, bad), state: "breach" },
    { name: "a block less", blocks: times(8, bad), state: "warn" },
    { name: "exactly at the limit is not above", blocks: times(20, [1, 100]), state: "pass" },
    { name: "just above it is", blocks: times(9, [101, 10_000]), state: "breach" },
    { name: "exactly 100 requests in the window are judged", blocks: times(12, [5, 25]), state: "breach" },
    { name: "99 are not", blocks: times(24, [24, 24]), state: "inconclusive" },
    { name: "one bad block keeps a window of a minute above, not two", blocks: [good, [40, 100], ...times(7, good)], state: "pass" },
    { name: "a good window begins anew", blocks: [...times(8, bad), ...times(5, [0, 1000]), ...times(5, bad)], state: "warn" },
    { name: "an error neither ends the time nor is part of it", blocks: [...times(4, bad), "error", ...times(4, bad)], state: "breach" },
    { name: "a time that ends in errors has not grown", blocks: [...times(8, bad), "error", "error"], state: "warn" },
    { name: "no-data does not heal", blocks: [...times(8, bad), "no-data", bad], state: "breach" },
    { name: "a block without requests neither", blocks: [...times(8, bad), [0, 0], bad], state: "breach" },
    { name: "a gap as long as the window goes on", blocks: [...times(6, bad), ...times(3, null), bad], state: "breach" },
    { name: "a longer one begins anew", blocks: [...times(8, bad), ...times(4, null), bad], state: "warn" },
    { name: "nothing was ever answered", blocks: ["no-data", "error"], state: "inconclusive" },
    { name: "299 good requests are too few for a pass", blocks: [...times(2, good), [0, 99]], state: "inconclusive" },
    { name: "300 are enough", blocks: times(3, good), state: "pass" },
    { name: "a lull after enough requests is no failure", blocks: [...times(4, good), ...times(30, [0, 0])], state: "pass" },
    { name: "a source that died is", blocks: [...times(4, good), ...times(20, "error")], state: "inconclusive" },
  ])("$name: $state", ({ blocks, state }) => {
    expect(verdict(blocks).state).toBe(state);
  });

  test("says the rate, over what, for how long, and of how many", () => {
    expect(verdict(times(9, bad)).because).toEqual([
      { code: "rate", signal: "errors", badRatio: 0.1, bad: 40, total: 400, overMs: 60_000, limit: 0.01, forMs: 120_000 },
    ]);
  });

  test("says what its window would have needed", () => {
    expect(verdict(times(40, [0, 10])).because).toEqual([{ code: "rule-blind", signal: "errors", seen: 40, needed: 100, overMs: 60_000 }]);
  });

  test("a breach says nothing about now once its window is over", () => {
    expect(verdict(times(9, bad), {}, 60_000).state).toBe("breach");
    expect(verdict(times(9, bad), {}, 60_001).state).toBe("pass");
  });

  test("old pods are no part of it, but remembered for the proof that a rollback helped", () => {
    const state = fold(times(3, bad));
    expect([state.total, state.bad]).toEqual([300, 30]);
    expect(state.oldBlocks).toEqual([15, 30, 45].map((s) => ({ at: s * 1000, total: 100, bad: 10 })));
  });
});

const block = fc
  .tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 100 }))
  .map(([total, share]): Block => [Math.floor((total * share) / 10_000), total]);
const unusable = fc.constantFrom<Block[]>("error", "no-data", null);

test("blocks within the limit never breach, whatever is missing between them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(block, unusable)),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 400 }),
      (blocks, over, minRequests) => {
        expect(["pass", "inconclusive"]).toContain(verdict(blocks, { overMs: over * BLOCK, forMs: 0, minRequests }).state);
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
