import { describe, expect, test } from "vitest";
import type { Command, Entry } from "../../src/entry.ts";
import type { World } from "../support/world.ts";
import { shop } from "../support/world-shop.ts";
import { ended, expectTakenBack, rollbacks, told } from "./incidents.ts";
import { bad, crashing, openQuick, quickPolicy } from "./quick.ts";

const counting = `${quickPolicy}  countdown: 20s\n`;
const freeze = "rearguard.dev/freeze";

function annotate(world: World, key: string, value: string | undefined, service = "web"): void {
  world.edit(service, (deployment) => {
    const { [key]: _, ...annotations } = deployment.metadata.annotations ?? {};
    return {
      ...deployment,
      metadata: { ...deployment.metadata, annotations: value === undefined ? annotations : { ...annotations, [key]: value } },
    };
  });
}

/** Writes an order into the newest guard of a service, as the API does. */
function order(world: World, command: Command, service = "web"): void {
  const { store } = world.sandbox.cluster;
  const type = { group: "rearguard.dev", resource: "guards" };
  const guard = store.get(type, shop, world.record(service).name);
  if (guard === undefined) throw new Error(`there is no guard of ${service}`);
  const status = guard["status"] as { readonly entries: readonly Entry[] };
  const entry: Entry = { seq: status.entries.length, at: world.now(), kind: "commanded", command };
  store.put(type, { ...guard, status: { ...status, entries: [...status.entries, entry] } });
}

const announcement = (world: World) => world.entries("web").find((entry) => entry.kind === "announced");
const isPaused = (world: World, service = "web") => world.deployment(service).spec.paused === true;

describe("a frozen workload", () => {
  test("is left alone and told of; once it is thawed the rollback is done", async () => {
    await using world = await openQuick([{ annotations: { [freeze]: "true" } }]);
    world.release("web", bad);
    await world.until("it is withheld", () => world.messages("withheld").length > 0, 100);
    await world.run(20);

    expect(world.effects("web")).toEqual([]);
    expect(told(world)).toMatch(/the workload is frozen by the annotation rearguard.dev\/freeze: true/);
    expect(told(world)).toContain("kubectl annotate deployment/web -n shop rearguard.dev/freeze-");

    annotate(world, freeze, undefined);
    await world.until("the guard ends", () => ended(world), 200);
    expectTakenBack(world);
  });

  test("is thawed by itself when the instant has come", async () => {
    await using world = await openQuick();
    const until = world.now() + 40_000;
    annotate(world, freeze, new Date(until).toISOString());
    world.release("web", bad);
    await world.until("the guard ends", () => ended(world), 200);

    expectTakenBack(world);
    expect(world.entries("web").find((entry) => entry.kind === "intended")?.at).toBeGreaterThanOrEqual(until);
  });

  test("keeps no brake of ours: it comes off when a new template comes, frozen or not", async () => {
    await using world = await openQuick([{ annotations: { "rearguard.dev/rollback": "unsafe" } }]);
    world.release("web", bad);
    await world.until("the brake", () => isPaused(world), 60);
    annotate(world, freeze, "true");
    world.release("web", {}, "shop/web:3.0.0");
    await world.until("the brake is off", () => !isPaused(world), 10);
    await world.until("the new guard passes", () => world.phase("web") === "passed", 200);
  });
});

test("many workloads that breach at once: three are rolled back, the fourth is braked and told of, and rolled back when the burst is over", async () => {
  const names = ["web", "cart", "mail", "pay"];
  await using world = await openQuick(
    names.map((name) => ({ name, podsPerStep: 1 })),
    { settings: { governor: { concurrent: 9, rollbacksPerHour: { namespace: 9, cluster: 9 }, sharedCause: { within: "2m" } } } },
  );
  for (const name of names) world.release(name, crashing);
  await world.until("three are restored", () => names.filter((name) => world.phase(name) === "restored").length === 3, 100);

  const [last = ""] = names.filter((name) => world.phase(name) !== "restored");
  expect(rollbacks(world, last)).toBe(0);
  expect(isPaused(world, last)).toBe(true);
  expect(told(world, last)).toMatch(/"shared-cause": 4 workloads breached within 2 min/);
  expect(told(world, last)).toContain("Look first at what these workloads share");

  const passed = await world.until("the fourth is restored", () => world.phase(last) === "restored", 200);
  expect(passed).toBeGreaterThan(60);
});

describe("a rollback with a countdown", () => {
  test("is announced with the way to stop it, braked meanwhile, and carried out when it is due", async () => {
    await using world = await openQuick([{}], { policy: counting });
    world.release("web", bad);
    await world.until("it is announced", () => world.messages("announced").length > 0, 100);
    expect(isPaused(world)).toBe(true);
    const [message] = world.messages("announced");
    expect(message?.title).toMatch(/shop\/web will be rolled back in 20 s: /);
    expect(message?.next).toMatch(
      /order cancel for guard .* at the API, or kubectl annotate deployment\/web -n shop rearguard.dev\/freeze=true/,
    );

    await world.until("the guard ends", () => ended(world), 200);
    expectTakenBack(world);
    const intended = world.entries("web").find((entry) => entry.kind === "intended" && entry.action.kind === "rollback");
    const entry = announcement(world);
    expect((intended?.at ?? 0) - (entry?.at ?? 0)).toBeGreaterThanOrEqual(20_000);
    expect((intended?.at ?? 0) - (entry?.at ?? 0)).toBeLessThan(23_000);
    expect(world.messages("announced")).toHaveLength(1);
  });

  test("survives a crash: it is announced once and done when it was due", async () => {
    await using world = await openQuick([{}], { policy: counting });
    world.release("web", bad);
    await world.until("it is announced", () => announcement(world) !== undefined, 100);
    const entry = announcement(world);
    await world.restartDaemon({ kill: true });
    await world.until("the guard ends", () => ended(world), 200);

    expectTakenBack(world);
    expect(world.entries("web").filter(({ kind }) => kind === "announced")).toEqual([entry]);
  });

  test("is not done when a person cancels it, and not tried again; people know who it was", async () => {
    await using world = await openQuick([{}], { policy: counting });
    world.release("web", bad);
    await world.until("it is announced", () => announcement(world) !== undefined, 100);
    order(world, { id: "c-1", kind: "cancel", by: "dana", reason: "the cause is known" });
    // Nobody told the daemon: its intent loses against what was written, and it reads the order.
    await world.until("it is withheld", () => world.messages("withheld").length > 0, 40);
    await world.run(60);

    expect(rollbacks(world)).toBe(0);
    expect(world.image("web")).not.toBe("shop/web:1.0.0");
    expect(world.messages("withheld").map(({ title }) => title)).toEqual([expect.stringContaining("rollback cancelled")]);
    expect(told(world)).toContain("dana cancelled it: the cause is known");
  });

  test("is not done when its workload is frozen meanwhile", async () => {
    await using world = await openQuick([{}], { policy: counting });
    world.release("web", bad);
    await world.until("it is announced", () => announcement(world) !== undefined, 100);
    annotate(world, freeze, "true");
    await world.run(40);

    expect(rollbacks(world)).toBe(0);
    expect(told(world)).toContain("the workload is frozen by the annotation");
  });
});
