import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { liveControl, sustainBlocks } from "../../../src/judging/control.ts";
import { effectiveLimit } from "../../../src/judging/limit.ts";
import { isAttributable, sharedWithOthers } from "../../../src/judging/shared.ts";

describe("effective limit is the largest of three", () => {
  test.each<{
    readonly name: string;
    readonly upper: number;
    readonly control: number | null;
    readonly wanted: ReturnType<typeof effectiveLimit>;
  }>([
    {
      name: "good before and now",
      upper: 0.002,
      control: 0.004,
      wanted: { value: 0.01, source: "limit", baseline: 0.003, control: 0.006 },
    },
    { name: "bad before", upper: 0.06, control: null, wanted: { value: 0.09, source: "baseline", baseline: 0.09, control: null } },
    { name: "bad now", upper: 0.002, control: 0.2, wanted: { value: 0.3, source: "live-control", baseline: 0.003, control: 0.3 } },
    { name: "no old revision", upper: 0, control: null, wanted: { value: 0.01, source: "limit", baseline: 0, control: null } },
    {
      name: "bad before and now alike",
      upper: 0.06,
      control: 0.06,
      wanted: { value: 0.09, source: "baseline", baseline: 0.09, control: 0.09 },
    },
  ])("$name", ({ upper, control, wanted }) => {
    const { value, source, baseline, control: live } = effectiveLimit(0.01, 1.5, upper, control);

    expect(source).toBe(wanted.source);
    expect([value, baseline, live ?? -1].map((number) => Number(number.toFixed(12)))).toEqual([
      wanted.value,
      wanted.baseline,
      wanted.control ?? -1,
    ]);
  });

  test("burn never grows with the limit, with the factor, or with the errors of the old pods", () => {
    const rate = fc.double({ min: 1e-6, max: 1, noNaN: true });
    const factor = fc.double({ min: 1, max: 10, noNaN: true });
    fc.assert(
      fc.property(rate, factor, rate, fc.integer({ min: 0, max: 400 }), rate, (limit, rho, upper, oldBad, more) => {
        const burn = (l: number, r: number, bad: number): number => {
          const control = liveControl(
            [{ at: 15_000, total: 500, bad }],
            15_000,
            { limit: l, worseThanOld: r, phi: 3 },
            { usual: l, required: false },
          );
          return 0.3 / effectiveLimit(l, r, upper, control.rate).value;
        };
        // Counting what the control needs is another matter: it is compared where both have one.
        const both = (rho * 3) / limit <= 500 && ((rho + more) * 3) / limit <= 500;
        fc.pre(both);
        expect(burn(limit + more, rho, oldBad)).toBeLessThanOrEqual(burn(limit, rho, oldBad));
        expect(burn(limit, rho + more, oldBad)).toBeLessThanOrEqual(burn(limit, rho, oldBad));
        expect(burn(limit, rho, oldBad + 1)).toBeLessThanOrEqual(burn(limit, rho, oldBad));
      }),
    );
  });
});

