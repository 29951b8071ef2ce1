import { expect, test } from "vitest";
import type { World } from "../support/world.ts";
import { ended, expectLeftAlone, expectTakenBack, rollbacks, told } from "./incidents.ts";
import { openQuick } from "./quick.ts";

/** Healthy by its metrics: what goes wrong is known to the alert alone. */
const policyOf = (alert: string) => `apiVersion: rearguard.dev/v1alpha1
kind: Policy
metadata: { name: shop }
spec:
  match: { namespaces: [shop] }
  mode: enforce
  window: 40s
  sustain: 2s
  signals:
    errors: { http: { preset: prom-client, errors: { limit: 1% } } }
    alerts: { alert: ${alert} }
`;

const settings = { alerts: { tokenFile: "grafana-token" } };

function openShop(alert = '{ names: ["High*"], labels: { severity: critical }, after: 5s }') {
  return openQuick([{ progressDeadlineS: 300 }], { policy: policyOf(alert), settings });
}

interface Told {
  readonly startsAt: number;
  readonly endsAt?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What an Alertmanager posts, and the answer to it. */
async function post(world: World, ...alerts: readonly Told[]) {
  const at = (instant: number) => new Date(instant).toISOString();
  const answer = await fetch(`${world.url()}/api/v1/webhooks/alertmanager`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer glsa_world_token" },
    body: JSON.stringify({
      version: "4",
      groupKey: '{}:{alertname="HighErrorRate"}',
      truncatedAlerts: 0,
      alerts: alerts.map(({ startsAt, endsAt, labels }) => ({
        status: endsAt === undefined ? "firing" : "resolved",
        labels: { alertname: "HighErrorRate", namespace: "shop", deployment: "web", severity: "critical", ...labels },
        annotations: { summary: "web 5xx above 5 %" },
        startsAt: at(startsAt),
        endsAt: endsAt === undefined ? "0001-01-01T00:00:00Z" : at(endsAt),
        fingerprint: "c1f2a9d0b7e64533",
      })),
    }),
  });
  const body = (await answer.json()) as { readonly alerts?: readonly { readonly outcome: string; readonly detail: string }[] };
  return { status: answer.status, outcomes: body.alerts?.map(({ outcome }) => outcome), details: body.alerts?.map(({ detail }) => detail) };
}

const guarded = (world: World) => () => world.records("web").length > 0;

/** A release that is ten seconds old. */
async function released(world: World) {
  world.release("web");
  await world.until("the guard opens", guarded(world), 10);
  await world.run(10);
}

test("a release that is healthy by its metrics is taken back when an alert of it begins, and the message quotes the alert", async () => {
  await using world = await openShop();
  await released(world);
  const startsAt = world.now();
  expect(await post(world, { startsAt })).toMatchObject({ status: 202, outcomes: ["recorded"] });
  await world.until("the rollback", () => rollbacks(world) > 0, 10);
  expect(told(world)).toMatch(
    /alerts: alert HighErrorRate \{severity="critical"\} fires since \d\d:\d\d:\d\d UTC, for [\d.]+ s: web 5xx above 5 %; a plain rule, without a bound on wrong rollbacks/,
  );
  await world.run(20);
  expect(world.phase("web"), "the alert still fires").toBe("verifying");
  await post(world, { startsAt, endsAt: world.now() });
  await world.until("the guard ends", () => ended(world), 60);
  expectTakenBack(world);
});

test("an alert that fired before the release is held and told once, and never taken for the release's fault", async () => {
  await using world = await openShop();
  const startsAt = world.now() - 60_000;
  expect(await post(world, { startsAt })).toMatchObject({
    status: 202,
    details: ["deployment shop/web has no open guard, and no remediation answers HighErrorRate with these labels"],
  });
  await released(world);
  for (let repeat = 0; repeat < 3; repeat += 1) await post(world, { startsAt });
  await world.until("it is told", () => /before the rollout, so it is not laid to the new revision/.test(told(world)), 10);
  await post(world, { startsAt, endsAt: world.now() });
  await world.until("the guard ends", () => ended(world), 200);
  expectLeftAlone(world);
  expect(world.phase("web")).toBe("passed");
  expect(world.entries("web").filter(({ kind }) => kind === "held")).toHaveLength(1);
});

