import { describe, expect, test } from "vitest";
import { ended, expectLeftAlone, expectTakenBack, incidentPolicy, newPods, openIncident, secondsToRollback, told } from "./incidents.ts";

const policy = incidentPolicy.replace("p95: 200ms", "p95: old, worseThanOld: 1.5x");
const behaviour = { p50Ms: 30, p95Ms: 90 };
const slower = (factor: number) => ({ ...newPods, p50Ms: 30 * factor, p95Ms: 90 * factor });

describe("D03a: p95 doubles under the absolute limit, judged against the old revision's own", () => {
  test.each([
    { factor: 2, seed: 1, withinS: 300 },
    { factor: 2, seed: 2, withinS: 300 },
    { factor: 4, seed: 1, withinS: 300 },
    // 3.6 % were slower than 100 ms before the rollout, so about 6.3 % may be; of pods 1.5 times as slow 12 % are: 1.9x the limit.
    { factor: 1.5, seed: 1, withinS: 420 },
  ])(
    "pods that are $factor times as slow (seed $seed) are taken back within $withinS s of half of the pods being new",
    async ({ factor, seed, withinS }) => {
      await using world = await openIncident({ behaviour }, { policy, seed });
      world.release("web", slower(factor));
      await world.until("the guard ends", () => ended(world), 1500);
      expect(secondsToRollback(world, { nth: 4 }), "from the readiness of the fourth new pod of eight").toBeLessThanOrEqual(withinS);
      expectTakenBack(world);
      expect(world.record("web").baselines["latency"]).toMatchObject({ thresholdMs: 100 });
      expect(told(world)).toMatch(/latency [\d.]+ % slower than 100 ms \(the old revision's own p95 bound\) = [\d.]+x the limit/);
    },
  );

  test("pods as fast as before pass, and so does a service that was always slow", async () => {
    for (const always of [1, 3]) {
      await using world = await openIncident({ behaviour: { p50Ms: 30 * always, p95Ms: 90 * always } }, { policy });
      world.release("web", slower(always));
      await world.until("the guard ends", () => ended(world), 1500);
      expect(world.phase("web")).toBe("passed");
      expectLeftAlone(world);
    }
  });

  test("a limit of 200 ms alone says nothing to a p95 of 180 ms", async () => {
    await using world = await openIncident({ behaviour });
    world.release("web", slower(2));
    await world.until("the guard ends", () => ended(world), 1500);
    expect(world.phase("web")).toBe("passed");
    expectLeftAlone(world);
  });

  test("where nothing was seen of the old revision nobody can tell, and the guard never says that it is well", async () => {
    await using world = await openIncident({ behaviour, rps: 0 }, { policy });
    world.release("web", slower(2));
    await world.until("the guard ends", () => ended(world), 1800);
    expect(world.phase("web")).toBe("inconclusive");
    expect(told(world)).toContain("latency: the source has no data");
    expect(told(world)).toContain(
      "p95 old: no request of the old revision was seen in http_request_duration_seconds_bucket before the rollout",
    );
  });
});
