import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { reserveCluster } from "../servers/cluster.ts";
import type { Cluster } from "../servers/cluster.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { startTraffic } from "../servers/traffic.ts";
import { ownCidr } from "./cidr.ts";
import { printLog, startDaemon } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";
import { endOf, guardOf, reasonsOf, storyOf } from "./guards.ts";
import { policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import { createWorld } from "./world.ts";
import { workloadWrites } from "./writes.ts";

// In this order, with one daemon: it meets a cluster that is not there yet, then one without Prometheus.
let cluster: Cluster;
let daemon: Daemon;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  cluster = stack.use(await reserveCluster({ cidr: await ownCidr() }));
  const { path: folder } = stack.use(await makeTempDir("daemon"));
  daemon = stack.use(
    await startDaemon({
      folder,
      policies: { "all.yaml": policyText({ name: "all", namespaces: ["late", "outage", "blind"], window: "12s", noDataAfter: "3s" }) },
      settings: { kubernetes: { kubeconfig: cluster.kubeconfigPath }, prometheus: { url: cluster.prometheusUrl } },
    }),
  );
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    printLog(daemon);
  });
});

afterAll(() => stack.disposeAsync());

describe("a daemon", () => {
  test("that starts before the API server waits, says so, and guards once it is there", async () => {
    const line = await daemon.logged(/ECONNREFUSED|cannot be reached/);
    expect(line["level"]).not.toBe("fatal");
    expect(await daemon.readiness()).toBe(503);

    await cluster.startControlPlane();
    stack.use(await createWorld(cluster));
    await daemon.ready();
    const shop = await deployShop(cluster, { namespace: "late" });
    await shop.rollOut("v2", { crash: "Error" });

    expect((await endOf(cluster, "late", 2)).status?.phase).toBe("restored");
  });

  test("whose Prometheus stops in mid-guard holds, goes on when it is back, and still finds a bad rollout", async () => {
    const shop = await deployShop(cluster, { namespace: "outage" });
    await using _traffic = await startTraffic({ client: cluster.client, namespace: "outage", service: "shop", requestsPerSecond: 80 });
    await shop.rollOut("v2");
    await shop.complete();

    await cluster.prometheus.stop();
    const silent = await guardOf(cluster, "outage", 2, (guard) => storyOf(guard).includes("held"), { what: "held" });
    expect(reasonsOf(silent, "held")).toEqual(["no-usable-data"]);
    await cluster.prometheus.start();

    const first = await endOf(cluster, "outage", 2);
    expect(first.status?.phase).toBe("passed");
    expect(await workloadWrites(cluster, "outage")).toEqual([]);

    await shop.rollOut("v3", { "error-rate": "0.3" });
    const second = await endOf(cluster, "outage", 3);
    expect(second.status?.phase).toBe("restored");
    expect(JSON.stringify((await shop.deployment()).spec.template)).toContain("shop:v2");
  });

  test("without Prometheus still takes a crash loop back", async () => {
    await cluster.prometheus.stop();
    const shop = await deployShop(cluster, { namespace: "blind" });
    await shop.rollOut("v2", { crash: "Error" });

    expect((await endOf(cluster, "blind", 2)).status?.phase).toBe("restored");
  });
});
