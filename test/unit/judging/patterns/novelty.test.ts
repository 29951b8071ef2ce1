import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createGatherer } from "../../../../src/judging/patterns/gather.ts";
import {
  doubtful,
  foldFresh,
  foldOld,
  leastLines,
  loudest,
  newPatterns,
  noLines,
  type NoveltyRule,
} from "../../../../src/judging/patterns/novelty.ts";
import type { LinesRead, Ms } from "../../../../src/model.ts";

const block = 15_000;
/** Every pod was Ready at 0. */
const rule: NoveltyRule = { blockMs: block, readySince: () => 0 };

/** `text` logged `times` times by each pod in the block that ends at `to`, a second apart. */
function read(to: Ms, texts: Readonly<Record<string, number>>, pods = ["new-a"], whole = true): LinesRead {
  const gatherer = createGatherer();
  for (const [text, times] of Object.entries(texts)) {
    for (const pod of pods) for (let line = 0; line < times; line += 1) gatherer.add({ text, pod, at: to - 1000 * (line % 10) });
  }
  return gatherer.read(to - block, to, whole);
}

const patterns = (memory: typeof noLines, of = rule) => newPatterns(memory, of).map(({ pattern }) => pattern);

describe("a pattern is new", () => {
  test("when new pods log it, and old pods did not in the time before nor in the block after", () => {
    const first = foldOld(
      foldFresh(noLines, read(30_000, { "no contacts of 7": 5, "timeout 3": 5 })),
      read(30_000, { "timeout 4": 1 }, ["old"]),
    );
    expect(patterns(first), "old pods have not had their block yet").toEqual([]);
    const then = foldOld(foldFresh(first, read(45_000, {})), read(45_000, {}, ["old"]));
    expect(newPatterns(then, rule)).toEqual([
      { pattern: "no contacts of *", lines: 5, pods: ["new-a"], first: 26_000, last: 30_000, sure: true },
    ]);
  });

  test("but not when old pods log it a block later", () => {
    const first = foldOld(foldFresh(noLines, read(30_000, { "no contacts of 7": 5 })), read(30_000, {}, ["old"]));
    expect(patterns(foldOld(first, read(45_000, { "no contacts of 8": 1 }, ["old"])))).toEqual([]);
  });

  test("but not before old pods could be read at all", () => {
    expect(patterns(foldFresh(noLines, read(30_000, { "no contacts of 7": 50 })))).toEqual([]);
  });

  test(`but not before it was logged ${leastLines} times`, () => {
    const memory = foldOld(foldFresh(noLines, read(30_000, { odd: 2 })), read(60_000, {}, ["old"]));
    expect(patterns(memory)).toEqual([]);
    expect(patterns(foldFresh(memory, read(45_000, { odd: 1 })))).toEqual(["odd"]);
  });
});

describe("when old pods logged more than was read", () => {
  const before = foldOld(foldFresh(noLines, read(30_000, { "no contacts of 7": 5 })), read(60_000, { timeout: 9 }, ["old"], false));
  const checked = (sure: boolean, found: Readonly<Record<string, number>> = {}) =>
    foldOld(before, { ...read(75_000, found, ["old"]), checked: [{ pattern: "no contacts of *", sure }] });

  test("a pattern is in doubt until it was looked for by itself", () => {
    expect(patterns(before)).toEqual([]);
    expect(doubtful(before, rule)).toEqual(["no contacts of *"]);
  });

  test.each([true, false])("and is new once it was not found, surely or not (%s)", (sure) => {
    expect(newPatterns(checked(sure), rule)).toMatchObject([{ pattern: "no contacts of *", sure }]);
    expect(doubtful(checked(sure), rule)).toEqual([]);
  });

  test("and is not new once it was found", () => {
    expect(patterns(checked(true, { "no contacts of 8": 1 }))).toEqual([]);
  });
});

describe("what a pod logs while it starts", () => {
  const starting: NoveltyRule = { ...rule, readySince: () => 60_000 };

  test("is not new, however many pods log it", () => {
    const pods = ["new-a", "new-b", "new-c", "new-d"];
    const memory = foldOld(foldFresh(noLines, read(30_000, { "no cache yet": 1 }, pods)), read(90_000, {}, ["old"]));
    expect(patterns(memory, starting)).toEqual([]);
  });

  test("is new when one pod logs it again and again, as one does that never comes up", () => {
    const memory = foldOld(foldFresh(noLines, read(30_000, { "cannot bind": 3 })), read(90_000, {}, ["old"]));
    expect(patterns(memory, { ...rule, readySince: () => undefined })).toEqual(["cannot bind"]);
  });

  test("is new when it goes on after the start", () => {
    const pods = ["new-a", "new-b", "new-c"];
    const memory = foldOld(foldFresh(noLines, read(90_000, { "no cache": 1 }, pods)), read(120_000, {}, ["old"]));
    expect(patterns(memory, starting)).toEqual(["no cache"]);
  });
});

test("lines of a block that was read before are not counted again", () => {
  const once = foldFresh(noLines, read(30_000, { a: 3 }));
  expect(loudest(foldFresh(once, read(30_000, { a: 3 })), 1)).toMatchObject([{ lines: 3 }]);
  expect(loudest(foldFresh(once, read(45_000, { a: 3 })), 1)).toMatchObject([{ lines: 6 }]);
});

test("lines without a text and continuations of a stack trace have no pattern, but were read", () => {
  const gatherer = createGatherer();
  for (const text of ["boom", "\tat x", "Caused by: y", undefined])
    gatherer.add({ ...(text === undefined ? {} : { text }), pod: "new-a", at: 1 });
  expect(gatherer.read(0, 10, true)).toMatchObject({ lines: 4, textless: 1, patterns: [{ pattern: "boom", lines: 1 }] });
});

describe("memory is bounded", () => {
  const letters = (order: number) => order.toString(26).replaceAll(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "");

  test("however many patterns and pods there are, and it is said that not all are known", () => {
    let memory = noLines;
    for (let to = block; to <= 40 * block; to += block) {
      const gatherer = createGatherer();
      for (let line = 0; line < 1000; line += 1) gatherer.add({ text: `odd ${letters(to * 7 + line)}`, pod: `new-${line}`, at: to });
      const lines = gatherer.read(to - block, to, true);
      expect(lines.patterns.length).toBeLessThanOrEqual(200);
      memory = foldOld(foldFresh(memory, lines), lines);
    }
    expect(memory.fresh.size).toBeLessThanOrEqual(200);
    expect(memory.known.size).toBeLessThanOrEqual(2000);
    expect(memory).toMatchObject({ freshWhole: false, oldWhole: false });
  });

  test("and a pattern that old pods logged is never new, in whatever order the sides come", () => {
    const texts = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(texts, texts), { minLength: 1, maxLength: 8 }), (blocks) => {
        let memory = noLines;
        const said = new Set<string>();
        for (const [order, [ofNew, ofOld]] of blocks.entries()) {
          const counts = (all: readonly string[]) => Object.fromEntries(all.map((text) => [text, 3]));
          const to = (order + 1) * block;
          memory = foldOld(foldFresh(memory, read(to, counts(ofNew))), read(to, counts(ofOld), ["old"]));
          for (const text of ofOld) said.add(text);
          for (const pattern of patterns(memory)) expect(said).not.toContain(pattern);
        }
      }),
    );
  });
});
