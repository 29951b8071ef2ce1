import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import type { Log } from "../../src/clients/kubernetes/log.ts";
import { dig } from "../../src/clients/kubernetes/raw.ts";
import { createLeader } from "../../src/leader.ts";
import { createManualClock } from "../support/manual-clock.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";

const quiet: Log = { info() {}, warn() {}, error() {} };
const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
});

afterAll(() => servers[Symbol.asyncDispose]());

function candidate(clock: ManualClock, name: string, identity: string) {
  let reachable = true;
  const told: boolean[] = [];
  const unless = <A extends readonly unknown[], R>(callApi: (...args: A) => Promise<R>) => {
    return (...args: A) => (reachable ? callApi(...args) : Promise.reject(new Error("network is down")));
  };
  const api: Pick<KubernetesApi, "get" | "post" | "put"> = {
    get: unless(servers.api.get),
    post: unless(servers.api.post),
    put: unless(servers.api.put),
  };
  const leader = createLeader({
    api,
    namespace: "default",
    name,
    identity,
    clock,
    random: () => 0,
    log: quiet,
    onChange: (leading) => told.push(leading),
  });
  return {
    told,
    start: () => leader.start(),
    stop: () => leader.stop(),
    leads: () => leader.leading(clock.now()),
    disconnect: () => (reachable = false),
    reconnect: () => (reachable = true),
    [Symbol.asyncDispose]: () => leader.stop(),
  };
}

const specOf = async (name: string) => dig(await servers.api.get(`${leases}/${name}`), "spec") as Readonly<Record<string, unknown>>;

it("the first of two leads, and goes on leading while it renews", async () => {
  const clock = createManualClock();
  await using a = candidate(clock, "first", "a");
  await using b = candidate(clock, "first", "b");

  a.start();
  await clock.advanceUntil("a leads", a.leads);
  b.start();
  for (let second = 0; second < 60; second += 1) {
    await clock.advanceUntil("a leads still", a.leads);
    const renewed = clock.now();
    await clock.advance(1_000);
    await expect.poll(async () => Date.parse(String((await specOf("first"))["renewTime"]))).toBeGreaterThanOrEqual(renewed - 2_000);
    expect([a.leads(), b.leads()]).toEqual([true, false]);
  }

  expect([a.told, b.told]).toEqual([[true], []]);
  expect(await specOf("first")).toMatchObject({ holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 0 });
});

it("its times have six digits, as the server wants them", async () => {
  const clock = createManualClock();
  await using a = candidate(clock, "times", "a");

  a.start();
  await clock.advanceUntil("a leads", a.leads);

  expect((await specOf("times"))["renewTime"]).toBe("2026-11-23T12:00:00.000000Z");
});

it("a leader that cannot renew stops leading before anybody else may begin", async () => {
  const clock = createManualClock();
  await using a = candidate(clock, "lost", "a");
  await using b = candidate(clock, "lost", "b");
  a.start();
  await clock.advanceUntil("a leads", a.leads);
  b.start();

  a.disconnect();
  let both = false;
  let none = 0;
  await clock.advanceUntil(
    "b leads",
    () => {
      both ||= a.leads() && b.leads();
      if (!a.leads() && !b.leads()) none += 1;
      return b.leads();
    },
    200,
  );

  expect(both).toBe(false);
  expect(none).toBeGreaterThan(0);
  expect(a.told).toEqual([true, false]);
  expect(await specOf("lost")).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });

  a.reconnect();
  await clock.advance(4_000);
  await clock.advanceUntil("b leads on", () => b.leads() && !a.leads(), 100);
});

it("a leader that stops hands over at once", async () => {
  const clock = createManualClock();
  await using a = candidate(clock, "released", "a");
  await using b = candidate(clock, "released", "b");
  a.start();
  await clock.advanceUntil("a leads", a.leads);
  b.start();
  await clock.advance(100);

  await a.stop();
  const stoppedAt = clock.now();
  expect(a.leads()).toBe(false);
  expect(a.told).toEqual([true, false]);
  await clock.advanceUntil("b leads", b.leads, 100);

  expect(clock.now() - stoppedAt).toBeLessThan(15_000);
});

it("a Lease that somebody else rewrote is lost with the next renewal", async () => {
  const clock = createManualClock();
  await using a = candidate(clock, "stolen", "a");
  a.start();
  await clock.advanceUntil("a leads", a.leads);

  await servers.api.patch(`${leases}/stolen`, { spec: { holderIdentity: "thief" } }, { type: "merge" });
  const stolenAt = clock.now();
  await clock.advanceUntil("a knows", () => !a.leads(), 100);

  expect(clock.now() - stolenAt).toBeLessThan(6_000);
  expect(a.told).toEqual([true, false]);
  expect(await specOf("stolen")).toMatchObject({ holderIdentity: "thief" });
});

it("a Lease that was deleted is made anew", async () => {
  const clock = createManualClock();
  await using a = candidate(clock, "deleted", "a");
  a.start();
  await clock.advanceUntil("a leads", a.leads);

  await servers.api.del(`${leases}/deleted`);
  const holder = async () => {
    await clock.advance(500);
    return (await specOf("deleted").catch(() => undefined))?.["holderIdentity"];
  };

  await expect.poll(holder, { timeout: 4_000, interval: 5 }).toBe("a");
  await clock.advanceUntil("a leads", a.leads, 100);
});

describe("without election", () => {
  it("a started process leads until it stops, and touches no Lease", async () => {
    const clock = createManualClock();
    const told: boolean[] = [];
    const leader = createLeader({
      api: servers.api,
      namespace: "default",
      name: "alone",
      identity: "a",
      clock,
      random: () => 0,
      log: quiet,
      onChange: (leading) => told.push(leading),
      enabled: false,
    });
    expect(leader.leading(clock.now())).toBe(false);

    leader.start();
    const led = leader.leading(clock.now() + 3_600_000);
    await leader.stop();

    expect([led, leader.leading(clock.now()), told]).toEqual([true, false, [true, false]]);
    await expect(servers.api.get(`${leases}/alone`)).rejects.toMatchObject({ status: 404 });
  });
});
