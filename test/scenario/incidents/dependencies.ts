import type { World } from "../../support/world.ts";
import type { Case, Emits, Incident } from "./incident.ts";
import { during, newPods, shopOf, usual } from "./shop.ts";

const others = ["cart", "mail", "auth"].map((name) => ({ name, rps: 10, replicas: 2, behaviour: usual }));
const healedAtS = 540;

function outage(err: number, fromS: number, emits: Emits): Case {
  return {
    name: `${err} of all requests from ${fromS} s on`,
    options: shopOf({}, { services: [{ name: "web", behaviour: usual }, ...others] }),
    begin(world) {
      world.release("web", newPods);
      during(world, fromS, healedAtS, (pod) => ({ errorRate: pod.labels["app"] === "web" ? err : 0.08 }));
      // A brake under a hold is for a person to take off, once the dependency is back.
      world.at(healedAtS + 60, () => world.edit("web", (web) => ({ ...web, spec: { ...web.spec, paused: false } })));
    },
    expected: { action: "none", emits, untilS: 900 },
  };
}

const alike = /old and new pods are bad alike/;

export const dependencyDown: Incident = {
  id: "D06",
  title: "a dependency fails for old and new pods and for other services alike",
  cases: [
    ...[0.05, 0.12, 0.6].map((err) => outage(err, 60, alike)),
    outage(0.12, 30, alike),
    // The last old pod has gone by then: only the other services show that it is not the rollout.
    outage(0.12, 240, { kind: "held" }),
  ],
};

const faultless = { ...usual, errorRate: 0 };

export const badUpstream: Incident = {
  id: "D10",
  title: "a good rollout whose upstream rolled out something bad",
  cases: [
    {
      name: "45 % of the requests that reach the upstream's new pods",
      options: shopOf(
        {},
        {
          services: [
            { name: "web", behaviour: faultless },
            { name: "catalog", behaviour: usual },
          ],
        },
      ),
      async begin(world) {
        world.release("catalog", { ...newPods, errorRate: 0.45 });
        // Whoever asks them fails, whatever its own revision.
        world.sandbox.cluster.effects.push((pod) => (pod.labels["app"] === "web" && isUpstreamBad(world) ? { errorRate: 0.45 } : {}));
        await world.run(70);
        world.release("web", { ...newPods, errorRate: 0 });
      },
      expected: { action: "none", phase: "passed", untilS: 2000, insteadOf: "catalog" },
    },
  ],
};

function isUpstreamBad(world: World): boolean {
  return world.sandbox.cluster
    .pods()
    .some((pod) => pod.ready && pod.labels["app"] === "catalog" && pod.annotations["sandbox.rearguard.dev/error-rate"] === "0.45");
}
