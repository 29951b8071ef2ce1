import { describe, expect, test } from "vitest";
import type { PodDelta } from "../../../src/judging/counts.ts";
import { missingTraffic, noTraffic, stepTraffic, type Traffic } from "../../../src/judging/traffic.ts";
import { createRandom, poisson } from "../../../src/sandbox/random.ts";

/** Requests of one pod in a block. */
function delta(pod: string, total: number, bad = 0): PodDelta {
  return { reading: { namespace: "shop", pod, process: pod, total, bad, badAtMost: bad }, total, bad, badAtMost: bad };
}

const namesOf = (side: string, count: number) => Array.from({ length: count }, (_, i) => `${side}-${i}`);
const steadyOf = (fresh: number, old: number) => ({ new: new Set(namesOf("new", fresh)), old: new Set(namesOf("old", old)) });

/** So many blocks in which every pod gets what is said. */
function after(
  blocks: number,
  pods: readonly [fresh: number, old: number],
  rates: { new: number; old: number; newBad?: number; oldBad?: number },
): Traffic {
  const deltas = [
    ...namesOf("new", pods[0]).map((pod) => delta(pod, rates.new, rates.newBad)),
    ...namesOf("old", pods[1]).map((pod) => delta(pod, rates.old, rates.oldBad)),
  ];
  return Array.from({ length: blocks }).reduce<Traffic>((traffic) => stepTraffic(traffic, deltas, steadyOf(...pods)), noTraffic);
}

describe("whether new pods get their share of the requests", () => {
  test.each<[string, Traffic]>([
    ["an even share is no news", after(8, [2, 6], { new: 10, old: 10 })],
    ["half of it is no news", after(8, [2, 6], { new: 5, old: 10 })],
    ["a third of it is no news", after(8, [2, 6], { new: 10, old: 30 })],
    ["three blocks are too few", after(3, [2, 6], { new: 0, old: 1000 })],
    ["70 expected requests are too few", after(10, [1, 6], { new: 0, old: 7 })],
    ["40 requests of one old pod tell little of what six new ones should have", after(4, [6, 1], { new: 0, old: 10 })],
    ["what hardly anybody asks for is never news", after(200, [1, 6], { new: 0, old: 1 })],
    ["unless the old pods answer as badly", after(8, [2, 6], { new: 30, newBad: 25, old: 30, oldBad: 25 })],
    ["without old pods there is nothing to compare with", after(8, [2, 0], { new: 0, old: 0 })],
    ["nor before a new one is ready", after(8, [0, 6], { new: 0, old: 30 })],
    ["nor before anything was seen", noTraffic],
  ])("no news: %s", (_, traffic) => {
    expect(missingTraffic(traffic)).toBeNull();
  });

  test.each<[string, Traffic, object]>([
    [
      "none at all is",
      after(4, [2, 6], { new: 0, old: 10 }),
      { counted: "all", newPerPod: 0, oldPerPod: 10, newPods: 2, oldPods: 6, blocks: 4 },
    ],
    ["less than a third is", after(4, [2, 6], { new: 9, old: 30 }), { counted: "all", newPerPod: 9, oldPerPod: 30, blocks: 4 }],
    ["but more blocks make up for quiet ones", after(11, [1, 6], { new: 0, old: 7 }), { newPerPod: 0, blocks: 11 }],
    ["80 of them are enough", after(8, [6, 1], { new: 0, old: 10 }), { newPerPod: 0, oldPerPod: 10, blocks: 8 }],
    [
      "requests that come but are answered badly are missing too",
      after(4, [2, 6], { new: 30, newBad: 25, old: 30 }),
      { counted: "successful", newPerPod: 5, oldPerPod: 30 },
    ],
  ])("news: %s", (_, traffic, wanted) => {
    expect(missingTraffic(traffic)).toMatchObject(wanted);
  });

  test("what pods that were not ready for the whole block counted is left out", () => {
    const deltas = [delta("new-0", 0), delta("late", 1000), delta("old-0", 30), delta("leaving", 1000)];
    const traffic = Array.from({ length: 4 }).reduce<Traffic>((before) => stepTraffic(before, deltas, steadyOf(1, 1)), noTraffic);
    expect(missingTraffic(traffic)).toMatchObject({ newPerPod: 0, oldPerPod: 30, newPods: 1, oldPods: 1 });
  });

  test("it ends when the requests come", () => {
    const before = after(40, [2, 6], { new: 0, old: 30 });
    const deltas = [...namesOf("new", 2), ...namesOf("old", 6)].map((pod) => delta(pod, 30));
    const served = Array.from({ length: 4 }).reduce<Traffic>((traffic) => stepTraffic(traffic, deltas, steadyOf(2, 6)), before);
    expect(missingTraffic(before)).not.toBeNull();
    expect(missingTraffic(served)).toBeNull();
  });

  // One old pod beside one or many new ones is the noisiest comparison.
  test.each([
    { perPod: 2, fresh: 1, old: 1 },
    { perPod: 6, fresh: 1, old: 1 },
    { perPod: 2, fresh: 7, old: 1 },
    { perPod: 6, fresh: 1, old: 7 },
  ])("with equal shares no guard of a thousand is told of by chance: $perPod requests a block and pod, $fresh new, $old old", (world) => {
    const random = createRandom(11);
    const steady = steadyOf(world.fresh, world.old);
    let raised = 0;
    for (let guard = 0; guard < 1200; guard++) {
      let traffic = noTraffic;
      let told = false;
      for (let block = 0; block < 120 && !told; block++) {
        const deltas = [
          delta("new-0", poisson(random, world.perPod * world.fresh)),
          delta("old-0", poisson(random, world.perPod * world.old)),
        ];
        traffic = stepTraffic(traffic, deltas, steady);
        told = missingTraffic(traffic) !== null;
      }
      if (told) raised++;
    }
    expect(raised / 1200).toBeLessThan(1 / 1000);
  });
});
