import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Counting, type Served, served } from "../../../src/guards/served.ts";

interface Block {
  readonly at: number;
  readonly fresh: readonly [bad: number, total: number];
  readonly old: readonly [bad: number, total: number];
}

/** As the fold of a signal sees these blocks, one after the other. */
function fold(blocks: readonly Block[], rolledBackAt?: number): Served | undefined {
  let so: Served | undefined;
  let before: Counting = { total: 0, bad: 0, oldBlocks: [] };
  for (const { at, fresh, old } of blocks) {
    const after = {
      total: before.total + fresh[1],
      bad: before.bad + fresh[0],
      oldBlocks: [...before.oldBlocks.slice(-3), { at, bad: old[0], total: old[1] }],
    };
    so = served(so, before, after, { limit: 0.01, blockMs: 15, rolledBackAt });
    before = after;
  }
  return so;
}

describe("requests by who answered them", () => {
  it("are those before and after the rollback; the block in which it happened counts as after", () => {
    const blocks: readonly Block[] = [
      { at: 15, fresh: [0, 100], old: [0, 900] },
      { at: 30, fresh: [20, 100], old: [1, 900] },
      { at: 45, fresh: [10, 50], old: [0, 950] },
      { at: 60, fresh: [0, 0], old: [0, 1000] },
    ];
    expect(fold(blocks, 32)).toEqual({
      condemned: { before: { total: 200, bad: 20 }, after: { total: 50, bad: 10 } },
      old: { before: { total: 1800, bad: 1 }, after: { total: 1950, bad: 0 } },
      badSince: 15,
      badUntil: 45,
    });
  });

  it("are bad for as long as either revision is over the limit: restored pods that fail count too", () => {
    const blocks: readonly Block[] = [
      { at: 15, fresh: [5, 100], old: [0, 900] },
      { at: 30, fresh: [0, 0], old: [90, 900] },
      { at: 45, fresh: [0, 0], old: [0, 900] },
    ];
    expect(fold(blocks, 20)).toMatchObject({ badSince: 0, badUntil: 30, old: { after: { bad: 90 } } });
  });

  it("one error of restored pods prolongs nothing", () => {
    const blocks: readonly Block[] = [
      { at: 15, fresh: [5, 100], old: [2, 10] },
      { at: 30, fresh: [0, 0], old: [2, 10] },
    ];
    expect(fold(blocks, 20)).toMatchObject({ badSince: 0, badUntil: 15 });
  });

  it("within the limit nothing was bad", () => {
    expect(fold([{ at: 15, fresh: [1, 100], old: [0, 900] }])).not.toHaveProperty("badSince");
  });

  it("a block that made no counts changes nothing", () => {
    const counting = { total: 5, bad: 1, oldBlocks: [{ at: 15, total: 9, bad: 0 }] };
    expect(served(undefined, counting, counting, { limit: 0.01, blockMs: 15, rolledBackAt: undefined })).toBeUndefined();
  });

  it("whenever the rollback was: before and after together are all that was counted", () => {
    const count = fc.nat(50).chain((total) => fc.tuple(fc.nat(total), fc.constant(total)));
    fc.assert(
      fc.property(fc.array(fc.record({ fresh: count, old: count }), { minLength: 1 }), fc.nat(600), (counts, rolledBackAt) => {
        const so = fold(
          counts.map((each, index) => ({ ...each, at: 15 * (index + 1) })),
          rolledBackAt,
        );
        const sum = (pick: (one: (typeof counts)[number]) => number) => counts.reduce((all, one) => all + pick(one), 0);
        expect((so?.condemned.before.bad ?? 0) + (so?.condemned.after.bad ?? 0)).toBe(sum(({ fresh }) => fresh[0]));
        expect((so?.old.before.total ?? 0) + (so?.old.after.total ?? 0)).toBe(sum(({ old }) => old[1]));
      }),
    );
  });
});
