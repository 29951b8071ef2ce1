import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { reserveAlertmanagers } from "../servers/alertmanager.ts";
import { startCluster } from "../servers/cluster.ts";
import type { KubeObject } from "../servers/kube-client.ts";
import { startTraffic } from "../servers/traffic.ts";
import type { Traffic } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { finalPhases } from "../../src/entry.ts";
import { alertRoute } from "./alert-route.ts";
import { ownCidr } from "./cidr.ts";
import { printLog } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";
import { guardsIn, storyOf } from "./guards.ts";
import type { StoredGuard } from "./guards.ts";
import { policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import type { Shop } from "./shop.ts";
import { createWorld } from "./world.ts";
import type { World } from "./world.ts";
import { templateWrites } from "./writes.ts";

const token = "e2e-remediations-token";
const stack = new AsyncDisposableStack();

let world: World;
let daemon: Daemon;
const shops: Record<string, Shop> = {};
const traffic: Record<string, Traffic> = {};

/** Alerts as people write them: of a workload by a label, or of a pod. */
const rules = [
  {
    alert: "ShopSlow",
    expr: 'histogram_quantile(0.95, sum by (namespace, le) (rate(http_request_duration_seconds_bucket{namespace=~"slow.*"}[5s]))) > 0.05',
    for: "1s",
    labels: { severity: "page", deployment: "shop" },
    annotations: { summary: "p95 is {{ $value | humanizeDuration }}" },
  },
  {
    alert: "PodLeaks",
    expr: 'container_memory_working_set_bytes{namespace="leaky", container="web"} > 500 * 1024 * 1024',
    for: "1s",
    labels: { severity: "page" },
    annotations: { summary: "{{ $labels.pod }} holds {{ $value | humanize1024 }}B" },
  },
  {
    alert: "ShopErrors",
    expr: 'sum by (namespace) (rate(http_requests_total{namespace="broken", status=~"5.."}[5s])) / sum by (namespace) (rate(http_requests_total{namespace="broken"}[5s])) > 0.1',
    for: "1s",
    labels: { severity: "page", deployment: "shop" },
    annotations: { summary: "{{ $value | humanizePercentage }} of the requests fail" },
  },
];

const remediation = (name: string, alert: string, namespaces: string, steps: string) => `apiVersion: rearguard.dev/v1alpha1
kind: Remediation
metadata: { name: ${name} }
spec:
  match: { namespaces: ["${namespaces}"] }
  mode: enforce
  on: { alert: { names: [${alert}], labels: { severity: page } } }
  do: ${steps}
  verify: { within: 60s }
`;

const policies = {
  // Somewhere else: what is remediated here has no guard of its rollout.
  "other.yaml": policyText({ name: "other", namespaces: ["other"], window: "8s" }),
  "slow.yaml": remediation("slow", "ShopSlow", "slow*", "[ { scale: { by: 2, most: 4, restoreAfter: 2s } }, notify ]"),
  "leaky.yaml": remediation(
    "leaky",
    "PodLeaks",
    "leaky",
    `[ { restart: { worst: 'max by (pod) (container_memory_working_set_bytes{namespace="{{namespace}}", pod=~"{{pods}}", container="web"})' } }, notify ]`,
  ),
  "broken.yaml": remediation("broken", "ShopErrors", "broken", "[ { rollback: { within: 1h } }, notify ]"),
};

beforeAll(async () => {
  const reserved = await reserveAlertmanagers();
  const cluster = await startCluster({ cidr: await ownCidr(), alerting: { rules, alertmanagers: reserved.targets } });
  world = stack.use(await createWorld(cluster));
  // Both fit what comes at first, and are slow with more than 25 requests a second each.
  const busy = { replicas: 2, behaviour: { "slow-above": "25" } };
  const deploy = async (namespace: string, options: Partial<Parameters<typeof deployShop>[1]>) => {
    shops[namespace] = await deployShop(cluster, { namespace, ...options });
  };
  await Promise.all([
    deploy("slow", busy),
    deploy("slow-hpa", busy),
    deploy("leaky", { replicas: 3 }),
    deploy("broken", { minReadySeconds: 1 }),
  ]);
  await cluster.client.request("POST", "/apis/autoscaling/v2/namespaces/slow-hpa/horizontalpodautoscalers", { body: autoscaler });
  await cluster.client.request("POST", "/apis/policy/v1/namespaces/leaky/poddisruptionbudgets", { body: budget });
  for (const namespace of ["slow", "slow-hpa", "broken"]) {
    traffic[namespace] = stack.use(await startTraffic({ client: cluster.client, namespace, service: "shop", requestsPerSecond: 30 }));
  }
  const folder = await world.daemonFolder();
  await writeFile(join(folder, "alerts-token"), `${token}\n`);
  daemon = await world.startDaemon({ folder, policies, settings: { alerts: { tokenFile: join(folder, "alerts-token") } } });
  stack.use(await reserved.start(alertRoute(`${daemon.url}/api/v1/webhooks/alertmanager`, token)));
  await daemon.ready();
});

const autoscaler = {
  metadata: { name: "shop" },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop" },
    minReplicas: 2,
    maxReplicas: 6,
    metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }],
  },
};

const budget = { metadata: { name: "shop" }, spec: { minAvailable: 2, selector: { matchLabels: { app: "shop" } } } };

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => printLog(daemon));
});

