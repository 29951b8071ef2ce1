import { describe, expect, test } from "vitest";
import type { World } from "../support/world.ts";
import { shop } from "../support/world-shop.ts";
import { during, ended, expectLeftAlone, expectTakenBack, newPods, openIncident, told } from "./incidents.ts";

const others = ["cart", "mail", "auth"].map((name) => ({ name, rps: 10, replicas: 2 }));

describe("D06: a dependency fails for old and new pods and for others alike", () => {
  test.each([
    { err: 0.12, fromS: 60, seed: 1 },
    { err: 0.05, fromS: 60, seed: 1 },
    { err: 0.6, fromS: 60, seed: 1 },
    { err: 0.12, fromS: 30, seed: 1 },
  ])(
    "$err of all requests from $fromS s to 540 s (seed $seed): no rollback, and people are told that both are affected",
    async ({ err, fromS, seed }) => {
      await using world = await openIncident({}, { seed, services: [{ name: "web" }, ...others] });
      world.release("web", newPods);
      during(world, fromS, 540, (pod) => ({ errorRate: pod.labels["app"] === "web" ? err : 0.08 }));
      await world.until("people know", () => world.messages("held").length > 0, 540);
      expect(told(world)).toContain("old and new pods are bad alike");
      await world.run(600);
      // A brake under a hold is for a person to take off, once the dependency is back.
      world.edit("web", (web) => ({ ...web, spec: { ...web.spec, paused: false } }));
      await world.until("the guard ends", () => ended(world), 1800);
      expectLeftAlone(world);
    },
  );
});

describe("D06: a dependency fails when the last old pod has gone", () => {
  const outage = async (world: World, elsewhere: number) => {
    world.release("web", newPods);
    during(world, 240, 540, (pod) => ({ errorRate: pod.labels["app"] === "web" ? 0.12 : elsewhere }));
    await world.until("people know or it is over", () => world.messages("held").length > 0 || ended(world), 1800);
  };

  test.each([false, true])("other workloads suffer too (killed in the middle: %s): no rollback, people are told who", async (killed) => {
    await using world = await openIncident({}, { services: [{ name: "web" }, ...others] });
    await outage(world, 0.08);
    if (killed) await world.restartDaemon({ kill: true });
    expect(told(world)).toMatch(/3 of 3 other workloads, none of them rolling out, went over their own limits .*shop\/auth [\d.]+ %/);
    // Well again for a while before the end of the window: what it did meanwhile is not held against it.
    await world.until("the guard ends", () => ended(world), 900);
    expect(world.messages("held")).toHaveLength(1);
    expect(world.phase("web")).toBe("passed");
    expectLeftAlone(world);
  });

  test("no other workload suffers: it is taken back, and people are told that the others were well", async () => {
    await using world = await openIncident({}, { services: [{ name: "web" }, ...others] });
    await outage(world, 0.001);
    expect(world.image("web")).toBe("shop/web:1.0.0");
    expect(told(world)).toContain("none of 3 other workloads had trouble at the same time");
  });
});

describe("D07: traffic grows with the rollout", () => {
  test.each([2, 10])("%fx the requests, both revisions slower and a little worse: nothing is done", async (factor) => {
    await using world = await openIncident();
    const began = world.now();
    world.release("web", newPods);
    const grown = (now: number) => Math.min(1, Math.max(0, now - began - 30_000) / 120_000);
    world.sandbox.traffic.setRate(shop, "web", (now) => (now < began + 900_000 ? 40 * (1 + (factor - 1) * grown(now)) : 40));
    during(world, 30, 900, () => ({ errorRate: 0.004, p50Ms: 72, p95Ms: 192 }));
    await world.until("the guard ends", () => ended(world), 1500);
    expect(world.phase("web")).toBe("passed");
    expectLeftAlone(world);
  });
});

describe("D08: a night deploy with hardly any request", () => {
  test.each([0.02, 0.2, 0.5])("at %f requests/s nothing is decided and the missing requests are told", async (rps) => {
    await using world = await openIncident({ rps, replicas: 2 });
    world.release("web", newPods);
    // A heavier tail, still within the limit.
    during(world, 0, Infinity, () => ({ errorRate: 0.01, p50Ms: 20, p95Ms: 190 }));
    await world.until("the guard ends", () => ended(world), 1500);
    expect(world.phase("web")).toBe("inconclusive");
    expectLeftAlone(world);
    expect(told(world)).toMatch(/errors: only [\d,]+ requests? seen, 600 are needed for a verdict/);
  });
});

describe("D09: Prometheus stops answering 90 s into a good rollout", () => {
  test("after a time-out, an empty answer and NaN the guard decides from fresh data", async () => {
    await using world = await openIncident({}, { settings: { prometheus: { timeout: "150ms" } } });
    world.release("web", newPods);
    world.at(90, () => (world.sandbox.prometheus.fault = "hang"));
    world.at(450, () => (world.sandbox.prometheus.fault = "empty"));
    world.at(600, () => (world.sandbox.prometheus.fault = "nan"));
    world.at(660, () => (world.sandbox.prometheus.fault = undefined));
    await world.run(660);
    expect(world.phase("web")).toBe("observing");
    expect(told(world)).toMatch(/errors: the source (does not answer properly|has no data) for/);
    await world.until("the guard ends", () => ended(world), 900);
    expect(world.phase("web")).toBe("passed");
    expectLeftAlone(world);
  });

  test.each(["unavailable", "stale"] as const)("%s for ten minutes: no rollback, told, then decided from fresh data", async (mode) => {
    await using world = await openIncident({}, { settings: { prometheus: { timeout: "150ms" } } });
    const { prometheus } = world.sandbox;
    world.release("web", newPods);
    await world.run(90);
    if (mode === "stale") prometheus.scraping = false;
    else prometheus.fault = mode;
    await world.run(570);
    expect(world.phase("web")).toBe("observing");
    expect(told(world)).toMatch(/errors: (the source (does not answer properly|has no data)|too few requests to judge) for/);
    prometheus.fault = undefined;
    prometheus.scraping = true;
    await world.until("the guard ends", () => ended(world), 900);
    expect(world.phase("web")).toBe("passed");
    expectLeftAlone(world);
  });
});

describe("D10: a good rollout whose upstream rolled out something bad", () => {
  test("only the upstream is taken back", async () => {
    const good = { errorRate: 0 };
    await using world = await openIncident({}, { services: [{ name: "web", behaviour: good }, { name: "catalog" }] });
    world.release("catalog", { ...newPods, errorRate: 0.45 });
    await world.run(70);
    world.release("web", { ...newPods, ...good });
    // Whoever asks the bad pods of the upstream fails, whatever its own revision.
    world.sandbox.cluster.effects.push((pod) => (pod.labels["app"] === "web" && badUpstream(world) ? { errorRate: 0.45 } : {}));
    await world.until("the upstream is restored", () => world.phase("catalog") === "restored", 600);
    await world.until("the guard ends", () => ended(world), 1500);
    expectTakenBack(world, "catalog");
    expect(world.phase("web")).toBe("passed");
    expectLeftAlone(world);
  });
});

function badUpstream(world: World): boolean {
  return world.sandbox.cluster
    .pods()
    .some((pod) => pod.ready && pod.labels["app"] === "catalog" && pod.annotations["sandbox.rearguard.dev/error-rate"] === "0.45");
}
