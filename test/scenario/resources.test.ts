import { expect, test } from "vitest";
import { ended, expectLeftAlone, expectTakenBack, newPods, openIncident, secondsToRollback, told } from "./incidents.ts";
import type { WorldOptions } from "../support/world.ts";
import type { ShopService } from "../support/world-shop.ts";

const policy = `apiVersion: rearguard.dev/v1alpha1
kind: Policy
metadata: { name: shop }
spec:
  match: { namespaces: [shop] }
  mode: enforce
  window: 30m
  signals:
    errors: { http: { preset: prom-client, errors: { limit: 1% } } }
    memory: { resources: { memory: 90%, memoryFullWithin: 1h } }
    cpu:    { resources: { cpu: 90% } }
`;

const limits = { cpu: "1", memory: "512Mi" };

/** Old pods that have been there for most of an hour. */
function openShop(service: Partial<ShopService> = {}, options: Partial<WorldOptions> = {}) {
  return openIncident({ replicas: 4, limits, ...service }, { policy, cadvisor: true, historyS: 3000, ...options });
}

test("a release that leaks memory is taken back long before it is killed for it, with its slope and the old pods' beside it", async () => {
  await using world = await openShop();
  world.release("web", { ...newPods, leakMibPerMinute: 8 });
  await world.until("the guard ends", () => ended(world), 2700);
  expectTakenBack(world);
  expect(told(world)).toMatch(
    /memory: app in pod web-\S+ uses \d+ MiB of its memory limit of 512 MiB, grows by 4\d\d MiB\/h and is full in \d+ min .*\([2-4] of 4 new pods; old pods: 29.3 %, 0 MiB\/h\); a plain rule, without a bound on wrong rollbacks/,
  );
  // 512 - 150 MiB at 8 MiB/min: killed after 45 min.
  expect(secondsToRollback(world)).toBeLessThan(20 * 60);
});

test("a release whose memory goes up and down with its garbage collector passes, as the one before it did", async () => {
  await using world = await openShop({ behaviour: { sawMib: 250, sawMinutes: 17 } });
  world.release("web", { ...newPods, sawMib: 250, sawMinutes: 17 });
  await world.until("the guard ends", () => ended(world), 2700);
  expect(world.phase("web")).toBe("passed");
  expectLeftAlone(world);
});

test("memory that fills up after a start, to where the old pods are, is no leak", async () => {
  await using world = await openShop({ behaviour: { warmMib: 200 } });
  world.release("web", { ...newPods, warmMib: 200 });
  await world.until("the guard ends", () => ended(world), 2700);
  expect(world.phase("web")).toBe("passed");
  expectLeftAlone(world);
});

test("a leak that old pods have too is told and left to a person", async () => {
  await using world = await openShop({ behaviour: { leakMibPerMinute: 5 } });
  world.release("web", { ...newPods, leakMibPerMinute: 5 });
  await world.until("the guard ends", () => ended(world), 2700);
  expect(world.phase("web")).toBe("unresolved");
  expectLeftAlone(world);
  expect(told(world)).toMatch(/old pods: \d+(\.\d)? %, (299|300|301) MiB\/h\); old pods do the same, so a rollback would not help/);
});

test("containers without limits are told of once, and judged neither good nor bad", async () => {
  await using world = await openShop({ limits: { memory: "512Mi" } });
  world.release("web", newPods);
  await world.until("the guard ends", () => ended(world), 2700);
  expect(world.phase("web")).toBe("inconclusive");
  expectLeftAlone(world);
  const notes = world.entries("web").filter((entry) => entry.kind === "noted" && entry.because.some(({ code }) => code === "no-limit"));
  expect(notes).toHaveLength(1);
  expect(told(world)).toMatch(/cpu: container app has no CPU limit \(resources.limits.cpu\), so that cannot be judged/);
});

