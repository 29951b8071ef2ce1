import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../servers/cluster.ts";
import { type MetricsKind, metricsKinds } from "../servers/fleet-metrics.ts";
import { startTraffic } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { ownCidr } from "./cidr.ts";
import { printLog } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";
import { endOf } from "./guards.ts";
import type { StoredGuard } from "./guards.ts";
import { policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import type { Shop } from "./shop.ts";
import { createWorld } from "./world.ts";
import { templateWrites } from "./writes.ts";

const expected: Readonly<Record<MetricsKind, { readonly metric: string; readonly statusLabel: string }>> = {
  "prom-client": { metric: "http_requests_total", statusLabel: "status" },
  micrometer: { metric: "http_server_requests_seconds_count", statusLabel: "status" },
  istio: { metric: "istio_requests_total", statusLabel: "response_code" },
  otel: { metric: "http_server_request_duration_seconds_count", statusLabel: "http_response_status_code" },
};

/** Until Prometheus has seen requests of every pod for a while: when a rollout began is known to the second. */
async function counted(cluster: Cluster, kind: MetricsKind): Promise<void> {
  const promql = `count(count by (pod) (${expected[kind].metric}{namespace="${kind}"} offset 2s))`;
  await waitUntil(`requests of all pods of ${kind}`, async () => (await cluster.prometheus.query(promql))[0]?.value[1] === "3");
}

/** What the guard noted of its choice for a signal. */
function chosen(guard: StoredGuard, signal: string) {
  const noted = (guard.status?.entries ?? []).filter(({ kind }) => kind === "noted");
  return noted.flatMap(({ because = [] }) => because).filter((reason) => reason.code === "preset" && reason["signal"] === signal);
}

describe.each(["newest", "2.42"] as const)("a policy that names no preset, on the %s Prometheus", (prometheus) => {
  const stack = new AsyncDisposableStack();
  const shops = new Map<MetricsKind, Shop>();
  let daemon: Daemon;
  let guards: ReadonlyMap<MetricsKind, StoredGuard>;
  let world: Awaited<ReturnType<typeof createWorld>>;

  // All four at once: each takes most of a minute, nearly all of it waiting.
  beforeAll(async () => {
    const cluster = await startCluster({ cidr: await ownCidr(), prometheus });
    world = stack.use(await createWorld(cluster));
    await Promise.all(
      metricsKinds.map(async (kind) => {
        shops.set(kind, await deployShop(cluster, { namespace: kind, replicas: 3, behaviour: { metrics: kind } }));
        stack.use(await startTraffic({ client: cluster.client, namespace: kind, service: "shop", requestsPerSecond: 40 }));
      }),
    );
    const signals = "{ errors: { http: { errors: { limit: 2% } } }, latency: { http: { slower: { p95: 2500ms } } } }";
    daemon = await world.startDaemon({
      policies: { "all.yaml": policyText({ name: "all", namespaces: metricsKinds, window: "20s", signals }) },
    });
    await daemon.ready();
    await Promise.all(metricsKinds.map((kind) => counted(world.cluster, kind)));
    await Promise.all([...shops].map(([kind, shop]) => shop.rollOut("v2", { metrics: kind, "error-rate": "0.4" })));
    const ended = metricsKinds.map(async (kind) => [kind, await endOf(cluster, kind, 2, 120_000)] as const);
    guards = new Map(await Promise.all(ended));
  });

  afterAll(() => stack.disposeAsync());

  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      printLog(daemon);
    });
  });

  test.each(metricsKinds)("%s is found by what the old pods expose, once, and its bad release is taken back", async (kind) => {
    const guard = guards.get(kind);
    if (guard === undefined) throw new Error(`no guard of ${kind}`);
    expect(chosen(guard, "errors")).toEqual([expect.objectContaining({ preset: kind, podLabel: "pod", pods: 3, ...expected[kind] })]);
    expect(guard.status?.phase).toBe("restored");
    expect(await templateWrites(world.cluster, kind)).toHaveLength(1);
    const opened = world.receiver.deliveries(kind).map(({ data }) => data.text);
    expect(opened.join("\n")).toContain(`errors is judged by preset ${kind}: found `);
  });

  test("a latency is judged by the same preset, and without buckets by none", () => {
    const presets = [...guards].map(([kind, guard]) => [kind, chosen(guard, "latency").map((reason) => reason["preset"])] as const);
    expect(Object.fromEntries(presets)).toEqual({
      "prom-client": ["prom-client"],
      micrometer: [],
      istio: ["istio"],
      otel: ["otel"],
    });
  });
});
