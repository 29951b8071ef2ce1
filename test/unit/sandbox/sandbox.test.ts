import { afterEach, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import type { Sandbox, SandboxOptions } from "../../../src/sandbox/sandbox.ts";

const start = 1_790_000_000_000;
const services = [{ namespace: "shop", name: "web", selector: { app: "web" }, rps: 100 }];

function deployment(annotations: Readonly<Record<string, string>> = {}) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "shop" },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" }, annotations },
        spec: { containers: [{ name: "web", image: "shop/web:1" }] },
      },
    },
  };
}

async function shop(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await createSandbox({ seed: 1, now: start, scrapeIntervalMs: 1000, services, ...options });
  sandbox.cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  sandbox.cluster.apply(deployment());
  return sandbox;
}

/** A rollout whose pods fail this share of their requests. */
function release(sandbox: Sandbox, errorRate: string): void {
  sandbox.cluster.setTemplate("shop", "web", (template) => ({
    ...template,
    metadata: { ...template.metadata, annotations: { "sandbox.rearguard.dev/error-rate": errorRate } },
  }));
}

async function query(sandbox: Sandbox, promql: string): Promise<Record<string, number>> {
  const response = await fetch(`${sandbox.prometheusUrl}/api/v1/query?${new URLSearchParams({ query: promql }).toString()}`);
  const { data } = (await response.json()) as { data: { result: { metric: Record<string, string>; value: [number, string] }[] } };
  return Object.fromEntries(data.result.map(({ metric, value }) => [Object.values(metric).join(" "), Number(value[1])]));
}

afterEach(() => {
  vi.useRealTimers();
});

describe("the world", () => {
  test("pods of a Deployment come up, serve, and are scraped", async () => {
    await using sandbox = await shop();
    sandbox.advance(start + 60_000);
    const { total, bad } = sandbox.traffic.served();
    expect(total).toBeGreaterThan(5000);
    expect(await query(sandbox, 'count(up{namespace="shop"} == 1)')).toEqual({ "": 4 });
    const [seen = 0] = Object.values(await query(sandbox, "sum(http_requests_total)"));
    // Pods are scraped a second apart: the last second of 100 requests may not have been seen.
    expect(total - seen).toBeLessThan(200 + bad);
    expect(
      Object.keys(await query(sandbox, "http_requests_total{pod=~'web-[a-z0-9]+-[a-z0-9]+', job='pods', instance=~'.+:8080'}")),
    ).toHaveLength(4);
  });

  test("a bad release shows in the counters of its own pods alone", async () => {
    await using sandbox = await shop();
    sandbox.advance(start + 30_000);
    const [old] = new Set(sandbox.cluster.pods().map(({ podTemplateHash }) => podTemplateHash));
    release(sandbox, "0.5");
    sandbox.advance(start + 90_000);
    const hashes = new Set(sandbox.cluster.pods().map(({ podTemplateHash }) => podTemplateHash));
    const [fresh] = [...hashes].filter((hash) => hash !== old);
    expect(fresh).toBeDefined();
    const { total, bad } = sandbox.traffic.served(fresh);
    expect(total).toBeGreaterThan(500);
    expect(Math.abs(bad - total / 2)).toBeLessThan(5 * Math.sqrt(total / 4));
    expect(sandbox.traffic.served(old).bad).toBe(0);
    const failing = Object.keys(await query(sandbox, 'sum by (pod) (http_requests_total{status="500"})'));
    expect(failing.length).toBeGreaterThan(0);
    for (const pod of failing) expect(pod).toContain(`web-${fresh}-`);
  });

  test("the same seed gives the same world, however the time is told", async () => {
    await using one = await shop();
    await using two = await shop();
    one.advance(start + 40_000);
    for (let now = start; now <= start + 40_000; now += 730) two.advance(now);
    two.advance(start + 40_000);
    expect(two.traffic.served()).toEqual(one.traffic.served());
    expect(two.cluster.pods()).toEqual(one.cluster.pods());
    expect(await query(two, "sum by (pod, status) (http_requests_total)")).toEqual(
      await query(one, "sum by (pod, status) (http_requests_total)"),
    );
  });

  test("time stands still until it is moved, and never goes back", async () => {
    await using sandbox = await shop();
    expect(sandbox.now()).toBe(start);
    sandbox.advance(start + 5000);
    sandbox.advance(start + 1000);
    expect(sandbox.now()).toBe(start + 5000);
  });

  test("an effect on the cluster is felt by the users", async () => {
    await using sandbox = await shop();
    sandbox.advance(start + 30_000);
    const before = sandbox.traffic.served().bad;
    sandbox.cluster.effects.push(() => ({ errorRate: 1 }));
    sandbox.advance(start + 40_000);
    expect(sandbox.traffic.served().bad - before).toBeGreaterThan(800);
  });
});

describe("its servers", () => {
  test("three addresses on loopback, and a kubeconfig for the first", async () => {
    await using sandbox = await shop();
    const urls = [sandbox.kubernetesUrl, sandbox.prometheusUrl, sandbox.receiverUrl];
    expect(new Set(urls).size).toBe(3);
    for (const url of urls) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const config = parse(sandbox.kubeconfig());
    expect(config.clusters[0].cluster.server).toBe(sandbox.kubernetesUrl);
    expect(config["current-context"]).toBe(config.contexts[0].name);
    const version = (await (await fetch(`${sandbox.kubernetesUrl}/version`)).json()) as { major: string };
    expect(version.major).toBe("1");
  });

  test("Prometheus' faults are switched on and off", async () => {
    await using sandbox = await shop();
    sandbox.advance(start + 10_000);
    sandbox.prometheus.fault = "empty";
    expect(await query(sandbox, "up")).toEqual({});
    sandbox.prometheus.fault = undefined;
    expect(Object.keys(await query(sandbox, "up"))).toHaveLength(4);
    expect(sandbox.prometheus.queries.map(({ query: asked }) => asked)).toEqual(["up", "up"]);
    sandbox.prometheus.scraping = false;
    sandbox.advance(start + 15_000);
    expect(await query(sandbox, "last_over_time(up[4s])")).toEqual({});
  });

  test("a message that is posted is received", async () => {
    await using sandbox = await shop();
    await fetch(`${sandbox.receiverUrl}/webhook`, { method: "POST", body: '{"title":"hello"}', headers: { "webhook-id": "1" } });
    expect(sandbox.receiver.messages).toEqual([{ id: "1", at: start, path: "/webhook", body: { title: "hello" } }]);
  });

  test("following the wall clock moves the world until it is stopped", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: 5_000_000 });
    await using sandbox = await shop();
    const stop = sandbox.run();
    vi.advanceTimersByTime(10_000);
    expect(sandbox.now()).toBe(start + 10_000);
    stop();
    vi.advanceTimersByTime(10_000);
    expect(sandbox.now()).toBe(start + 10_000);
    const stopFast = sandbox.run(20);
    vi.advanceTimersByTime(1000);
    expect(sandbox.now()).toBe(start + 30_000);
    stopFast();
  });

  test("while the wall clock is followed, no answer comes from the past", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: 5_000_000 });
    await using sandbox = await shop();
    const stop = sandbox.run();
    // The clock has moved on, and the timer has not come to run.
    vi.setSystemTime(5_000_000 + 10_000);
    expect(Object.keys(await query(sandbox, "up"))).toHaveLength(4);
    expect(sandbox.now()).toBe(start + 10_000);
    stop();
  });
});
