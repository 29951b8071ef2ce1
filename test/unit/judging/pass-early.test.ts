import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type EarlyPass, passesEarly, startEarlyPass, stepEarlyPass } from "../../../src/judging/pass-early.ts";
import { judgeBlock, openSignal } from "../../../src/judging/signal.ts";
import { BLOCK, inputOf, judgeAll, limits, times } from "./world.ts";

const CAP = 20 ** (1 / 8);

function after(blocks: readonly (readonly [total: number, bad: number])[], blockMs = BLOCK): EarlyPass {
  return blocks.reduce((before, [total, badAtMost]) => stepEarlyPass(before, { total, badAtMost, limit: 0.01, blockMs }), startEarlyPass());
}

describe("evidence that a revision is below its limit", () => {
  test("one block by hand: 20 requests, none bad, at 1 %", () => {
    // (1 - r/100)/0.99 to the power of 20 for r = 0.05, 0.15, 0.3, 0.5 and 0.7.
    const bets = [0.05, 0.15, 0.3, 0.5, 0.7].map((share) => ((1 - share * 0.01) / 0.99) ** 20);

    expect(after([[20, 0]]).e).toBeCloseTo(bets.reduce((sum, bet) => sum + bet, 0) / 5, 12);
  });

  test.each([
    { name: "eight blocks of many good requests pass", blocks: times(8, [1500, 0] as const), blockMs: BLOCK, passes: true },
    { name: "seven do not, however many requests", blocks: times(7, [1e6, 0] as const), blockMs: BLOCK, passes: false },
    { name: "with blocks of 5 s it takes two minutes all the same", blocks: times(23, [1e6, 0] as const), blockMs: 5000, passes: false },
    { name: "and then passes", blocks: times(24, [1e6, 0] as const), blockMs: 5000, passes: true },
    { name: "at the limit it does not pass", blocks: times(100, [1500, 15] as const), blockMs: BLOCK, passes: false },
    { name: "half the limit passes after a while", blocks: times(60, [1500, 7] as const), blockMs: BLOCK, passes: true },
    { name: "two requests a block are too few in half an hour", blocks: times(120, [2, 0] as const), blockMs: BLOCK, passes: false },
    { name: "no request at all is no evidence", blocks: times(1000, [0, 0] as const), blockMs: BLOCK, passes: false },
    {
      name: "one bad block undoes more than a good one gave",
      blocks: [...times(7, [1500, 0] as const), [1500, 60] as const, ...times(7, [1500, 0] as const)],
      blockMs: BLOCK,
      passes: false,
    },
  ])("$name", ({ blocks, blockMs, passes }) => {
    expect(passesEarly(after(blocks, blockMs))).toBe(passes);
  });

  test("a limit of all requests or more can never be shown to be kept", () => {
    const one = stepEarlyPass(startEarlyPass(), { total: 1000, badAtMost: 0, limit: 1, blockMs: BLOCK });

    expect(one).toEqual(startEarlyPass());
  });

  test("what may be slow counts as slow where a histogram has no bucket at the limit", () => {
    const read = (badAtMost: number) => {
      const readings = [{ namespace: "shop", pod: "new-1", process: "new-1:80 web", total: 1500, bad: 0, badAtMost }];
      const input = inputOf({ kind: "counters", at: BLOCK, readings });
      return judgeBlock(openSignal({ ...limits, passEarly: true }), input).early?.e ?? 0;
    };

    expect(read(0)).toBeGreaterThan(1);
    expect(read(60)).toBeLessThan(1);
  });

  test("nobody asked for it: it is not gathered", () => {
    expect(judgeAll(times(3, { "new-1": [100, 0] } as const)).early).toBeNull();
  });

  test("gains are capped, losses are not, fewer bad requests never lower it, and it is never NaN", () => {
    const counts = fc
      .tuple(fc.nat(1_000_000), fc.nat(1_000_000))
      .map(([one, other]): [number, number] => [Math.max(one, other), Math.min(one, other)]);
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 60 }), counts, fc.nat(1000), (past, [total, bad], fewer) => {
        const before = after(past);
        const next = stepEarlyPass(before, { total, badAtMost: bad, limit: 0.01, blockMs: BLOCK });
        const better = stepEarlyPass(before, { total, badAtMost: Math.max(0, bad - fewer), limit: 0.01, blockMs: BLOCK });
        expect(next.e >= 0 && Number.isFinite(next.e)).toBe(true);
        expect(next.e).toBeLessThanOrEqual(before.e * CAP * (1 + 1e-9));
        expect(better.e).toBeGreaterThanOrEqual(next.e * (1 - 1e-9));
      }),
    );
  });
});
