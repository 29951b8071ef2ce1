import type { World } from "../../support/world.ts";
import type { Case, Expected, Incident } from "./incident.ts";
import { firstLostReadiness, firstOomKill, firstWithoutImage, secondRestart } from "./onset.ts";
import { cross, newPods, policyOf, shopOf, usual } from "./shop.ts";

export const crashAtStart: Incident = {
  id: "D04",
  title: "new pods crash at start, no metric moves",
  cases: [
    ...cross([1, 3, 25], [2, 8, 30]).map(([after, replicas]) => crashing(after, replicas, "up")),
    ...[3, 25].map((after) => crashing(after, 8, "down")),
  ],
};

function crashing(after: number, replicas: number, prometheus: "up" | "down"): Case {
  return {
    name: `${replicas} pods that exit after ${after} s, Prometheus is ${prometheus}`,
    options: shopOf({ replicas }),
    begin(world) {
      if (prometheus === "down") world.sandbox.prometheus.fault = "unavailable";
      world.release("web", { ...newPods, readyAfterS: "never", crashAfterS: after });
    },
    expected: { action: "rollback", onset: secondRestart, withinS: 60, emits: /pods: \d+ of \d+ new pods? keeps? crashing/ },
  };
}

const takenBackInTime: Expected = {
  action: "rollback",
  onset: firstLostReadiness,
  withinS: 180,
  emits: /pods: \d+ of \d+ new pods? (is|are) not ready any more/,
};

export const lostReadiness: Incident = {
  id: "D11",
  title: "new pods fail their readiness probe after a while and are not restarted",
  cases: [
    ...[2, 8].map((replicas) => losingReadiness(`${replicas} pods, before the next step`, replicas, 30, takenBackInTime)),
    losingReadiness("8 pods, as the last old ones wait", 8, 90, takenBackInTime),
    losingReadiness("2 pods, after the last old one has gone", 2, 90, { action: "none", emits: { kind: "held" }, untilS: 600 }),
  ],
};

function losingReadiness(name: string, replicas: number, unreadyAfterS: number, expected: Expected): Case {
  return {
    name,
    options: shopOf({ replicas, heldS: 60 }),
    begin: (world) => world.release("web", { ...newPods, unreadyAfterS }),
    expected,
  };
}

/** Two rollouts at once, of which neither gets its image. */
function withoutImage(name: string, imagePull: "fail" | "unreachable", expected: Expected): Case {
  return {
    name,
    options: shopOf(
      {},
      {
        services: [
          { name: "web", behaviour: usual },
          { name: "cart", replicas: 2, behaviour: usual },
        ],
      },
    ),
    begin(world) {
      world.release("cart", { ...newPods, imagePull });
      world.release("web", { ...newPods, imagePull });
    },
    expected,
  };
}

export const imagePull: Incident = {
  id: "D12",
  title: "no image comes, for the revision's own fault or the registry's",
  cases: [
    withoutImage("the registry is not reached", "unreachable", {
      action: "none",
      emits: /\(shop\/cart\) get no image either/,
      untilS: 900,
    }),
    withoutImage("the images are not there", "fail", {
      action: "rollback",
      onset: firstWithoutImage,
      withinS: 180,
      emits: /cannot pull their image/,
    }),
  ],
};

/** From its start to the kill, as the sandbox has it: from 150 MiB to 512 MiB. */
const lastsS = (mibPerMinute: number) => ((512 - 150) / mibPerMinute) * 60;

/** Three times as slow in its last two minutes, in which it does little but collect garbage. */
function leak(world: World, mibPerMinute: number): void {
  world.release("web", { ...newPods, leakMibPerMinute: mibPerMinute });
  const slowAfterMs = (lastsS(mibPerMinute) - 120) * 1000;
  world.sandbox.cluster.effects.push((pod, now) => {
    const leaks = pod.annotations["sandbox.rearguard.dev/leak-mib-per-minute"] !== undefined;
    return leaks && pod.running && now - pod.startedAt > slowAfterMs ? { p50Ms: 135, p95Ms: 360 } : {};
  });
}

const memoryLimit = `    memory:
      promql:
        query: 'max by (pod) (process_resident_memory_bytes{namespace="{{namespace}}", pod=~"{{pods.new}}"}) / 1048576'
        above: 450
        for: 1m
`;
const longWatch = policyOf({ window: "30m", more: memoryLimit });

function leaking(mibPerMinute: number, says: string, policy: string, expected: Expected, historyS = 1900): Case {
  return {
    name: `${mibPerMinute} MiB a minute, ${says}`,
    // Nobody guards the first revision any more when the rollout begins.
    options: shopOf({}, { policy, historyS }),
    begin: (world) => leak(world, mibPerMinute),
    expected,
  };
}

const outOfMemory = /pods: \d+ of 8 new pods were killed for their memory.*OOMKilled/;

function killed(emits: RegExp): Expected {
  return { action: "rollback", onset: firstOomKill, onsetWithinS: 2300, withinS: 180, emits };
}

export const memoryLeak: Incident = {
  id: "D05",
  title: "new pods leak memory and are killed for it many minutes later",
  cases: [
    ...[10, 18, 30].map((mib) =>
      leaking(mib, "watched for 30 min with a limit on memory", longWatch, killed(/memory [\d.]+ is above its limit 450 for 1 min/)),
    ),
    ...[18, 30].map((mib) => leaking(mib, "watched for 30 min by the plain policy", policyOf({ window: "30m" }), killed(outOfMemory))),
    leaking(10, "watched for 45 min by the plain policy", policyOf({ window: "45m" }), killed(outOfMemory), 2800),
    leaking(30, "watched for 10 min, in which the first ones are killed", policyOf(), killed(outOfMemory)),
    ...[10, 18].map((mib) => leaking(mib, "watched for 10 min", policyOf(), { action: "none", phase: "passed", untilS: 1500 })),
  ],
};
