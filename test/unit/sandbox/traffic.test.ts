import { describe, expect, test } from "vitest";
import { bucketBounds, createCounters } from "../../../src/sandbox/exposition.ts";
import { createRandom, fractionOf, normal, poisson } from "../../../src/sandbox/random.ts";
import { createTraffic } from "../../../src/sandbox/traffic.ts";
import type { Traffic } from "../../../src/sandbox/traffic.ts";
import type { Effect, SandboxPod } from "../../../src/sandbox/world.ts";
import { podOf } from "./sandbox-pod.ts";

function trafficOf(rps: number, seed = 1, effects: readonly Effect[] = []): Traffic {
  const services = [{ namespace: "shop", name: "web", selector: { app: "web" }, rps }];
  return createTraffic({ services, random: createRandom(seed), effects });
}

function run(traffic: Traffic, pods: readonly SandboxPod[], seconds: number, from = 0): void {
  for (let at = from; at < from + seconds * 1000; at += 100) traffic.step(pods, at, at + 100);
}

/** Sum of a metric over its label sets, by pod. */
function shown(traffic: Traffic, pod: SandboxPod, name: string, labels: Readonly<Record<string, string>> = {}): number {
  return traffic
    .expose(pod, 0)
    .filter((sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

describe("chance", () => {
  test("the same seed gives the same numbers, another seed others", () => {
    const draw = (seed: number) => Array.from({ length: 5 }, createRandom(seed));
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7).every((value) => value >= 0 && value < 1)).toBe(true);
    expect(fractionOf("a")).toBe(fractionOf("a"));
    expect(fractionOf("a")).not.toBe(fractionOf("b"));
  });

  test.each([0, 0.3, 12, 250])("poisson(%d) has that mean and variance", (mean) => {
    const random = createRandom(3);
    const drawn = Array.from({ length: 4000 }, () => poisson(random, mean));
    const average = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const variance = drawn.reduce((sum, value) => sum + (value - average) ** 2, 0) / drawn.length;
    // Five standard errors.
    expect(Math.abs(average - mean)).toBeLessThanOrEqual(5 * Math.sqrt(mean / 4000));
    expect(Math.abs(variance - mean)).toBeLessThanOrEqual(5 * Math.sqrt((mean + 2 * mean ** 2) / 4000));
  });

  test("normal has mean 0 and variance 1", () => {
    const random = createRandom(4);
    const drawn = Array.from({ length: 10_000 }, () => normal(random));
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const variance = drawn.reduce((sum, value) => sum + value ** 2, 0) / drawn.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(variance - 1)).toBeLessThan(0.07);
  });
});

test.each([
  { minutes: 0, mib: 150 },
  { minutes: 10, mib: 330 },
  { minutes: 30, mib: 512 },
])("a process that leaks 18 MiB a minute shows $mib MiB after $minutes min", ({ minutes, mib }) => {
  const leaking = podOf("web-new-1", { "leak-mib-per-minute": "18" }, { startedAt: -minutes * 60_000 });
  expect(shown(trafficOf(0), leaking, "process_resident_memory_bytes")).toBe(mib * 2 ** 20);
});

