import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { reserveAlertmanagers } from "../servers/alertmanager.ts";
import type { AlertmanagerPair } from "../servers/alertmanager.ts";
import { startCluster } from "../servers/cluster.ts";
import { startTraffic } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { alertRoute } from "./alert-route.ts";
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
let stormy: Shop;

/** Fewer than are kept, and no multiple of three: each fires and ends in turn. */
const firings = 40;

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

const stormyPolicy = policyText({
  name: "stormy",
  namespaces: ["stormy"],
  window: "120s",
  signals: "{ pods: { pods: {} }, storm: { alert: { names: [Storm] } } }",
});

beforeAll(async () => {
  const reserved = await reserveAlertmanagers();
  const cluster = await startCluster({ cidr: await ownCidr(), alerting: { rules, alertmanagers: reserved.targets } });
  world = stack.use(await createWorld(cluster));
  [sick, before, stormy] = await Promise.all([
    deployShop(cluster, { namespace: "sick", minReadySeconds: 2 }),
    deployShop(cluster, { namespace: "before", minReadySeconds: 2, behaviour: { "error-rate": "0.4" } }),
    deployShop(cluster, { namespace: "stormy" }),
  ]);
  for (const namespace of ["sick", "before"]) {
    stack.use(await startTraffic({ client: cluster.client, namespace, service: "shop", requestsPerSecond: 60 }));
  }
  const folder = await world.daemonFolder();
  await writeFile(join(folder, "alerts-token"), `${token}\n`);
  daemon = await world.startDaemon({
    folder,
    policies: { "sick.yaml": policyOf("sick"), "before.yaml": policyOf("before"), "stormy.yaml": stormyPolicy },
    settings: { alerts: { tokenFile: join(folder, "alerts-token") } },
  });
  alertmanagers = stack.use(await reserved.start(alertRoute(`${daemon.url}/api/v1/webhooks/alertmanager`, token)));
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

  test("at 500 posts a second, most of them repeats, are all written down once", async () => {
    const { cluster } = world;
    await stormy.rollOut("v2");
    const { metadata } = await guardOf(cluster, "stormy", 2, ({ status }) => status?.phase === "observing");
    const startsAt = new Date().toISOString();
    const tookMs: number[] = [];
    const codes = new Map<number, number>();
    let refused = 0;
    // As Alertmanager does: what is refused with 503 comes again.
    const post = async (at: number): Promise<void> => {
      const fingerprint = `storm-${at % firings}`;
      const isOver = at % 3 === 0;
      const began = performance.now();
      const answer = await fetch(`${daemon.url}/api/v1/webhooks/alertmanager`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({
          version: "4",
          groupKey: "{}",
          alerts: [
            {
              status: isOver ? "resolved" : "firing",
              labels: { alertname: "Storm", namespace: "stormy", deployment: "shop", shard: fingerprint },
              annotations: {},
              startsAt,
              endsAt: isOver ? startsAt : "0001-01-01T00:00:00Z",
              fingerprint,
            },
          ],
        }),
      });
      await answer.text();
      if (answer.status === 503) {
        refused += 1;
        await delay(500);
        return post(at);
      }
      tookMs.push(performance.now() - began);
      codes.set(answer.status, (codes.get(answer.status) ?? 0) + 1);
    };
    const posts: Promise<void>[] = [];
    const begin = performance.now();
    for (let at = 0; at < 5_000; at += 1) {
      const early = begin + at * 2 - performance.now();
      if (early > 1) await delay(early);
      posts.push(post(at));
    }
    await Promise.all(posts);
    const seconds = (performance.now() - begin) / 1000;
    const p99 = tookMs.toSorted((one, other) => one - other)[Math.floor(tookMs.length * 0.99)] ?? NaN;
    process.stdout.write(`5,000 posts in ${seconds.toFixed(1)} s, ${refused} told to come again, p99 ${p99.toFixed(0)} ms\n`);

    expect([...codes.keys()]).toEqual([202]);
    type Told = {
      readonly status: { readonly alerts: { readonly storm: readonly { readonly fingerprint: string; readonly endsAt?: number }[] } };
    };
    const path = `/apis/rearguard.dev/v1alpha1/namespaces/stormy/guards/${metadata.name}`;
    const { storm } = (await cluster.client.request<Told>("GET", path)).status.alerts;
    expect(storm.map(({ fingerprint }) => fingerprint).toSorted()).toEqual(
      Array.from({ length: firings }, (_, at) => `storm-${at}`).toSorted(),
    );
    expect(
      storm.every(({ endsAt }) => endsAt !== undefined),
      "each was told to be over at some time",
    ).toBe(true);
  });

  test("come from both peers and again and again, which changes nothing", async () => {
    const { sent, failed } = await alertmanagers.notified();
    process.stdout.write(`posts taken or tried ${sent}, failed tries ${failed}\n${await outcomes()}\n`);
    expect(sent).toBeGreaterThan(5);
    expect(await outcomes()).toMatch(/outcome="known"/);
  });
});
