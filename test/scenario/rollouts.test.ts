import { describe, expect, test } from "vitest";
import { ended, expectTakenBack, rollbacks, told } from "./incidents.ts";
import { bad, openQuick, quickPolicy } from "./quick.ts";

describe("what is guarded", () => {
  test("a good rollout passes, and nothing is written to its Deployment", async () => {
    await using world = await openQuick();
    world.release("web");
    await world.until("the guard ends", () => ended(world), 200);
    expect(world.phase("web")).toBe("passed");
    expect(world.effects("web")).toEqual([]);
    expect(world.messages().map(({ kind }) => kind)).toEqual(["opened", "noted", "finished"]);
    expect((await world.guard("web")).message).toMatch(/^passed: errors [\d.]+ % is within its limit of 1 %/);
    const regions = () => world.annotations().filter(({ tags }) => tags.includes("guard"));
    await world.until("its region ends", () => regions().some(({ time, timeEnd }) => timeEnd > time), 5);
    expect(regions()).toHaveLength(1);
  });

  test("a Deployment that was there before the daemon came is no rollout", async () => {
    await using world = await openQuick();
    await world.run(60);
    expect(world.records("web")).toEqual([]);
    expect(await world.guards()).toEqual([]);
    expect(world.messages()).toEqual([]);
  });

  test("a scale, up or down, is no rollout", async () => {
    await using world = await openQuick();
    for (const replicas of [6, 2]) {
      world.edit("web", (web) => ({ ...web, spec: { ...web.spec, replicas } }));
      await world.run(30);
      expect(world.deployment("web").status.readyReplicas).toBe(replicas);
    }
    expect(world.records("web")).toEqual([]);
  });

  test("a scale in mid-rollout opens no second guard and the rollout still passes", async () => {
    await using world = await openQuick();
    world.release("web");
    await world.run(8);
    world.edit("web", (web) => ({ ...web, spec: { ...web.spec, replicas: 7 } }));
    await world.until("the guard ends", () => ended(world), 200);
    expect(world.phase("web")).toBe("passed");
    expect(world.records("web")).toHaveLength(1);
    expect(world.deployment("web").status.readyReplicas).toBe(7);
  });

  test("a change of labels, annotations or strategy is no rollout", async () => {
    await using world = await openQuick();
    world.edit("web", (web) => ({
      ...web,
      metadata: { ...web.metadata, labels: { app: "web", team: "shop" }, annotations: { ...web.metadata.annotations, note: "1" } },
    }));
    await world.run(10);
    expect(world.records("web")).toEqual([]);
  });

  test("a rollout that is under way when the daemon starts is guarded, and taken back when it is bad", async () => {
    await using world = await openQuick([{}], { daemon: false });
    world.release("web", bad);
    await world.run(10);
    await world.startDaemon();
    await world.until("the guard ends", () => ended(world), 200);
    expectTakenBack(world);
  });

  test("two services that roll out side by side are judged apart: the bad one goes back, the good one passes", async () => {
    await using world = await openQuick([{ name: "web" }, { name: "cart" }]);
    world.release("web", bad);
    world.release("cart");
    await world.until("both guards end", () => ended(world) && ended(world, "cart"), 300);
    expectTakenBack(world, "web");
    expect(world.phase("cart")).toBe("passed");
    expect(world.effects("cart")).toEqual([]);
  });
});

describe("observe mode", () => {
  test("it does everything but act: judges, says what it would have done, and writes nothing to the Deployment", async () => {
    await using world = await openQuick([{}], { policy: quickPolicy.replace("mode: enforce", "mode: observe") });
    world.release("web", bad);
    await world.until("the guard ends", () => ended(world), 300);
    expect(world.phase("web")).toBe("unresolved");
    expect(world.effects("web")).toEqual([]);
    expect(world.image("web")).not.toBe("shop/web:1.0.0");
    expect(rollbacks(world)).toBe(0);
    const withheld = world.messages("withheld").map(({ title }) => title);
    expect(withheld).toContainEqual(expect.stringMatching(/rollback withheld: errors [\d.]+ %, limit [\d.]+ %; the policy only observes/));
  });
});

describe("the way back", () => {
  test("a rollback opens no guard of its own, and is not itself rolled back however bad the old revision was", async () => {
    await using world = await openQuick();
    world.release("web", bad);
    await world.until("the rollback", () => rollbacks(world) > 0, 100);
    // What comes back is bad too.
    world.sandbox.cluster.effects.push((pod) => (pod.labels["app"] === "web" ? { errorRate: 0.5 } : {}));
    await world.until("the guard ends", () => ended(world), 200);
    await world.run(90);
    expect(world.records("web")).toHaveLength(1);
    expect(world.phase("web")).toBe("unresolved");
    expect(world.image("web")).toBe("shop/web:1.0.0");
    expect(rollbacks(world)).toBe(1);
    expect(world.messages("finished").map(({ severity }) => severity)).toEqual(["critical"]);
  });

  test("the template afterwards is the old one to the letter, and the pause is gone", async () => {
    await using world = await openQuick();
    const before = world.deployment("web").spec;
    world.release("web", bad);
    await world.until("the guard ends", () => ended(world), 200);
    expect(world.deployment("web").spec).toEqual(before);
  });

  test("a new template on a braked rollout takes the brake off in the same beat and gets a guard of its own", async () => {
    await using world = await openQuick();
    world.release("web", { errorRate: 0.06 });
    await world.until("the brake", () => world.deployment("web").spec.paused === true, 100);
    expect(rollbacks(world)).toBe(0);
    world.release("web", {}, "shop/web:3.0.0");
    await world.run(2);
    expect(world.deployment("web").spec.paused).not.toBe(true);
    await world.until("the second guard ends", () => world.records("web").length === 2 && ended(world), 200);
    expect(
      world
        .records("web")
        .map(({ entries }) => entries.findLast(({ kind }) => kind === "finished"))
        .map((entry) => entry?.kind === "finished" && entry.phase),
    ).toEqual(["superseded", "passed"]);
    expect(world.image("web")).toBe("shop/web:3.0.0");
    expect(told(world)).toContain("a newer one arrived");
  });
});
