import { describe, expect, test } from "vitest";
import type { World } from "../support/world.ts";
import { ended, expectTakenBack, rollbacks, told } from "./incidents.ts";
import { bad, crashing, openQuick, quickPolicy } from "./quick.ts";

/** The bad template is still there, nobody was rolled back, and people know why. */
function expectWithheld(world: World, why: RegExp, service = "web"): void {
  expect(rollbacks(world, service)).toBe(0);
  expect(world.image(service)).not.toBe(`shop/${service}:1.0.0`);
  expect(told(world, service)).toMatch(why);
}

/** From the intent of its rollback to the end of its guard. */
function underWayIn(world: World, service: string): { readonly from: number; readonly to: number } {
  const entries = world.entries(service);
  const from = entries.find((entry) => entry.kind === "intended" && entry.action.kind === "rollback")?.at ?? NaN;
  return { from, to: entries.find(({ kind }) => kind === "finished")?.at ?? NaN };
}

describe("a rollback is withheld, with its reason, when", () => {
  test("a person has paused the rollout: their pause stays", async () => {
    await using world = await openQuick();
    world.release("web", bad);
    await world.until(
      "one new pod serves",
      () => world.replicaSets("web").length === 2 && world.sandbox.cluster.pods().filter(({ ready }) => ready).length === 5,
      30,
    );
    world.edit("web", (web) => ({ ...web, spec: { ...web.spec, paused: true } }));
    await world.until("it is withheld", () => world.messages("withheld").length > 0, 100);
    await world.run(60);
    expectWithheld(world, /somebody else has paused the rollout, and their pause is left alone/);
    expect(world.deployment("web").spec.paused).toBe(true);
    expect(world.effects("web")).toEqual([]);
  });

  test("the only revision to go back to was itself taken back: known bad", async () => {
    await using world = await openQuick([{ spec: { revisionHistoryLimit: 10 } }], { settings: { governor: { cooldown: "0s" } } });
    world.release("web", bad, "shop/web:2.0.0");
    await world.until("the first guard ends", () => ended(world), 200);
    expectTakenBack(world);
    // Somebody insists on the bad one, by hand and with the guard off, until it is complete.
    world.edit("web", (web) => ({
      ...web,
      metadata: { ...web.metadata, annotations: { ...web.metadata.annotations, "rearguard.dev/guard": "off" } },
    }));
    world.release("web", bad, "shop/web:2.0.0");
    await world.run(60);
    expect(world.deployment("web").status).toMatchObject({ replicas: 4, updatedReplicas: 4, availableReplicas: 4 });
    world.edit("web", (web) => ({
      ...web,
      metadata: { ...web.metadata, annotations: { ...web.metadata.annotations, "rearguard.dev/guard": "on" } },
    }));
    world.release("web", crashing, "shop/web:3.0.0");
    await world.until(
      "it is decided",
      () => world.records("web").length === 2 && (rollbacks(world) > 0 || world.messages("withheld").length > 0),
      200,
    );
    expectWithheld(world, /the previous revision is itself known to be bad/);
  });

  test("an annotation marks it unsafe: it is braked instead, and stays so", async () => {
    await using world = await openQuick([{ annotations: { "rearguard.dev/rollback": "unsafe" } }]);
    world.release("web", bad);
    await world.until("it is withheld", () => world.messages("withheld").length > 0, 100);
    await world.run(60);
    expectWithheld(world, /a rollback is marked unsafe by the annotation rearguard.dev\/rollback: unsafe/);
    expect(world.deployment("web").spec.paused).toBe(true);
    expect(told(world)).toContain("kubectl rollout resume deployment/web -n shop");
  });

  test("the workload was rolled back a moment ago", async () => {
    await using world = await openQuick();
    world.release("web", bad);
    await world.until("the first guard ends", () => ended(world), 200);
    world.release("web", bad, "shop/web:3.0.0");
    await world.until("it is withheld", () => world.messages("withheld").length > 0, 200);
    expectWithheld(world, /held back by the safety rule "cooldown": this workload was rolled back .* ago; cooldown 30 min/);
  });

  test.each([
    {
      of: "namespace",
      rollbacksPerHour: { namespace: 1, cluster: 10 },
      why: /"namespace-cap": 1 rollbacks in namespace shop in the last hour; at most 1/,
    },
    {
      of: "cluster",
      rollbacksPerHour: { namespace: 5, cluster: 1 },
      why: /"cluster-cap": 1 rollbacks in this cluster in the last hour; at most 1/,
    },
  ])("the $of has had its rollbacks of this hour", async ({ rollbacksPerHour, why }) => {
    await using world = await openQuick([{ name: "web" }, { name: "cart" }], { settings: { governor: { rollbacksPerHour } } });
    world.release("cart", bad);
    await world.until("cart is restored", () => world.phase("cart") === "restored", 200);
    world.release("web", bad);
    await world.until("it is withheld", () => world.messages("withheld").length > 0, 200);
    expectWithheld(world, why);
  });

  test("too many are under way at once: a shared cause is likelier than as many bad releases", async () => {
    const services = ["web", "cart", "mail"].map((name) => ({ name }));
    await using world = await openQuick(services, {
      settings: { governor: { concurrent: 1, rollbacksPerHour: { namespace: 9, cluster: 9 } } },
    });
    for (const { name } of services) world.release(name, crashing);
    await world.until("all are restored", () => services.every(({ name }) => world.phase(name) === "restored"), 400);
    expect(world.messages("withheld").map(({ text }) => text)).toContainEqual(expect.stringContaining("a shared cause is more likely"));
    const underWay = services.map(({ name }) => underWayIn(world, name)).toSorted((one, other) => one.from - other.from);
    for (const [index, { from }] of underWay.slice(1).entries()) expect(from).toBeGreaterThanOrEqual(underWay[index]?.to ?? Infinity);
  });

  test("the kill switch is on: nothing is written, all is told", async () => {
    await using world = await openQuick([{}], { settings: { governor: { killSwitch: true } } });
    world.release("web", bad);
    await world.until("it is withheld", () => world.messages("withheld").length > 0, 100);
    await world.run(30);
    expectWithheld(world, /governor.killSwitch is on/);
    expect(world.effects("web")).toEqual([]);
  });

  test("Helm owns the template: it is braked and told where to go", async () => {
    await using world = await openQuick([
      {
        labels: { "app.kubernetes.io/managed-by": "Helm" },
        annotations: { "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop" },
      },
    ]);
    world.release("web", bad);
    await world.until("it is withheld", () => world.messages("withheld").length > 0, 100);
    await world.run(30);
    expectWithheld(world, /it belongs to Helm release shop\/web/);
    expect(world.deployment("web").spec.paused).toBe(true);
  });

  test("only the restart annotation differs: there is nothing to undo", async () => {
    await using world = await openQuick();
    world.sandbox.cluster.effects.push((pod) =>
      pod.annotations["kubectl.kubernetes.io/restartedAt"] === undefined ? {} : { crashAfterMs: 1000, readyAfterMs: null },
    );
    world.sandbox.cluster.setTemplate("shop", "web", (template) => ({
      ...template,
      metadata: {
        ...template.metadata,
        annotations: { ...template.metadata.annotations, "kubectl.kubernetes.io/restartedAt": "2026-11-23T12:00:00Z" },
      },
    }));
    await world.until("it is withheld", () => world.messages("withheld").length > 0, 100);
    expect(rollbacks(world)).toBe(0);
    expect(told(world)).toMatch(/the rollout only restarted the pods \(same template\), so there is nothing to undo/);
  });

  test("the policy only notifies", async () => {
    const policy = `${quickPolicy}  onBreach: { default: [notify] }\n`;
    await using world = await openQuick([{}], { policy });
    world.release("web", bad);
    await world.until("it is withheld", () => world.messages("withheld").length > 0, 100);
    await world.run(30);
    expectWithheld(world, /the policy only notifies on errors/);
    expect(world.effects("web")).toEqual([]);
  });
});
