import { describe, expect, test } from "vitest";
import type { Pod } from "../../src/sandbox/kubernetes/object.ts";
import { pods } from "../../src/sandbox/kubernetes/resource-type.ts";
import type { World } from "../support/world.ts";
import {
  ended,
  expectLeftAlone,
  expectTakenBack,
  incidentPolicy,
  newPods,
  openIncident,
  rollbacks,
  secondsToRollback,
  told,
} from "./incidents.ts";

describe("D01: every new pod fails requests", () => {
  test.each([
    { err: 0.4, rps: 40, seed: 1 },
    { err: 0.4, rps: 40, seed: 2 },
    { err: 0.2, rps: 40, seed: 1 },
    { err: 1, rps: 40, seed: 1 },
    { err: 0.4, rps: 10, seed: 1 },
    { err: 0.2, rps: 10, seed: 2 },
    { err: 0.4, rps: 400, seed: 1 },
  ])("$err of the requests at $rps/s (seed $seed) is taken back within 120 s of the first ready pod", async ({ err, rps, seed }) => {
    await using world = await openIncident({ rps }, { seed });
    world.release("web", { ...newPods, errorRate: err });
    await world.until("the guard ends", () => ended(world), 900);
    expect(secondsToRollback(world)).toBeLessThanOrEqual(120);
    expectTakenBack(world);
    expect(told(world)).toMatch(/errors [\d.]+ % = \d+x the limit/);
  });
});

describe("D02: one new pod of eight is bad while the step is held", () => {
  test.each([
    { err: 0.03, rps: 40, seed: 1 },
    { err: 0.03, rps: 40, seed: 2 },
    { err: 0.1, rps: 40, seed: 1 },
    { err: 0.3, rps: 8, seed: 1 },
    { err: 0.03, rps: 200, seed: 1 },
  ])("$err of its requests at $rps/s over all pods (seed $seed) is taken back within 420 s", async ({ err, rps, seed }) => {
    await using world = await openIncident({ rps, podsPerStep: 1, heldS: 580, progressDeadlineS: 1200 }, { seed });
    world.release("web", { ...newPods, errorRate: err });
    await world.until("the rollback", () => rollbacks(world) > 0, 600);
    expect(secondsToRollback(world)).toBeLessThanOrEqual(420);
    await world.until("the guard ends", () => ended(world), 900);
    expectTakenBack(world);
  });
});

describe("D03a: p95 doubles and stays under the absolute limit", () => {
  const quick = { behaviour: { p50Ms: 30, p95Ms: 90 } };

  test.each([2, 4])("a limit near the service's own p95 takes %fx slower pods back within 300 s", async (factor) => {
    await using world = await openIncident(quick, { policy: incidentPolicy.replace("p95: 200ms", "p95: 100ms") });
    world.release("web", { ...newPods, p50Ms: 30 * factor, p95Ms: 90 * factor });
    await world.until("the guard ends", () => ended(world), 900);
    expect(secondsToRollback(world)).toBeLessThanOrEqual(300);
    expectTakenBack(world);
  });

  test("an absolute limit of 200 ms says nothing to a p95 of 180 ms", async () => {
    await using world = await openIncident(quick);
    world.release("web", { ...newPods, p50Ms: 60, p95Ms: 180 });
    await world.until("the guard ends", () => ended(world), 1500);
    expect(world.phase("web")).toBe("passed");
    expectLeftAlone(world);
  });
});

test("D03b: a service that never met the limit is not condemned for it, and people are told that it was above before", async () => {
  const slow = { p50Ms: 95, p95Ms: 300 };
  await using world = await openIncident({ behaviour: slow });
  world.release("web", { ...newPods, ...slow });
  await world.until("the guard ends", () => ended(world), 1500);
  expect(world.phase("web")).toBe("passed");
  expectLeftAlone(world);
  expect(told(world)).toMatch(/latency: the old revision was already above the limit \([\d.]+ % before the rollout, limit 5 %\)/);
});

describe("D04: new pods crash at start, no metric moves", () => {
  test.each([
    { after: 3, replicas: 8 },
    { after: 1, replicas: 8 },
    { after: 25, replicas: 8 },
    { after: 3, replicas: 2 },
    { after: 3, replicas: 30 },
  ])("$replicas replicas that exit after $after s are taken back within 60 s of a second restart", async ({ after, replicas }) => {
    await using world = await openIncident({ replicas, podsPerStep: 2 });
    world.release("web", { ...newPods, readyAfterS: "never", crashAfterS: after });
    await world.until("a second restart", () => mostRestarts(world) >= 2, 300);
    await world.until("the rollback", () => rollbacks(world) > 0, 60);
    await world.until("the guard ends", () => ended(world), 400);
    expectTakenBack(world);
    expect(told(world)).toMatch(/pods: \d+ of \d+ new pods keeps? crashing/);
  });

  test("it needs no metric: the same while Prometheus is down all the time", async () => {
    await using world = await openIncident();
    world.sandbox.prometheus.fault = "unavailable";
    world.release("web", { ...newPods, readyAfterS: "never", crashAfterS: 3 });
    await world.until("a second restart", () => mostRestarts(world) >= 2, 300);
    await world.until("the rollback", () => rollbacks(world) > 0, 60);
    await world.until("the guard ends", () => ended(world), 400);
    expectTakenBack(world);
  });
});

function mostRestarts(world: World): number {
  const all = [...world.sandbox.cluster.store.each(pods)].map((pod) => pod as Pod);
  return Math.max(...all.flatMap((pod) => (pod.status.containerStatuses ?? []).map(({ restartCount }) => restartCount)));
}