afterAll(() => stack.disposeAsync());

/** Until the only guard of this namespace has ended. */
async function ended(namespace: string): Promise<StoredGuard> {
  let seen: readonly StoredGuard[] = [];
  const over = (guard: StoredGuard | undefined) => finalPhases.some((phase) => phase === guard?.status?.phase);
  return waitUntil(
    `the guard of ${namespace} to end; it stands at ${JSON.stringify(seen[0] && storyOf(seen[0]))}`,
    async () => {
      seen = await guardsIn(world.cluster, namespace);
      return over(seen[0]) && seen[0];
    },
    { timeoutMs: 120_000 },
  );
}

const kindsTold = (namespace: string) => world.receiver.deliveries(namespace).map(({ data }) => data.kind);
const replicasOf = async (namespace: string) => (await shops[namespace]?.deployment())?.spec.replicas;

test("a service that is slow under load gets two pods more, is fast again, and gives them back", async () => {
  traffic["slow"]?.setRate(70);
  await waitUntil("four pods", async () => (await replicasOf("slow")) === 4, { timeoutMs: 60_000 });
  await shops["slow"]?.complete();
  await waitUntil("the end of the alert", async () => (await guardsIn(world.cluster, "slow")).some(isOverForNow), { timeoutMs: 60_000 });
  traffic["slow"]?.setRate(30);

  const guard = await ended("slow");

  expect(guard.status?.phase).toBe("restored");
  expect(storyOf(guard)).toEqual([
    "opened",
    "intended scale",
    "receipt scale applied",
    "intended scale",
    "receipt scale applied",
    "finished restored",
  ]);
  expect(await replicasOf("slow")).toBe(2);
  expect(await guardsIn(world.cluster, "slow")).toHaveLength(1);
  const ids = world.receiver.deliveries("slow").map(({ id }) => id);
  expect(new Set(ids).size, "nobody was told twice").toBe(ids.length);
  expect(kindsTold("slow").filter((kind) => kind === "finished")).toHaveLength(1);
  const scaled = world.receiver.deliveries("slow").find(({ data }) => data.kind === "remediated");
  expect(scaled?.data.text).toMatch(/alert ShopSlow .* fires since .*p95 is/);
});

test("one that an HPA scales gets its minimum raised and given back; the HPA does the rest", async () => {
  const path = "/apis/autoscaling/v2/namespaces/slow-hpa/horizontalpodautoscalers/shop";
  type Hpa = KubeObject & { readonly spec: { readonly minReplicas: number; readonly maxReplicas: number } };
  traffic["slow-hpa"]?.setRate(70);
  await waitUntil("four pods", async () => (await replicasOf("slow-hpa")) === 4, { timeoutMs: 90_000 });
  const raised = await world.cluster.client.request<Hpa>("GET", path);
  expect(raised.spec).toMatchObject({ minReplicas: 4, maxReplicas: 6 });
  await waitUntil("the end of the alert", async () => (await guardsIn(world.cluster, "slow-hpa")).some(isOverForNow), {
    timeoutMs: 60_000,
  });
  traffic["slow-hpa"]?.setRate(30);

  const guard = await ended("slow-hpa");

  expect(guard.status?.phase).toBe("restored");
  expect((await world.cluster.client.request<Hpa>("GET", path)).spec).toMatchObject({ minReplicas: 2, maxReplicas: 6 });
});

test("the pod that leaks, and no other, is restarted within its disruption budget", async () => {
  const { client } = world.cluster;
  const before = (await shops["leaky"]?.pods()) ?? [];
  const [leaking] = before;
  const name = leaking?.metadata.name ?? "";
  const body = { metadata: { annotations: { "fleet.test/memory-mib": "900" } } };
  await client.request("PATCH", `/api/v1/namespaces/leaky/pods/${name}`, { body, contentType: "application/merge-patch+json" });

  const guard = await ended("leaky");

  expect(guard.status?.phase).toBe("restored");
  expect(storyOf(guard)).toEqual(["opened", "intended restart", "receipt restart applied", "finished restored"]);
  const after = ((await shops["leaky"]?.pods()) ?? []).map(({ metadata }) => metadata.uid);
  const stayed = before.filter(({ metadata }) => after.includes(metadata.uid)).map((pod) => pod.metadata.name);
  expect(stayed.toSorted()).toEqual(
    before
      .map((pod) => pod.metadata.name)
      .filter((one) => one !== name)
      .toSorted(),
  );
  expect(kindsTold("leaky").filter((kind) => kind === "remediated")).toHaveLength(1);
});

test("a release of which the errors show only in an alert is taken back", async () => {
  await shops["broken"]?.rollOut("v2", { "error-rate": "0.4" });

  const guard = await ended("broken");

  expect(guard.status?.phase).toBe("restored");
  expect(storyOf(guard).filter((line) => line.startsWith("receipt"))).toEqual(["receipt rollback applied"]);
  expect((await templateWrites(world.cluster, "broken")).length).toBe(1);
  const finished = world.receiver.deliveries("broken").find(({ data }) => data.kind === "finished");
  expect(finished?.data.text).toContain("ShopErrors");
});

/** The alert is over, and what was scaled is still to be given back or was already. */
function isOverForNow({ status }: StoredGuard): boolean {
  return (status?.entries ?? []).some(({ because }) => because?.some(({ code }) => code === "over-for-now" || code === "given-back"));
}