describe("live control", () => {
  const rule = { limit: 0.01, worseThanOld: 1.5, phi: 3 };

  test.each<{
    readonly name: string;
    readonly blocks: readonly (readonly [at: number, total: number, bad: number])[];
    readonly required?: boolean;
    readonly partial?: boolean;
    readonly wanted: object;
  }>([
    {
      name: "the block alone has 450 requests",
      blocks: [
        [0, 900, 90],
        [15, 450, 6],
      ],
      wanted: { rate: 9 / 450, live: true },
    },
    {
      name: "two blocks together have them",
      blocks: [
        [0, 300, 3],
        [15, 200, 0],
        [30, 250, 3],
      ],
      wanted: { rate: 6 / 450, live: false },
    },
    {
      name: "two minutes do not have them",
      blocks: [
        [0, 9000, 0],
        [120, 400, 1],
      ],
      wanted: { rate: null, live: false },
    },
    {
      name: "two minutes do not have them, but two requests failed",
      blocks: [
        [0, 9000, 0],
        [105, 60, 1],
        [120, 40, 1],
      ],
      wanted: { rate: 5 / 100, live: false },
    },
    {
      name: "of few requests the last two failed: as bad as can be",
      blocks: [
        [90, 40, 16],
        [120, 4, 2],
      ],
      wanted: { rate: 1, live: false },
    },
    {
      name: "what two minutes have counts before what a part of them has",
      blocks: [
        [105, 300, 0],
        [120, 300, 2],
      ],
      wanted: { rate: 5 / 600, live: false },
    },
    {
      name: "a block at the edge of two minutes counts",
      blocks: [
        [15, 440, 0],
        [120, 10, 0],
      ],
      wanted: { rate: 3 / 450, live: false },
    },
    {
      name: "where the control is partial, ten minutes are remembered",
      blocks: [
        [0, 100, 100],
        [15, 100, 1],
        [300, 30, 1],
        [600, 20, 0],
      ],
      partial: true,
      wanted: { rate: 5 / 150, live: false },
    },
    {
      name: "two requests failed, but no more than usual",
      blocks: [
        [105, 100, 1],
        [120, 100, 1],
      ],
      wanted: { rate: null, live: false },
    },
    { name: "no old pods", blocks: [], wanted: { rate: null, live: false } },
    { name: "no old pods where they are required", blocks: [], required: true, wanted: { rate: null, live: false } },
    { name: "little is enough where it is required", blocks: [[15, 30, 0]], required: true, wanted: { rate: 3 / 30, live: false } },
    { name: "very little proves nothing", blocks: [[15, 2, 0]], required: true, wanted: { rate: 1, live: false } },
  ])("$name", ({ blocks, required = false, partial = false, wanted }) => {
    const counts = blocks.map(([at, total, bad]) => ({ at: at * 1000, total, bad }));

    expect(liveControl(counts, counts.at(-1)?.at ?? 0, { ...rule, controlIsPartial: partial }, { usual: 0.01, required })).toEqual(wanted);
  });
});

describe("blocks that must agree", () => {
  test.each([
    { sustain: 30, scrape: 15, block: 15, live: false, m: 4 },
    { sustain: 30, scrape: 15, block: 15, live: true, m: 3 },
    { sustain: 0, scrape: 15, block: 15, live: false, m: 2 },
    { sustain: 0, scrape: 15, block: 15, live: true, m: 2 },
    { sustain: 30, scrape: 30, block: 30, live: false, m: 3 },
    { sustain: 2, scrape: 1, block: 1, live: true, m: 3 },
    { sustain: 60, scrape: 15, block: 15, live: false, m: 6 },
  ])("sustain $sustain s, scrape $scrape s, block $block s, live $live: $m", ({ sustain, scrape, block, live, m }) => {
    expect(sustainBlocks(sustain * 1000, scrape * 1000, block * 1000, live)).toBe(m);
  });
});

describe("a rate over an exposure", () => {
  const rule = { limit: 6, worseThanOld: 1.5, phi: 10, exposure: true };

  test.each<[string, number, number, number | null]>([
    ["few pod-minutes with lines above the limit excuse, by more than 1", 0.5, 20, 60],
    ["few pod-minutes with everyday lines prove nothing", 0.5, 2, null],
    ["2.5 pod-minutes are enough to tell", 2.5, 2, 4.8],
    ["late lines of pods that have gone tell nothing", 0, 20, null],
  ])("%s", (_what, total, bad, rate) => {
    expect(liveControl([{ at: 15_000, total, bad }], 15_000, rule, { usual: 6, required: false }).rate).toBe(rate);
  });

  test("a control above 1 can still tell what is the new revision's fault, where a share could not", () => {
    const limit = effectiveLimit(6, 1.5, 0, 40);
    expect([isAttributable(sharedWithOthers(), limit, Infinity), isAttributable(sharedWithOthers(), limit)]).toEqual([true, false]);
  });
});
