import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCluster } from "../servers/cluster.ts";
import { startTraffic } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { ownCidr } from "./cidr.ts";
import { printLog } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";
import { endOf, guardOf, reasonsOf } from "./guards.ts";
import { policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import type { Shop } from "./shop.ts";
import { createWorld } from "./world.ts";
import type { World } from "./world.ts";
import { templateWrites } from "./writes.ts";

// In this order, in one cluster: each shop is a peer of the others while it is not rolling out itself.
let world: World;
let daemon: Daemon;
let mixed: Shop;
let alone: Shop;

const payments = { "depends-on": "payments" };
const cloud = { "depends-on": "cloud" };

beforeAll(async () => {
  const cluster = await startCluster({ cidr: await ownCidr() });
  world = await createWorld(cluster);
  // They stand before the daemon starts: a first deploy is a rollout, too.
  [mixed, alone] = await Promise.all([
    deployShop(cluster, { namespace: "mixed", replicas: 6, minReadySeconds: 12, maxSurge: 3, behaviour: payments }),
    deployShop(cluster, { namespace: "alone", behaviour: cloud }),
    deployShop(cluster, { namespace: "east", behaviour: cloud }),
    deployShop(cluster, { namespace: "west", behaviour: cloud }),
  ]);
  const policy = policyText({ name: "all", namespaces: ["mixed", "alone", "east", "west"], window: "12s" });
  daemon = await world.startDaemon({ policies: { "all.yaml": policy } });
  await daemon.ready();
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    printLog(daemon);
  });
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

const traffic = (namespace: string) => startTraffic({ client: world.cluster.client, namespace, service: "shop", requestsPerSecond: 60 });

describe("a dependency that fails during a rollout", () => {
  test("for old and new pods alike: the guard brakes and holds, and goes on when a person lets it", async () => {
    const { cluster, fleet } = world;
    await using _traffic = await traffic("mixed");
    await mixed.rollOut("v2", payments);
    await waitUntil("new pods", async () => (await mixed.pods()).length > 6);

    fleet.failDependency("payments", 0.3);
    const held = await guardOf(cluster, "mixed", 2, (guard) => reasonsOf(guard, "held").includes("shared-degradation"), { what: "held" });
    expect(held.status?.phase).toBe("observing");
    fleet.failDependency("payments", 0);
    await guardOf(cluster, "mixed", 2, (guard) => guard.status?.braked === true, { what: "braked" });
    await mixed.resume();

    expect((await endOf(cluster, "mixed", 2)).status?.phase).toBe("passed");
    expect(await templateWrites(cluster, "mixed")).toEqual([]);
  });

  test("after the last old pod has gone: two other workloads in trouble tell that it is not the revision", async () => {
    const { cluster, fleet } = world;
    await using _alone = await traffic("alone");
    await using _east = await traffic("east");
    await using _west = await traffic("west");
    await alone.rollOut("v2", cloud);
    await alone.complete();

    fleet.failDependency("cloud", 0.3);
    const held = await guardOf(cluster, "alone", 2, (guard) => reasonsOf(guard, "held").includes("environment"), { what: "held" });
    const because = held.status?.entries.flatMap((entry) => entry.because ?? []).find(({ code }) => code === "environment");
    expect(because?.["suffering"]).toMatchObject([{ name: "east/shop" }, { name: "west/shop" }]);
    fleet.failDependency("cloud", 0);

    expect((await endOf(cluster, "alone", 2)).status?.phase).not.toBe("restored");
    expect(await templateWrites(cluster, "alone")).toEqual([]);

    // The same errors while the others are well.
    await alone.rollOut("v3");
    await alone.complete();
    await alone.rollOut("v4", { "error-rate": "0.3" });
    const guard = await endOf(cluster, "alone", 4);
    expect(guard.status?.phase).toBe("restored");
    expect((await templateWrites(cluster, "alone")).length).toBe(1);
  });
});
