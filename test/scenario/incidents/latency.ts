import type { Case, Expected, Incident } from "./incident.ts";
import { halfOfPodsNew } from "./onset.ts";
import { newPods, policyOf, shopOf } from "./shop.ts";

const quick = { p50Ms: 30, p95Ms: 90 };
const leftAlone: Expected = { action: "none", phase: "passed", untilS: 1500 };
const takenBack: Expected = { action: "rollback", onset: halfOfPodsNew, withinS: 300, emits: /latency [\d.]+ % slower than \d+ ms = / };

function slower(factor: number, p95: string, expected: Expected): Case {
  return {
    name: `p95 x${factor}, limit ${p95}`,
    options: shopOf({ behaviour: quick }, { policy: policyOf({ p95 }) }),
    begin: (world) => world.release("web", { ...newPods, p50Ms: quick.p50Ms * factor, p95Ms: quick.p95Ms * factor }),
    expected,
  };
}

export const slowerUnderTheLimit: Incident = {
  id: "D03a",
  title: "new pods are slower than old ones",
  cases: [
    slower(1.5, "200ms", leftAlone),
    slower(2, "200ms", leftAlone),
    slower(4, "200ms", takenBack),
    // At x1.5 11.6 % are over 100 ms, and 3.6 % were before: against 1.5 times the old pods that takes longer than 300 s in half of the plays.
    ...[2, 4].map((factor) => slower(factor, "100ms", takenBack)),
  ],
};

const slow = { p50Ms: 95, p95Ms: 300 };

export const slowBeforeAndAfter: Incident = {
  id: "D03b",
  title: "the service never met the limit and does not change",
  cases: [
    {
      name: "p95 always 300 ms, limit 200 ms",
      options: shopOf({ behaviour: slow }),
      begin: (world) => world.release("web", { ...newPods, ...slow }),
      expected: {
        action: "none",
        phase: "passed",
        untilS: 1500,
        emits: /latency: the old revision was already above the limit \([\d.]+ % before the rollout, limit 5 %\)/,
      },
    },
  ],
};
