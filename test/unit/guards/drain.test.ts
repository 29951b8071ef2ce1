import { describe, expect, test } from "vitest";
import { condemnedToKeep, isThere } from "../../../src/guards/drain.ts";
import { fresh, pod, START } from "./a-guard.ts";

describe("condemned pods to keep", () => {
  test.each<[desired: number, ready: number, keepReady: number, kept: number]>([
    [8, 6, 0.75, 0],
    [8, 4, 0.75, 2],
    [8, 0, 0.75, 6],
    [3, 0, 0.75, 3],
    [1, 0, 0.75, 1],
    [0, 0, 0.75, 0],
    [8, 9, 1, 0],
    [8, 0, 0, 0],
    [100, 0, 0.07, 7],
    [100, 0, 0.29, 29],
    [1000, 0, 0.001, 1],
  ])("desired %i, old ready %i, keepReady %d: %i", (desired, ready, keepReady, kept) => {
    expect(condemnedToKeep(desired, ready, keepReady)).toBe(kept);
  });

  test("a per cent of 100 pods is one pod, for every per cent", () => {
    const percents = Array.from({ length: 100 }, (_, i) => i + 1);

    expect(percents.map((percent) => condemnedToKeep(100, 0, percent / 100))).toEqual(percents);
  });
});

test.each([
  ["a running pod is there", {}, true],
  ["a pod that is being deleted is not", { terminatingSince: START }, false],
  ["a pod that is gone is not", { gone: START }, false],
])("%s", (_, over, wanted) => {
  expect(isThere(pod("web-1", fresh, over), START + 1)).toBe(wanted);
});
