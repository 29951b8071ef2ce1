import { describe, expect, test } from "vitest";
import { groupOf, leastWithout } from "../../../src/judging/leave-one-out.ts";
import { withoutOnePod } from "../../../src/judging/signal.ts";
import { judgeAll, times, type Traffic } from "./world.ts";

function fleet(size: number, ill: number, bad: number): Traffic {
  const pods = Array.from({ length: size }, (_, i): [string, readonly [number, number]] => [`new-${i}`, [100, i < ill ? bad : 0]]);
  return Object.fromEntries(pods);
}

describe("leaving one pod out", () => {
  test("one ill pod of eight fires the full process, and without it there is nothing", () => {
    const state = judgeAll(times(8, fleet(8, 1, 50)));

    expect(state.evidence.e).toBeGreaterThan(1111);
    expect(withoutOnePod(state)).toBeLessThan(1);
    expect(leastWithout(state.leaveOneOut)?.member).toBe("new-0");
  });

  test("two ill pods of eight are the revision's", () => {
    expect(withoutOnePod(judgeAll(times(8, fleet(8, 2, 50))))).toBeGreaterThan(1111);
  });

  test("two pods have nobody to compare with: the full process decides alone", () => {
    const state = judgeAll(times(6, fleet(2, 1, 50)));

    expect(state.leaveOneOut.without.size).toBe(0);
    expect(withoutOnePod(state)).toBe(state.evidence.e);
  });

  test("pods without a request are nobody to compare with", () => {
    const state = judgeAll(times(6, { "new-1": [100, 50], "new-2": [0, 0], "new-3": [0, 0] } as const));

    expect(withoutOnePod(state)).toBe(state.evidence.e);
  });

  test("a pod that comes late starts from the evidence that was there without it", () => {
    const three = fleet(3, 3, 5);
    const before = judgeAll(times(4, three));
    const state = judgeAll([...times(4, three), { ...three, "new-9": [100, 100] }]);
    const others = judgeAll(times(5, three));

    expect(state.leaveOneOut.without.get("new-9")?.e).toBeCloseTo(others.evidence.e, 9);
    expect(state.evidence.e).toBeGreaterThan(before.evidence.e);
  });

  test("evidence of a first pod alone is kept when its siblings come, and their errors confirm it", () => {
    const alone = times(2, { "new-0": [100, 100] } as const);
    const state = judgeAll([...alone, ...times(2, fleet(3, 3, 100))]);

    expect(withoutOnePod(state)).toBe(state.evidence.e);
    expect(state.evidence.e).toBeGreaterThan(1111);
  });

  test("above 64 pods they are left out in 32 groups, and one ill pod is still not the revision", () => {
    const state = judgeAll(times(8, fleet(80, 1, 100)), { limit: 0.001 });

    expect(state.leaveOneOut.grouped).toBe(true);
    expect(state.leaveOneOut.without.size).toBeLessThanOrEqual(32);
    expect(state.evidence.e).toBeGreaterThan(1111);
    expect(leastWithout(state.leaveOneOut)).toMatchObject({ member: groupOf("new-0"), grouped: true });
    expect(withoutOnePod(state)).toBeLessThan(1);
  });

  test("growing beyond 64 pods does not forget which pod was ill", () => {
    const grown = judgeAll([...times(8, fleet(60, 1, 100)), fleet(80, 1, 100)], { limit: 0.001 });

    expect(grown.evidence.e).toBeGreaterThan(1111);
    expect(leastWithout(grown.leaveOneOut)?.member).toBe(groupOf("new-0"));
    expect(withoutOnePod(grown)).toBeLessThan(1);
  });

  test("growing beyond 64 pods in mid-guard gathers what was known of them", () => {
    const grown = judgeAll([...times(4, fleet(10, 10, 2)), ...times(4, fleet(80, 80, 2))]);

    expect(grown.leaveOneOut.grouped).toBe(true);
    expect(withoutOnePod(grown)).toBeGreaterThan(0.5 * judgeAll(times(8, fleet(80, 80, 2))).evidence.e);
  });
});
