import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCluster } from "../servers/cluster.ts";
import { startIngress } from "../servers/ingress.ts";
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

const namespaces = ["bad", "well", "cloudy", "east", "west"] as const;
const cloud = { "depends-on": "cloud" };
const stack = new AsyncDisposableStack();
const shops = new Map<string, Shop>();
let world: World;
let daemon: Daemon;

beforeAll(async () => {
  const ingress = stack.use(await startIngress());
  const cluster = await startCluster({ cidr: await ownCidr(), alsoScraped: [ingress.scrapeConfig] });
  world = stack.use(await createWorld(cluster));
  await Promise.all(
    namespaces.map(async (namespace) => {
      const behaviour = namespace === "bad" || namespace === "well" ? {} : cloud;
      shops.set(namespace, await deployShop(cluster, { namespace, replicas: 3, behaviour }));
      const traffic = stack.use(await startTraffic({ client: cluster.client, namespace, service: "shop", requestsPerSecond: 40 }));
      ingress.counts(namespace, "shop", traffic);
    }),
  );
  const signals = "{ errors: { http: { preset: traefik, errors: { limit: 2% } } } }";
  daemon = await world.startDaemon({ policies: { "all.yaml": policyText({ name: "all", namespaces, window: "16s", signals }) } });
  await daemon.ready();
  // While it is under guard itself, a workload is nobody's peer.
  await Promise.all(namespaces.map((namespace) => endOf(cluster, namespace, 1)));
  const counted = 'count(traefik_service_requests_total{code="200"} offset 3s)';
  await waitUntil(
    "requests of all Services",
    async () => (await cluster.prometheus.query(counted))[0]?.value[1] === String(namespaces.length),
  );
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    printLog(daemon);
  });
});

afterAll(() => stack.disposeAsync());

function shop(namespace: (typeof namespaces)[number]): Shop {
  const found = shops.get(namespace);
  if (found === undefined) throw new Error(`no shop in ${namespace}`);
  return found;
}

describe("a Service that only the ingress controller counts", () => {
  test("a release whose requests fail is taken back, and people are told that old and new could not be told apart", async () => {
    const { cluster, receiver } = world;
    await shop("bad").rollOut("v2", { "error-rate": "0.4" });
    const guard = await endOf(cluster, "bad", 2);
    expect(guard.status?.phase).toBe("restored");
    expect(await templateWrites(cluster, "bad")).toHaveLength(1);
    const texts = receiver.deliveries("bad").map(({ data }) => data.text);
    expect(texts.join("\n")).toContain("traefik counts the whole Service: old and new pods cannot be told apart");
    expect(texts.join("\n")).toMatch(/errors of the whole Service [\d.]+ % = \d+x the limit/);
    expect(texts.join("\n")).toMatch(/none of 4 other workloads had trouble at the same time/);
  });

  test("a release that is as good as the one before passes", async () => {
    const { cluster } = world;
    await shop("well").rollOut("v2");
    expect((await endOf(cluster, "well", 2)).status?.phase).toBe("passed");
    expect(await templateWrites(cluster, "well")).toEqual([]);
  });

  test("a trouble of the environment after the first new pod is not laid to the release, because others have it too", async () => {
    const { cluster, fleet } = world;
    await shop("cloudy").rollOut("v2", cloud);
    await shop("cloudy").complete();
    fleet.failDependency("cloud", 0.3);
    await guardOf(cluster, "cloudy", 2, (guard) => reasonsOf(guard, "held").includes("environment"), { what: "held" });
    fleet.failDependency("cloud", 0);
    await endOf(cluster, "cloudy", 2);
    expect(await templateWrites(cluster, "cloudy")).toEqual([]);
  });
});
