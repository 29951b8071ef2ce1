import { describe, expect, test } from "vitest";
import type { PrometheusFault } from "../../src/sandbox/prometheus/api.ts";
import type { World } from "../support/world.ts";
import { ended, expectLeftAlone, rollbacks, told } from "./incidents.ts";
import { openQuick, quickPolicy } from "./quick.ts";

/** What every silence leads to after ten seconds, with a window of 40 s. */
function openWith(then: string, progressDeadlineS = 60): Promise<World> {
  const silences = ["noData", "sourceError", "tooFew"].map((key) => `${key}: { after: 10s, then: ${then} }`).join("\n  ");
  const policy = quickPolicy.replace(/noData: .*\n {2}sourceError: .*/, silences);
  return openQuick([{ progressDeadlineS }], { policy, settings: { prometheus: { timeout: "150ms" } } });
}

/** Seconds from the completed rollout to the end of the guard. */
function judgedAfterCompletion(world: World): number {
  const at = (kind: string) => world.entries("web").find((entry) => entry.kind === kind)?.at ?? Number.NaN;
  return (at("finished") - at("completed")) / 1000;
}

async function silenceFor(world: World, seconds: number, fault: PrometheusFault): Promise<void> {
  world.sandbox.prometheus.fault = fault;
  await world.run(seconds);
  world.sandbox.prometheus.fault = undefined;
}

describe("D09: Prometheus is silent for 30 s in mid-guard", () => {
  test.each<PrometheusFault>(["hang", "unavailable", "html", "empty", "nan"])(
    "%s with extend: it is told, the window ends as much later, and the guard passes on fresh data",
    async (fault) => {
      await using world = await openWith("extend");
      world.release("web");
      await world.until("the rollout completes", () => world.entries("web").some(({ kind }) => kind === "completed"), 60);
      await world.run(5);
      await silenceFor(world, 30, fault);
      expect(told(world)).toMatch(/errors: the source (does not answer properly|has no data) for 1\d s .*the window will end later/);
      await world.until("the guard ends", () => ended(world), 120);
      expect(world.phase("web")).toBe("passed");
      expect(judgedAfterCompletion(world)).toBeGreaterThanOrEqual(40 + 28);
      expect(judgedAfterCompletion(world)).toBeLessThan(40 + 36);
      expect(told(world)).toMatch(/errors can be judged again; for (29|3\d) s the source .*, so the window ends (29|3\d) s later/);
      expectLeftAlone(world);
    },
  );

  test.each(["alert", "hold"])("%s: the window ends as it would have", async (then) => {
    await using world = await openWith(then);
    world.release("web");
    await world.until("the rollout completes", () => world.entries("web").some(({ kind }) => kind === "completed"), 60);
    await world.run(5);
    await silenceFor(world, 25, "unavailable");
    await world.until("the guard ends", () => ended(world), 120);
    expect(world.phase("web")).toBe("passed");
    expect(judgedAfterCompletion(world)).toBeLessThan(44);
    expect(world.messages("held")).toHaveLength(then === "alert" ? 1 : 0);
  });
});

describe("Prometheus never comes back", () => {
  test("extend: after one more window the guard ends without a verdict", async () => {
    await using world = await openWith("extend");
    world.release("web");
    await world.until("the rollout completes", () => world.entries("web").some(({ kind }) => kind === "completed"), 60);
    world.sandbox.prometheus.fault = "unavailable";
    await world.until("the guard ends", () => ended(world), 120);
    expect(world.phase("web")).toBe("inconclusive");
    expect(judgedAfterCompletion(world)).toBeGreaterThanOrEqual(80);
    expect(judgedAfterCompletion(world)).toBeLessThan(84);
    expectLeftAlone(world);
  });

  test("hold: nothing is said until the guard ends without a verdict", async () => {
    await using world = await openWith("hold");
    world.release("web");
    await world.run(15);
    world.sandbox.prometheus.fault = "unavailable";
    await world.until("the guard ends", () => ended(world), 200);
    expect(world.phase("web")).toBe("inconclusive");
    expect(world.messages().map(({ kind }) => kind)).toEqual(["opened", "noted", "finished"]);
    const metrics = await (await fetch(`${world.url()}/metrics`)).text();
    expect(metrics).toContain('rearguard_silences_total{outcome="error",follows="hold"} 1');
    expect(metrics).toMatch(/rearguard_samples_total\{outcome="error",signal="http-errors"\} [1-9]/);
  });

  test("fail: a doubtful rollout ends unresolved, with a page, without a rollback and without its brake", async () => {
    await using world = await openWith("fail", 300);
    world.release("web", { errorRate: 0.035 });
    await world.until("the brake", () => world.deployment("web").spec.paused === true, 120);
    world.sandbox.prometheus.fault = "unavailable";
    await world.until("the guard ends", () => ended(world), 60);
    expect(world.phase("web")).toBe("unresolved");
    expect(rollbacks(world)).toBe(0);
    expectLeftAlone(world);
    expect(world.messages("finished").map(({ severity }) => severity)).toEqual(["critical"]);
    expect(told(world)).toMatch(/the source does not answer properly for 1\d s/);
  });
});
