import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startCluster } from "../servers/cluster.ts";
import { startTraffic } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { ownCidr } from "./cidr.ts";
import { printLog } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";
import { endOf } from "./guards.ts";
import { policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import type { Shop } from "./shop.ts";
import { createWorld } from "./world.ts";
import type { World } from "./world.ts";
import { templateWrites, workloadWrites } from "./writes.ts";

let world: World;
let daemon: Daemon;
let shops: Readonly<Record<"hungry" | "alike" | "free", Shop>>;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  const cluster = await startCluster({ cidr: await ownCidr() });
  world = stack.use(await createWorld(cluster));
  const limits = { memory: "200Mi" };
  const [hungry, alike, free] = await Promise.all([
    deployShop(cluster, { namespace: "hungry", limits }),
    deployShop(cluster, { namespace: "alike", limits, behaviour: { "memory-mib": "195" } }),
    deployShop(cluster, { namespace: "free" }),
  ]);
  shops = { hungry, alike, free };
  for (const namespace of Object.keys(shops))
    stack.use(await startTraffic({ client: cluster.client, namespace, service: "shop", requestsPerSecond: 20 }));
  const signals = `
    errors: { http: { preset: prom-client, errors: { limit: 5% } } }
    memory: { resources: { memory: 90%, for: 6s } }`;
  daemon = await world.startDaemon({
    policies: { "all.yaml": policyText({ name: "all", namespaces: Object.keys(shops), window: "16s", signals }) },
  });
  await daemon.ready();
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    printLog(daemon);
  });
});

afterAll(() => stack.disposeAsync());

test("a revision whose requests go well, but that is near its memory limit, is rolled back with the numbers", async () => {
  const { cluster, receiver } = world;
  await shops.hungry.rollOut("v2", { "memory-mib": "195" });

  const guard = await endOf(cluster, "hungry", 2);

  expect(guard.status?.phase).toBe("restored");
  expect((await templateWrites(cluster, "hungry")).length).toBe(1);
  const rolledBack = () => receiver.deliveries("hungry").find(({ data }) => data.kind === "rolled-back");
  await waitUntil("the message", () => rolledBack() !== undefined);
  expect(rolledBack()?.data.text).toMatch(
    /memory: web in pod shop-\S+ uses 195 MiB of its memory limit of 200 MiB, 97.5 % where 90 % are allowed, for .* new pods?; old pods: 50 %/,
  );
});

test("one whose old pods are as near is left for a person to look at", async () => {
  const { cluster } = world;
  await shops.alike.rollOut("v2", { "memory-mib": "195" });

  const guard = await endOf(cluster, "alike", 2);

  expect(guard.status?.phase).toBe("unresolved");
  expect(await templateWrites(cluster, "alike")).toEqual([]);
  const reason = guard.status?.entries.at(-1)?.because?.find(({ code }) => code === "resources");
  expect(reason).toMatchObject({ signal: "memory", held: "alike" });
});

test("one without limits does not pass by what nobody could judge", async () => {
  const { cluster } = world;
  await shops.free.rollOut("v2", { "memory-mib": "195" });

  const guard = await endOf(cluster, "free", 2);

  expect(guard.status?.phase).toBe("inconclusive");
  expect(guard.status?.entries.at(-1)?.because).toContainEqual({
    code: "no-limit",
    signal: "memory",
    resource: "memory",
    containers: ["web"],
  });
  expect(await workloadWrites(cluster, "free")).toEqual([]);
});
