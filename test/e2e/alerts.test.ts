import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { reserveAlertmanagers } from "../servers/alertmanager.ts";
import type { AlertmanagerPair } from "../servers/alertmanager.ts";
import { startCluster } from "../servers/cluster.ts";
import { startTraffic } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { ownCidr } from "./cidr.ts";
import { printLog } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";
import { endOf, guardOf } from "./guards.ts";
import { policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import type { Shop } from "./shop.ts";
import { createWorld } from "./world.ts";
import type { World } from "./world.ts";
import { templateWrites, workloadWrites } from "./writes.ts";

const token = "e2e-alerts-token";
const stack = new AsyncDisposableStack();

let world: World;
let daemon: Daemon;
let alertmanagers: AlertmanagerPair;
let sick: Shop;
let before: Shop;

/** Failed requests by pod: the pod's label alone says whose it is. */
const rules = [
  {
    alert: "PodErrors",
    expr: 'sum by (namespace, pod) (rate(http_requests_total{status=~"5.."}[5s])) / sum by (namespace, pod) (rate(http_requests_total[5s])) > 0.1',
    for: "1s",
    labels: { severity: "critical" },
    annotations: { summary: "{{ $labels.pod }} fails {{ $value | humanizePercentage }} of its requests" },
  },
];

const policyOf = (namespace: string) =>
  policyText({
    name: namespace,
    namespaces: [namespace],
    window: "15s",
    signals: `
    pods: { pods: {} }
    alerts: { alert: { names: [PodErrors], labels: { severity: critical }, after: 3s } }`,
  });

const configOf = (url: string) => ({
  route: { receiver: "rearguard", group_by: ["alertname", "namespace"], group_wait: "1s", group_interval: "1s", repeat_interval: "2s" },
  receivers: [
    {
      name: "rearguard",
      webhook_configs: [{ url, send_resolved: true, max_alerts: 0, http_config: { authorization: { credentials: token } } }],
    },
  ],
});

beforeAll(async () => {
  const reserved = await reserveAlertmanagers();
  const cluster = await startCluster({ cidr: await ownCidr(), alerting: { rules, alertmanagers: reserved.targets } });
  world = stack.use(await createWorld(cluster));
  [sick, before] = await Promise.all([
    deployShop(cluster, { namespace: "sick", minReadySeconds: 2 }),
    deployShop(cluster, { namespace: "before", minReadySeconds: 2, behaviour: { "error-rate": "0.4" } }),
  ]);
  for (const namespace of ["sick", "before"]) {
    stack.use(await startTraffic({ client: cluster.client, namespace, service: "shop", requestsPerSecond: 60 }));
  }
  const folder = await world.daemonFolder();
  await writeFile(join(folder, "alerts-token"), `${token}\n`);
  daemon = await world.startDaemon({
    folder,
    policies: { "sick.yaml": policyOf("sick"), "before.yaml": policyOf("before") },
    settings: { alerts: { tokenFile: join(folder, "alerts-token") } },
  });
  alertmanagers = stack.use(await reserved.start(configOf(`${daemon.url}/api/v1/webhooks/alertmanager`)));
  await daemon.ready();
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    printLog(daemon);
  });
});

afterAll(() => stack.disposeAsync());

async function outcomes(): Promise<string> {
  const page = await (await fetch(`${daemon.url}/metrics`)).text();
  return page
    .split("\n")
    .filter((line) => line.startsWith("rearguard_alerts_total{"))
    .join("\n");
}

describe("alerts of a real Prometheus by a pair of real Alertmanagers", () => {
  test("take back a release whose pods begin to fail, which the message quotes; the end of the alert ends the guard", async () => {
    const { cluster } = world;
    await sick.rollOut("v2", { "error-rate": "0.4" });

    const guard = await endOf(cluster, "sick", 2);

    expect(guard.status?.phase).toBe("restored");
    expect((await templateWrites(cluster, "sick")).length).toBe(1);
    const rolledBack = world.receiver.deliveries("sick").find(({ data }) => data.kind === "rolled-back");
    expect(rolledBack?.data.text).toMatch(
      /alerts: alert PodErrors \{pod="shop-\S+", severity="critical"\} fires since \d\d:\d\d:\d\d UTC, for .*: shop-\S+ fails [\d.]+% of its requests.*; a plain rule, without a bound on wrong rollbacks/,
    );
  });

  test("never take back a release whose old pods had the alert before it: it is told, and a person decides", async () => {
    const { cluster } = world;
    await waitUntil(
      "the alert of the old pods",
      async () => (await cluster.prometheus.query('ALERTS{namespace="before",alertstate="firing"}')).length > 0,
    );
    await before.rollOut("v2", { "error-rate": "0.4" });

    const held = await guardOf(cluster, "before", 2, ({ status }) => status?.entries.some(({ kind }) => kind === "held") === true);
    expect(JSON.stringify(held.status?.entries.find(({ kind }) => kind === "held")?.because)).toMatch(/"held":"(before|old-pod|alike)"/);
    const guard = await endOf(cluster, "before", 2);

    expect(guard.status?.phase).toBe("unresolved");
    expect(await workloadWrites(cluster, "before")).toEqual([]);
  });

  test("come from both peers and again and again, which changes nothing", async () => {
    const { sent, failed } = await alertmanagers.notified();
    process.stdout.write(`posts taken or tried ${sent}, failed tries ${failed}\n${await outcomes()}\n`);
    expect(sent).toBeGreaterThan(5);
    expect(await outcomes()).toMatch(/outcome="known"/);
  });
});
