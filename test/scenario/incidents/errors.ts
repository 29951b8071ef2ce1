import type { Incident } from "./incident.ts";
import { firstNewPodReady } from "./onset.ts";
import { cross, newPods, shopOf } from "./shop.ts";

const takenBackFor = /taken back to revision 1.*\n.*errors [\d.]+ % = [\d.]+x the limit/;

export const allNewPodsFail: Incident = {
  id: "D01",
  title: "every new pod fails requests",
  cases: cross([0.2, 0.4, 1], [10, 40, 400]).map(([err, rps]) => ({
    name: `${err} of its requests, ${rps}/s over all pods`,
    options: shopOf({ rps }),
    begin: (world) => world.release("web", { ...newPods, errorRate: err }),
    expected: { action: "rollback", onset: firstNewPodReady, withinS: 120, emits: takenBackFor },
  })),
};

export const oneOfEightIsBad: Incident = {
  id: "D02",
  title: "one new pod of eight is bad while the step is held",
  // 3 % at 8/s are 11 failures of 370 requests in 420 s: at a confidence of 99.9 % and a limit of 0.5 % too few to be sure of in 19 of 20.
  cases: [...cross([0.1, 0.3], [8, 40, 200]), ...cross([0.03], [40, 200])].map(([err, rps]) => ({
    name: `${err} of its requests, ${rps}/s over all pods`,
    options: shopOf({ rps, podsPerStep: 1, heldS: 580, progressDeadlineS: 1200 }),
    begin: (world) => world.release("web", { ...newPods, errorRate: err }),
    expected: { action: "rollback", onset: firstNewPodReady, withinS: 420, emits: takenBackFor },
  })),
};