test("an alert that begins with the release is held: its rule still looks at the time before", async () => {
  await using world = await openShop("{ names: [HighErrorRate], after: 30s }");
  await released(world);
  await post(world, { startsAt: world.now() });
  await world.until(
    "it is told",
    () => /after the start of the rollout, when its rule still looked at the time before/.test(told(world)),
    10,
  );
  await world.until("the guard ends", () => ended(world), 200);
  expectLeftAlone(world);
  expect(world.phase("web"), "it never ended, so a person has to look").toBe("unresolved");
});

test("an alert that ends before its time is up leads to nothing", async () => {
  await using world = await openShop("{ names: [HighErrorRate], for: 10s, after: 5s }");
  await released(world);
  const startsAt = world.now();
  await post(world, { startsAt });
  await world.run(5);
  await post(world, { startsAt, endsAt: world.now() });
  expect(await post(world, { startsAt }), "of a peer that is late").toMatchObject({ outcomes: ["known"] });
  await world.until("the guard ends", () => ended(world), 200);
  expectLeftAlone(world);
  expect(world.phase("web")).toBe("passed");
});

test("killed right after its 202, with the lease gone to another process, the alert is still acted upon, once", async () => {
  await using world = await openShop("{ names: [HighErrorRate], for: 8s, after: 5s }");
  await released(world);
  const startsAt = world.now();
  expect(await post(world, { startsAt })).toMatchObject({ status: 202, outcomes: ["recorded"] });
  await world.restartDaemon({ kill: true, identity: "rearguard-1" });
  expect((await post(world, { startsAt })).status, "not before it leads").toBe(503);
  await world.until("the rollback", () => rollbacks(world) > 0, 60);
  expect(await post(world, { startsAt })).toMatchObject({ status: 202, outcomes: ["known"] });
  await post(world, { startsAt, endsAt: world.now() });
  await world.until("the guard ends", () => ended(world), 60);
  expectTakenBack(world);
});

test.each(["before", "after"] as const)(
  "killed just %s the alert is written it has answered nothing, and the next post of it counts",
  async (when) => {
    await using world = await openShop();
    await released(world);
    const startsAt = world.now();
    const killed = new Promise<void>((resolve) => {
      world.onWrite = (write) => {
        if (write.when !== when || write.method !== "PUT" || !write.path.endsWith("/status")) return;
        world.onWrite = () => {};
        world.kill();
        resolve();
      };
    });
    let answered = false;
    void post(world, { startsAt }).then(
      () => (answered = true),
      () => undefined,
    );
    await killed;
    await world.startDaemon({ identity: "rearguard-1" });
    expect([answered, rollbacks(world)]).toEqual([false, 0]);
    await world.run(20);
    expect(await post(world, { startsAt })).toMatchObject({ status: 202, outcomes: [when === "before" ? "recorded" : "known"] });
    await world.until("the rollback", () => rollbacks(world) > 0, 20);
    await post(world, { startsAt, endsAt: world.now() });
    await world.until("the guard ends", () => ended(world), 60);
    expectTakenBack(world);
  },
);

test("alerts of another workload, another name or other labels change nothing, and the answer says so", async () => {
  await using world = await openShop();
  await released(world);
  const startsAt = world.now();
  const answer = await post(
    world,
    { startsAt, labels: { deployment: "cart" } },
    { startsAt, labels: { alertname: "Slow" } },
    { startsAt, labels: { severity: "info" } },
    { startsAt, labels: { deployment: "", job: "node" } },
  );
  expect(answer).toMatchObject({ status: 202, outcomes: ["no-guard", "not-asked", "not-asked", "no-workload"] });
  await world.until("the guard ends", () => ended(world), 200);
  expectLeftAlone(world);
  expect(world.phase("web")).toBe("passed");
});

test("a policy of nothing but alerts does not pass a release because none came", async () => {
  await using world = await openQuick([{}], {
    policy: policyOf("{ names: ['*'] }").replace(/ {4}errors: .*\n/, ""),
    settings,
  });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 200);
  expectLeftAlone(world);
  expect(world.phase("web")).toBe("inconclusive");
  expect(told(world)).toMatch(/no alert fires, and that alone does not show that the revision is good/);
});
