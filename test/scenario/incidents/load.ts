import { shop } from "../../support/world-shop.ts";
import type { Incident } from "./incident.ts";
import { during, newPods, shopOf } from "./shop.ts";

const rps = 40;

export const moreTraffic: Incident = {
  id: "D07",
  title: "traffic grows with the rollout, and both revisions are slower and a little worse",
  cases: [2, 4, 10].map((factor) => ({
    name: `${factor}x the requests`,
    options: shopOf({ rps }),
    begin(world) {
      const began = world.now();
      const grown = (now: number) => Math.min(1, Math.max(0, now - began - 30_000) / 120_000);
      world.release("web", newPods);
      world.sandbox.traffic.setRate(shop, "web", (now) => (now < began + 900_000 ? rps * (1 + (factor - 1) * grown(now)) : rps));
      during(world, 30, 900, () => ({ errorRate: 0.004, p50Ms: 72, p95Ms: 192 }));
    },
    expected: { action: "none", phase: "passed", untilS: 1500 },
  })),
};

/** Lognormal with sigma 1.76: the slowest of twelve is anything between 40 ms and a second; 4.4 % are over 200 ms in the long run. */
const heavyTail = { p50Ms: 10, p95Ms: 180 };

export const nightDeploy: Incident = {
  id: "D08",
  title: "a night deploy with hardly any request and a heavy tail",
  cases: [0.02, 0.2, 0.5].map((few) => ({
    name: `${few} requests/s`,
    options: shopOf({ rps: few, replicas: 2 }),
    begin(world) {
      world.release("web", newPods);
      during(world, 0, Infinity, () => ({ errorRate: 0.01, ...heavyTail }));
    },
    expected: {
      action: "none",
      phase: "inconclusive",
      untilS: 1500,
      emits: /errors: only [\d,]+ requests? (?:was |were )?seen, 600 are needed for a verdict/,
    },
  })),
};
