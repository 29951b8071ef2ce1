import { describe, expect, test } from "vitest";
import type { World } from "../support/world.ts";
import { ended, expectLeftAlone, incidentPolicy, newPods, newPodsReady, openIncident, told } from "./incidents.ts";

const policy = incidentPolicy.replace("window: 10m", "window: 3m");

const held = (world: World) => world.messages("held").filter(({ because }) => because.some(({ code }) => code === "traffic-missing"));

describe("new pods that are ready, but hardly served", () => {
  test.each([0, 0.2])("with %f of their share: people are told within two minutes, and nothing is taken back", async (trafficShare) => {
    await using world = await openIncident({}, { policy });
    world.release("web", { ...newPods, trafficShare });
    await world.until("people know", () => held(world).length > 0, 200);
    const [message] = held(world);
    expect((message?.at ?? Infinity) - (newPodsReady(world)[0] ?? NaN)).toBeLessThanOrEqual(120_000);
    expect(message).toMatchObject({ severity: "warning" });
    expect(message?.text).toMatch(
      /a new pod gets [\d.]+ requests\/min, an old one \d+, over 4 blocks with \d new pods? and \d old pods? ready/,
    );
    expect(message?.next).toContain("Service's selector");
    await world.until("the guard ends", () => ended(world), 1500);
    expect(world.phase("web")).toBe(trafficShare === 0 ? "inconclusive" : "passed");
    expect(held(world)).toHaveLength(1);
    expectLeftAlone(world);
  });

  test.each([40, 0.5])("a good rollout at %f requests/s is never said to miss any", async (rps) => {
    await using world = await openIncident({ rps }, { policy });
    world.release("web", newPods);
    await world.until("the guard ends", () => ended(world), 1500);
    expect(held(world)).toEqual([]);
    expect(told(world)).toContain("requests/min this guard can");
    expectLeftAlone(world);
  });
});
