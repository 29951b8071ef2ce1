import { describe, expect, test } from "vitest";
import type { PrometheusFault } from "../../src/sandbox/prometheus/api.ts";
import { takeLease } from "../support/take-lease.ts";
import type { World } from "../support/world.ts";
import { ended, expectLeftAlone, expectTakenBack, newPods, openIncident, rollbacks, told } from "./incidents.ts";
import { bad, crashing, openQuick, quickPolicy } from "./quick.ts";

const quickTimeout = { settings: { prometheus: { timeout: "150ms" } } };
const faults: readonly PrometheusFault[] = ["hang", "unavailable", "html", "empty", "nan"];

describe("Prometheus is at fault for two minutes in mid-guard", () => {
  test.each(faults)("%s: a good rollout is neither rolled back nor passed meanwhile, and passes on fresh data", async (fault) => {
    await using world = await openQuick([{}], { ...quickTimeout, policy: quickPolicy.replace("window: 40s", "window: 150s") });
    world.release("web");
    await world.run(10);
    world.sandbox.prometheus.fault = fault;
    await world.run(120);
    expect(world.phase("web")).toBe("observing");
    expect(told(world)).toMatch(/errors: the source (does not answer properly|has no data) for/);
    world.sandbox.prometheus.fault = undefined;
    await world.until("the guard ends", () => ended(world), 300);
    expect(world.phase("web")).toBe("passed");
    expectLeftAlone(world);
  });

  test.each(faults)("%s: a bad rollout is not rolled back on silence, but soon after the data is back", async (fault) => {
    await using world = await openQuick([{ progressDeadlineS: 300 }], quickTimeout);
    world.release("web", bad);
    world.sandbox.prometheus.fault = fault;
    await world.run(30);
    expect(rollbacks(world)).toBe(0);
    world.sandbox.prometheus.fault = undefined;
    await world.until("the rollback", () => rollbacks(world) > 0, 15);
    await world.until("the guard ends", () => ended(world), 120);
    expectTakenBack(world);
  });

  test("it is asked again when the next block has ended, not at every beat", async () => {
    await using world = await openIncident();
    world.release("web", newPods);
    await world.run(60);
    world.sandbox.prometheus.fault = "unavailable";
    const before = world.sandbox.prometheus.queries.length;
    await world.run(120);
    // Two signals of three classes of counters, once in each of eight blocks.
    expect(world.sandbox.prometheus.queries.length - before).toBeLessThanOrEqual(8 * 3 + 3);
  });

  test("a partial answer is an answer with a note: the guard goes on as ever", async () => {
    await using world = await openQuick();
    world.sandbox.prometheus.fault = "partial";
    world.release("web");
    await world.run(30);
    const whole: unknown = await (await fetch(`${world.url()}/api/v1/guards/${world.record("web").name}`)).json();
    expect(JSON.stringify(whole)).toContain("partial response: a store did not answer");
    await world.until("the guard ends", () => ended(world), 100);
    expectLeftAlone(world);
  });

  test("scrapes stop while the server answers: no rollback and no pass", async () => {
    await using world = await openQuick();
    world.release("web");
    await world.run(10);
    world.sandbox.prometheus.scraping = false;
    await world.run(120);
    expect(world.phase("web")).not.toBe("passed");
    expectLeftAlone(world);
  });

  test("an outage that outlasts the window ends the guard without a verdict, never as passed", async () => {
    await using world = await openQuick();
    world.release("web");
    await world.run(30);
    world.sandbox.prometheus.fault = "unavailable";
    await world.run(600);
    expect(world.phase("web")).toBe("inconclusive");
    expectLeftAlone(world);
  });
});

