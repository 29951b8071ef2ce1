import { expect, test } from "vitest";
import type { World } from "../support/world.ts";
import { type Silences, startAlertmanager } from "../support/receivers/alertmanager.ts";
import { ended, expectTakenBack } from "./incidents.ts";
import { bad, openQuick } from "./quick.ts";
import { isOver, openRemedyWorld, post, remedyPolicy } from "./remediation-world.ts";

async function open(make: typeof openQuick = openQuick) {
  let now = () => 0;
  const silences: Silences = new Map();
  const peer = await startAlertmanager({ now: () => now(), silences });
  const alertmanager = { urls: [peer.url], silence: { workload: "deployment" } };
  const world = await make([{}], { settings: { alertmanager } });
  now = () => world.now();
  const active = () => [...silences.values()].filter(({ endsAt }) => Date.parse(endsAt) > world.now());
  return {
    world,
    silences,
    active,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
    },
  };
}

const isActing = (world: World) => ["acting", "verifying"].includes(world.phase("web") ?? "");

test("the alerts of a workload are silenced from its rollback until its guard ends, and nothing is left behind", async () => {
  await using it = await open();
  it.world.release("web", bad);
  await it.world.until("the rollback", () => isActing(it.world), 120);
  await it.world.run(2);
  expect(it.active().map(({ matchers }) => matchers.find(({ name }) => name === "deployment")?.value)).toEqual(["web"]);
  await it.world.until("the guard ends", () => ended(it.world), 300);
  await it.world.run(3);
  expectTakenBack(it.world);
  expect(it.silences.size).toBe(1);
  expect(it.active()).toEqual([]);
});

test("a daemon that is killed while it verifies ends the silence that it began, and begins no other", async () => {
  await using it = await open();
  it.world.release("web", bad);
  await it.world.until("the silence", () => it.active().length === 1, 120);
  await it.world.restartDaemon({ kill: true });
  await it.world.until("the guard ends", () => ended(it.world), 300);
  await it.world.run(3);
  expect(it.silences.size).toBe(1);
  expect(it.active()).toEqual([]);
});

test("a rollout that passes silences nothing", async () => {
  await using it = await open();
  it.world.release("web");
  await it.world.until("the guard ends", () => ended(it.world), 300);
  expect(it.world.phase("web")).toBe("passed");
  expect(it.silences.size).toBe(0);
});

test("a remediation silences what else names its workload, and not the alert that it waits for", async () => {
  const policy = remedyPolicy("do: [{ scale: { to: 6, most: 8, restoreAfter: 60s } }]");
  await using it = await open((services, options) => openRemedyWorld(policy, options, services));
  await it.world.run(3);
  const startsAt = it.world.now();
  await post(it.world, { startsAt });
  await it.world.until("the silence", () => it.active().length === 1, 60);
  const excluded = it
    .active()[0]
    ?.matchers.filter(({ name, isEqual }) => name === "alertname" && !isEqual)
    .map(({ value }) => value);
  expect(excluded?.toSorted()).toEqual(["RearguardGuard", "Slow"]);
  await post(it.world, { startsAt, endsAt: it.world.now() });
  await it.world.run(20);
  expect(isOver(it.world), "what was scaled is still to be given back").toBe(false);
  expect(it.active(), "but its trouble is over").toEqual([]);
  await it.world.until("it ends", () => isOver(it.world), 300);
  await it.world.run(3);
  expect(it.active()).toEqual([]);
});

test("and not one that another guard of the workload waits for: its end would never be told", async () => {
  const steps = "do: [{ scale: { to: 6, most: 8, restoreAfter: 60s } }]";
  const other = remedyPolicy(steps, { name: "other", mode: "observe", within: "300s", on: "alert: { names: [Full] }" });
  await using it = await open((services, options) => openRemedyWorld(`${remedyPolicy(steps)}---\n${other}`, options, services));
  await it.world.run(3);
  const startsAt = it.world.now();
  await post(it.world, { startsAt, name: "Full", fingerprint: "f" });
  await it.world.run(3);
  await post(it.world, { startsAt });
  await it.world.until("the silence", () => it.active().length === 1, 60);
  const excluded = it.active()[0]?.matchers.filter(({ name, isEqual }) => name === "alertname" && !isEqual);
  expect(excluded?.map(({ value }) => value).toSorted()).toEqual(["Full", "RearguardGuard", "Slow"]);
});
