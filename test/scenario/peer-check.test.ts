import { describe, expect, test } from "vitest";
import type { World } from "../support/world.ts";
import { during, ended, expectLeftAlone, newPods, openIncident, told } from "./incidents.ts";

const others = ["cart", "mail", "auth"].map((name) => ({ name, rps: 10, replicas: 2 }));

describe("a dependency fails when the last old pod has gone", () => {
  const outage = async (world: World, elsewhere: number) => {
    world.release("web", newPods);
    during(world, 240, 540, (pod) => ({ errorRate: pod.labels["app"] === "web" ? 0.12 : elsewhere }));
    await world.until("people know or it is over", () => world.messages("held").length > 0 || ended(world), 1800);
  };

  test.each([false, true])("other workloads suffer too (killed in the middle: %s): no rollback, people are told who", async (killed) => {
    await using world = await openIncident({}, { services: [{ name: "web" }, ...others] });
    await outage(world, 0.08);
    if (killed) await world.restartDaemon({ kill: true });
    expect(told(world)).toMatch(/3 of 3 other workloads, none of them rolling out, went over their own limits .*shop\/auth [\d.]+ %/);
    // Well again for a while before the end of the window: what it did meanwhile is not held against it.
    await world.until("the guard ends", () => ended(world), 900);
    expect(world.messages("held")).toHaveLength(1);
    expect(world.phase("web")).toBe("passed");
    expectLeftAlone(world);
  });

  test("no other workload suffers: it is taken back, and people are told that the others were well", async () => {
    await using world = await openIncident({}, { services: [{ name: "web" }, ...others] });
    await outage(world, 0.001);
    expect(world.image("web")).toBe("shop/web:1.0.0");
    expect(told(world)).toContain("none of 3 other workloads had trouble at the same time");
  });
});