describe("traffic", () => {
  const [good, bad] = [podOf("web-old-1"), podOf("web-new-1", { "error-rate": "0.2" })];

  test("a pod that takes a part of its share leaves the rest to the others, one that takes none is never asked", () => {
    const fifth = podOf("web-new-2", { "traffic-share": "0.2" });
    const none = podOf("web-new-3", { "traffic-share": "0" });
    const traffic = trafficOf(200);
    run(traffic, [good, fifth, none], 60);
    const [atGood, atFifth, atNone] = [good, fifth, none].map((pod) => shown(traffic, pod, "http_requests_total"));
    expect((atFifth ?? 0) / (atGood ?? 0)).toBeCloseTo(0.2, 1);
    expect(atNone).toBe(0);
    expect(traffic.served()).toMatchObject({ total: (atGood ?? 0) + (atFifth ?? 0), unanswered: 0 });
  });

  test("requests are shared by the ready pods and fail at the pod's own rate", () => {
    const traffic = trafficOf(200);
    run(traffic, [good, bad], 100);
    const [old, fresh] = [traffic.served("old"), traffic.served("new")];
    expect(old.bad).toBe(0);
    expect(Math.abs(traffic.served().total - 20_000)).toBeLessThan(5 * Math.sqrt(20_000));
    expect(Math.abs(old.total - fresh.total)).toBeLessThan(5 * Math.sqrt(20_000));
    expect(Math.abs(fresh.bad - 0.2 * fresh.total)).toBeLessThan(5 * Math.sqrt(0.16 * fresh.total));
    expect(traffic.served()).toEqual({ total: old.total + fresh.total, bad: fresh.bad, unanswered: 0 });
  });

  test("what was served is what the pods show", () => {
    const traffic = trafficOf(100);
    run(traffic, [good, bad], 30);
    const { total, bad: failed } = traffic.served("new");
    expect(shown(traffic, bad, "http_requests_total")).toBe(total);
    expect(shown(traffic, bad, "http_requests_total", { status: "500" })).toBe(failed);
    expect(shown(traffic, bad, "http_request_duration_seconds_bucket", { le: "+Inf" })).toBe(total);
  });

  test.each([
    ["not ready", { ready: false }],
    ["terminating", { terminating: true }],
    ["not running", { running: false }],
    ["of another namespace", { namespace: "other" }],
    ["not selected", { labels: { app: "api" } }],
  ])("a pod that is %s gets no requests", (_what, more) => {
    const traffic = trafficOf(100);
    const aside = podOf("web-new-1", {}, more);
    run(traffic, [good, aside], 5);
    expect(traffic.served("new").total).toBe(0);
    expect(traffic.served("old").total).toBeGreaterThan(0);
  });

  test("without a ready pod users get errors that no pod counts", () => {
    const traffic = trafficOf(100);
    run(traffic, [podOf("web-new-1", {}, { ready: false })], 10);
    const { total, bad: failed, unanswered } = traffic.served();
    expect(total).toBeGreaterThan(800);
    expect([failed, unanswered]).toEqual([total, total]);
  });

  test("latencies have the median and the 95th percentile the pod is told", () => {
    const traffic = trafficOf(500);
    const pod = podOf("web-old-1", { "p50-ms": "50", "p95-ms": "250" });
    run(traffic, [pod], 40);
    const { total } = traffic.served();
    const slower = (le: string) => (total - shown(traffic, pod, "http_request_duration_seconds_bucket", { le })) / total;
    expect(slower("0.05")).toBeCloseTo(0.5, 1);
    expect(Math.abs(slower("0.25") - 0.05)).toBeLessThan(0.01);
  });

  test("a restarted process counts from 0; the world remembers", () => {
    const traffic = trafficOf(100);
    run(traffic, [good], 10);
    const before = traffic.served().total;
    const restarted = { ...good, startedAt: 10_000 };
    run(traffic, [restarted], 10, 10_000);
    expect(shown(traffic, restarted, "http_requests_total")).toBe(traffic.served().total - before);
  });

  test("an effect overrides the annotations while it lasts", () => {
    const outage: Effect = (_pod, now) => (now > 10_000 ? {} : { errorRate: 1 });
    const traffic = trafficOf(100, 1, [outage]);
    run(traffic, [good], 10);
    const during = traffic.served();
    run(traffic, [good], 10, 10_000);
    expect(during.bad).toBe(during.total);
    expect(traffic.served().bad).toBe(during.bad);
  });

  test("a rate may change, and follow a function of the time", () => {
    const traffic = trafficOf(0);
    run(traffic, [good], 10);
    expect(traffic.served().total).toBe(0);
    traffic.setRate("shop", "web", (now) => now / 1000);
    run(traffic, [good], 10, 100_000);
    expect(Math.abs(traffic.served().total - 1050)).toBeLessThan(5 * Math.sqrt(1050));
    expect(() => traffic.setRate("shop", "nobody", 1)).toThrow("no service shop/nobody");
  });

  test("the same seed gives the same traffic to the last request", () => {
    const [one, two, other] = [trafficOf(100, 5), trafficOf(100, 5), trafficOf(100, 6)];
    for (const traffic of [one, two, other]) run(traffic, [good, bad], 20);
    expect(one.expose(bad, 0)).toEqual(two.expose(bad, 0));
    expect(one.expose(bad, 0)).not.toEqual(other.expose(bad, 0));
  });
});

describe("what a process shows", () => {
  test("a status has no series before its first request", () => {
    const counters = createCounters(0);
    expect(counters.expose(0).filter(({ name }) => name.startsWith("http_"))).toEqual([]);
    counters.record(200, 0.03);
    expect(counters.expose(0).find(({ name }) => name === "http_requests_total")).toEqual({
      name: "http_requests_total",
      labels: { method: "GET", status: "200" },
      value: 1,
    });
  });

  test("buckets are cumulative, hold their own bound, and are written as Prometheus 3 stores them", () => {
    const counters = createCounters(0);
    for (const seconds of [0.1, 0.2, 1, 60]) counters.record(200, seconds);
    const buckets = counters.expose(0).filter(({ name }) => name === "http_request_duration_seconds_bucket");
    expect(Object.fromEntries(buckets.map(({ labels, value }) => [labels["le"], value]))).toEqual({
      "0.005": 0,
      "0.01": 0,
      "0.025": 0,
      "0.05": 0,
      "0.1": 1,
      "0.25": 2,
      "0.5": 2,
      "1.0": 3,
      "2.5": 3,
      "5.0": 3,
      "10.0": 3,
      "+Inf": 4,
    });
    expect(buckets).toHaveLength(bucketBounds.length + 1);
    const sum = counters.expose(0).find(({ name }) => name === "http_request_duration_seconds_sum");
    expect(sum?.value).toBeCloseTo(61.3, 9);
  });
});
