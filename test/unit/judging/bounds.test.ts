import { describe, expect, test } from "vitest";
import { baselineOf, nextBaselineWindow } from "../../../src/judging/baseline.ts";
import { blockEnds } from "../../../src/judging/blocks.ts";
import { byarUpper } from "../../../src/judging/byar.ts";
import { pearsonDispersion } from "../../../src/judging/dispersion.ts";
import { upperNormalQuantile } from "../../../src/judging/normal.ts";

describe("normal quantile", () => {
  test.each([
    { p: 1e-4, z: 3.719016485455709 },
    { p: 0.5, z: 0 },
    { p: 0.025, z: 1.959963984540054 },
    { p: 0.975, z: -1.959963984540054 },
    { p: 0.2, z: 0.8416212335729143 },
    { p: 1e-5, z: 4.264890793922825 },
    { p: 1e-15, z: 7.941345326170997 },
  ])("z($p) = $z", ({ p, z }) => {
    expect(upperNormalQuantile(p)).toBeCloseTo(z, 12);
  });

  test("outside of 0 to 1 there is none", () => {
    expect(upperNormalQuantile(0)).toBeNaN();
    expect(upperNormalQuantile(1)).toBeNaN();
  });
});

describe("Byar's upper bound", () => {
  test.each([
    { bad: 0, upper: 0.00321467504 },
    { bad: 3, upper: 0.00538041334 },
    { bad: 30, upper: 0.0187207679 },
    { bad: 150, upper: 0.0670205752 },
  ])("$bad bad of 3,000 at z(1e-4) is $upper", ({ bad, upper }) => {
    expect(Math.abs(byarUpper(bad, 3000, 3.719016485455709) / upper - 1)).toBeLessThan(1e-6);
  });

  test("nothing seen is no bound", () => {
    expect(byarUpper(0, 0, 3.7)).toBe(Infinity);
  });
});

describe("dispersion of a baseline", () => {
  test.each([
    { name: "no blocks", blocks: [], wanted: 1 },
    { name: "one block", blocks: [{ total: 100, bad: 7 }], wanted: 1 },
    {
      name: "never bad",
      blocks: [
        { total: 100, bad: 0 },
        { total: 50, bad: 0 },
      ],
      wanted: 1,
    },
    {
      name: "calmer than chance",
      blocks: [
        { total: 100, bad: 5 },
        { total: 100, bad: 5 },
      ],
      wanted: 1,
    },
    // rate 0.05: (10 - 5)^2 / (100 * 0.05 * 0.95), twice, over one degree of freedom
    {
      name: "all bad ones in one block",
      blocks: [
        { total: 100, bad: 10 },
        { total: 0, bad: 0 },
        { total: 100, bad: 0 },
      ],
      wanted: 50 / 4.75,
    },
  ])("$name: $wanted", ({ blocks, wanted }) => {
    expect(pearsonDispersion(blocks)).toBeCloseTo(wanted, 12);
  });
});

describe("baseline", () => {
  test.each([
    ["so few requests that nothing could be too bad leave nothing that is worse", 9, 1.5, 2 / 3],
    ["they bound it where the factor leaves room", 20, 1.5, 0.48],
  ])("%s", (_, total, worseThanOld, upper) => {
    expect(baselineOf([{ total, bad: 0 }], { alpha: 1e-3, checks: 1, worseThanOld }).upper).toBeCloseTo(upper, 2);
  });

  test.each([
    ["too few of them within the limit are as none", 1499, 0, 0],
    ["too few over the limit stand for what they are", 100, 5, 0.05],
    ["hardly any are as none, however bad", 29, 29, 0],
    ["too few and nearly all bad leave nothing that is worse", 30, 25, 2 / 3],
    ["so do enough", 1500, 1050, 2 / 3],
    ["enough are bounded", 1500, 15, 0.023596],
  ])("%s", (_, total, bad, upper) => {
    const share = { alpha: 1e-3, checks: 1, worseThanOld: 1.5, limit: 0.02 };
    expect(baselineOf([{ total, bad }], share).upper).toBeCloseTo(upper, 4);
  });

  test("enough within a wide limit, whose bound leaves nothing that is worse, are not as none", () => {
    const share = { alpha: 1e-3, checks: 1, worseThanOld: 1.5, limit: 0.5 };
    expect(baselineOf([{ total: 60, bad: 29 }], share).upper).toBeCloseTo(2 / 3, 12);
  });

  test("without any request there is no bound to apply", () => {
    expect(baselineOf([{ total: 0, bad: 0 }], { alpha: 1e-3, checks: 1 })).toEqual({ total: 0, bad: 0, dispersion: 1, upper: 0 });
  });

  test("a calm baseline of 30 in 3,000 is bounded by Byar at a tenth of alpha", () => {
    const blocks = Array.from({ length: 10 }, () => ({ total: 300, bad: 3 }));

    const { upper, total, bad } = baselineOf(blocks, { alpha: 1e-3, checks: 1 });

    expect([total, bad]).toEqual([3000, 30]);
    expect(upper).toBeCloseTo(0.0187207679, 9);
  });

  test("clumps and more signals under one confidence both widen the bound", () => {
    const calm = Array.from({ length: 10 }, () => ({ total: 300, bad: 3 }));
    const clumped = calm.map((block, i) => ({ ...block, bad: i === 0 ? 30 : 0 }));
    const base = baselineOf(calm, { alpha: 1e-3, checks: 1 }).upper;

    expect(baselineOf(clumped, { alpha: 1e-3, checks: 1 }).upper).toBeGreaterThan(2 * base);
    expect(baselineOf(calm, { alpha: 1e-3, checks: 4 }).upper).toBeGreaterThan(base);
  });

  test.each([
    { asked: null, total: 0, wanted: 30 },
    { asked: 30, total: 100, wanted: 60 },
    { asked: 30, total: 3000, wanted: null },
    { asked: 240, total: 100, wanted: 360 },
    { asked: 360, total: 100, wanted: null },
    { asked: 30, total: 3000, upper: 0.7, wanted: 60 },
  ])("after $asked min with $total requests and a bound of $upper at a limit of 1 % it looks back $wanted min", (row) => {
    const { asked, total, upper = 0.02, wanted } = row;
    const minute = 60_000;
    const before = asked === null ? null : { window: asked * minute, total, upper };
    const next = nextBaselineWindow(before, { limit: 0.01, worseThanOld: 1.5 }, 360 * minute);

    expect(next).toBe(wanted === null ? null : wanted * minute);
  });
});

describe("block ends", () => {
  test.each([
    { name: "the end behind us is not asked for again", after: 30_000, upTo: 60_000, ends: [45_000, 60_000] },
    { name: "starts between two ends are aligned to the epoch", after: 31_001, upTo: 59_999, ends: [45_000] },
    { name: "nothing is due yet", after: 45_000, upTo: 59_999, ends: [] },
    { name: "time that stands still asks for nothing", after: 45_000, upTo: 45_000, ends: [] },
  ])("$name", ({ after, upTo, ends }) => {
    expect(blockEnds(after, upTo, 15_000)).toEqual(ends);
  });
});
