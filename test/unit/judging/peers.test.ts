import { describe, expect, test } from "vitest";
import type { BlockCounts } from "../../../src/judging/control.ts";
import { sufferingOf } from "../../../src/judging/peers.ts";

const BLOCK = 15_000;
const criterion = { limit: 0.01, worseThanOld: 1.5 };
/** Twenty calm blocks, then what the test says; the guarded revision is bad in the last four. */
const badAt = [21, 22, 23, 24].map((nth) => nth * BLOCK);

function blocks(before: readonly [number, number], during: readonly (readonly [number, number])[]): readonly BlockCounts[] {
  const all = [...Array.from({ length: 20 }, () => before), ...during];
  return all.map(([total, bad], i) => ({ at: (i + 1) * BLOCK, total, bad }));
}

describe("a workload that is not rolling out", () => {
  test.each<{ readonly name: string; readonly counts: readonly BlockCounts[]; readonly suffers: boolean }>([
    { name: "suffers over its limit in the same blocks", counts: blocks([150, 0], Array(4).fill([150, 12])), suffers: true },
    { name: "does not within its limit", counts: blocks([150, 0], Array(4).fill([150, 1])), suffers: false },
    { name: "does not where it always was so bad", counts: blocks([150, 12], Array(4).fill([150, 12])), suffers: false },
    { name: "does where it is far worse than it always was", counts: blocks([150, 12], Array(4).fill([150, 60])), suffers: true },
    {
      name: "does not for one burst",
      counts: blocks(
        [150, 0],
        [
          [150, 40],
          [150, 0],
          [150, 0],
          [150, 0],
        ],
      ),
      suffers: false,
    },
    {
      name: "does over its limit in half of them",
      counts: blocks(
        [150, 0],
        [
          [150, 12],
          [150, 0],
          [150, 12],
          [150, 0],
        ],
      ),
      suffers: true,
    },
    {
      name: "does not for two failures, however few its requests",
      counts: blocks(
        [2, 0],
        [
          [2, 1],
          [2, 1],
          [0, 0],
          [0, 0],
        ],
      ),
      suffers: false,
    },
    { name: "does at few requests too: a short history excuses nothing", counts: blocks([5, 0], Array(4).fill([10, 1])), suffers: true },
    { name: "does not without requests", counts: blocks([150, 0], Array(4).fill([0, 0])), suffers: false },
  ])("$name", ({ counts, suffers }) => {
    expect(sufferingOf(counts, badAt, 21 * BLOCK, criterion) !== null).toBe(suffers);
  });

  test("what it suffered is said with its limit", () => {
    expect(sufferingOf(blocks([0, 0], Array(4).fill([150, 12])), badAt, 21 * BLOCK, criterion)).toEqual({ ratio: 0.08, limit: 0.01 });
  });
});