describe("the API server is at fault while a rollback is due", () => {
  function openWithFault(code: number, methods: readonly string[], retryAfterSeconds?: number) {
    const state = { on: false };
    const fault = (method: string, path: string) =>
      state.on && methods.includes(method) && !path.includes("/leases")
        ? { code, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
        : undefined;
    return { state, open: () => openQuick([{ progressDeadlineS: 300 }], { kubernetes: { fault } }) };
  }

  test.each([
    { code: 500, methods: ["PATCH"] },
    { code: 429, methods: ["PATCH"], retryAfterSeconds: 2 },
    { code: 503, methods: ["PATCH", "PUT", "POST"] },
    { code: 500, methods: ["GET", "PATCH", "PUT", "POST"] },
  ])(
    "$code to $methods: nothing is lost, and it is taken back once when the server is well again",
    async ({ code, methods, retryAfterSeconds }) => {
      const { state, open } = openWithFault(code, methods, retryAfterSeconds);
      await using world = await open();
      world.release("web", bad);
      await world.run(5);
      state.on = true;
      await world.run(40);
      expect(world.image("web")).not.toBe("shop/web:1.0.0");
      state.on = false;
      await world.until("the guard ends", () => ended(world), 200);
      expectTakenBack(world);
      expect(templateWrites(world)).toBe(1);
    },
  );

  test("a patch whose answer is lost is found done, not done again", async () => {
    await using world = await openQuick();
    world.onWrite = ({ when, method, path, dryRun }) => {
      if (when === "after" && method === "PATCH" && !dryRun && path.endsWith("/deployments/web")) {
        world.onWrite = () => {};
        throw Object.assign(new Error("the connection was cut"));
      }
    };
    world.release("web", bad);
    await world.until("the guard ends", () => ended(world), 200);
    expectTakenBack(world);
    expect(templateWrites(world)).toBe(1);
  });

  test("forbidden to patch: it says so once and ends unresolved", async () => {
    await using world = await openQuick([{}], {
      kubernetes: { denied: (verb, resource) => verb === "patch" && resource === "deployments" },
    });
    world.release("web", bad);
    await world.until("the guard ends", () => ended(world), 400);
    expect(world.phase("web")).toBe("unresolved");
    expect(world.image("web")).not.toBe("shop/web:1.0.0");
    expect(told(world)).toMatch(/the API server does not allow it/);
  });

  test("watches are cut again and again: the crash loop is still taken back", async () => {
    await using world = await openQuick();
    for (let second = 1; second < 40; second += 4) world.at(second, () => world.sandbox.cluster.watches.reset());
    world.release("web", crashing);
    await world.until("the guard ends", () => ended(world), 100);
    expectTakenBack(world);
  });
});

describe("leadership", () => {
  test("another instance takes the lease in mid-guard: from then on nothing is done or written by us", async () => {
    await using world = await openQuick();
    world.release("web", bad);
    await world.run(5);
    let lost = world.now();
    world.at(0, () => (lost = takeLease(world, 100)));
    await world.run(60);
    expect(rollbacks(world)).toBe(0);
    expect(world.image("web")).not.toBe("shop/web:1.0.0");
    const later = world.sandbox.cluster.requests.filter(
      ({ at, method, path }) => at > lost + 3000 && method !== "GET" && !path.includes("/leases"),
    );
    expect(later.filter(({ userAgent }) => userAgent !== "").map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    // The other one is gone, its lease runs out: ours leads again and finishes the job.
    await world.until("the guard ends", () => ended(world), 300);
    expectTakenBack(world);
  });

  test("no lease, no effect: an instance that has never led opens no guard", async () => {
    await using world = await openQuick([{}], { daemon: false });
    takeLease(world, 3600);
    await world.startDaemon();
    world.release("web", bad);
    await world.run(60);
    expect(world.records("web")).toEqual([]);
    expect(world.effects("web")).toEqual([]);
  });
});

describe("a receiver is down", () => {
  test("nothing waits for it, and it gets every message later, in order, once each", async () => {
    await using world = await openQuick();
    world.sandbox.receiver.refuseWith = 503;
    world.release("web", bad);
    const took = await world.until("the rollback", () => rollbacks(world) > 0, 60);
    expect(took).toBeLessThan(20);
    await world.until("the guard ends", () => ended(world), 200);
    expect(world.messages()).toEqual([]);
    world.sandbox.receiver.refuseWith = undefined;
    await world.run(120);
    expect(
      world
        .messages()
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual([...new Set(world.messages().map(({ kind }) => kind))].toSorted());
    expect(world.messages().map(({ at }) => at)).toEqual(
      world
        .messages()
        .map(({ at }) => at)
        .toSorted((a, b) => a - b),
    );
    expectTakenBack(world);
    expect(world.annotations().filter(({ tags }) => tags.includes("rollback"))).toHaveLength(1);
  });

  test.each([true, false])("it is down while the daemon is killed (%s) or stopped, and started: nothing is forgotten", async (kill) => {
    await using world = await openQuick();
    world.sandbox.receiver.refuseWith = 503;
    world.release("web", bad);
    await world.until("the guard ends", () => ended(world), 200);
    await world.restartDaemon({ kill });
    world.sandbox.receiver.refuseWith = undefined;
    await world.run(120);
    expectTakenBack(world);
  });
});

/** Patches of the template that the server took. */
function templateWrites(world: World): number {
  return world.replicaSets("web").filter(({ metadata }) => metadata.annotations?.["deployment.kubernetes.io/revision"] === "3").length;
}