test("where no kubelet is scraped the guard says what is missing, and does not pass", async () => {
  await using world = await openShop({}, { cadvisor: false });
  world.release("web", newPods);
  await world.until("the guard ends", () => ended(world), 2700);
  expect(world.phase("web")).toBe("inconclusive");
  expectLeftAlone(world);
  expect(told(world)).toMatch(/memory: the source has no data .* Prometheus must scrape the kubelets' \/metrics\/cadvisor/);
});

test("CPU at its limit is taken back only where old pods serve beside the new ones and need less", async () => {
  const quickly = { policy: policy.replace("{ cpu: 90% }", "{ cpu: 90%, for: 2m, warmUp: 1m }") };
  await using world = await openShop({ heldS: 140 }, quickly);
  world.release("web", { ...newPods, cpuCores: 0.98 });
  await world.until("the guard ends", () => ended(world), 2700);
  expectTakenBack(world);
  expect(told(world)).toMatch(/cpu: app in pod web-\S+ uses 0.98 cores of its CPU limit of 1 core, 98 % where 90 % are allowed/);

  await using quick = await openShop({}, quickly);
  quick.release("web", { ...newPods, cpuCores: 0.98 });
  await quick.until("the guard ends", () => ended(quick), 2700);
  expect(quick.phase("web")).toBe("unresolved");
  expectLeftAlone(quick);
  expect(told(quick)).toMatch(/no old pod runs beside it to show how much CPU the requests need now/);
});

test("a revision whose CPU was never looked at after its warm-up does not pass, neither early nor at the end of its window", async () => {
  const early = policy
    .replace("  window: 30m", "  window: 30m\n  passEarly: { after: 2m }")
    .replace(/ {4}memory:.*\n/, "")
    .replace("{ cpu: 90% }", "{ cpu: 90%, memory: 80% }");
  await using world = await openShop({}, { policy: early });
  world.release("web", { ...newPods, cpuCores: 0.97 });
  await world.until("the guard ends", () => ended(world), 2700);
  expect(world.phase("web")).toBe("unresolved");

  const short = policy
    .replace("window: 30m", "window: 4m")
    .replace(/ {4}memory:.*\n/, "")
    .replace("{ cpu: 90% }", "{ cpu: 90%, for: 1m }");
  await using blind = await openShop({}, { policy: short });
  blind.release("web", { ...newPods, cpuCores: 0.97 });
  await blind.until("the guard ends", () => ended(blind), 2700);
  expect(blind.phase("web")).toBe("inconclusive");
  expect(told(blind)).toContain("cpu: the CPU of the new pods was not looked at yet; its rule needs 1 min after a warm-up of 5 min");
});

test("a daemon that is killed in the middle of a leak judges all of it again and takes it back all the same", async () => {
  await using world = await openShop();
  world.release("web", { ...newPods, leakMibPerMinute: 8 });
  await world.run(840);
  await world.restartDaemon({ kill: true });
  await world.until("the guard ends", () => ended(world), 2700);
  expectTakenBack(world);
  expect(secondsToRollback(world)).toBeLessThan(20 * 60);
});

const now = policy.replace("memoryFullWithin: 1h", "memoryFullWithin: 1h, source: metrics-api").replace(/ {4}cpu:.*\n/, "");

test("with the metrics API alone a leak is found against the old pods that ran beside it", async () => {
  await using world = await openShop({}, { policy: now });
  world.release("web", { ...newPods, leakMibPerMinute: 8 });
  await world.until("the guard ends", () => ended(world), 2700);
  expectTakenBack(world);
});

test("with the metrics API a restart begins anew: the leak is told, and nothing is taken back for want of old pods", async () => {
  await using world = await openShop({}, { policy: now });
  world.release("web", { ...newPods, leakMibPerMinute: 8 });
  await world.run(600);
  await world.restartDaemon({ kill: true });
  await world.until("the guard ends", () => ended(world), 2700);
  expect(world.phase("web")).toBe("unresolved");
  expectLeftAlone(world);
  expect(told(world)).toMatch(/no such container of an old pod was seen, so it cannot be told whether this is new/);
});
