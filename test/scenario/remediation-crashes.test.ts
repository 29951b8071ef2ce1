import { describe, expect, test } from "vitest";
import type { Write } from "../support/daemon-process.ts";
import type { World } from "../support/world.ts";
import { isOver, openRemedyWorld, post, remedyPolicy } from "./remediation-world.ts";

/** A write of the daemon that matters to what it decides and does. */
function counts({ path, dryRun }: Write): boolean {
  return !dryRun && /\/(guards|deployments|pods)\b/.test(path);
}

const ladder = "do: [{ scale: { by: 2, restoreAfter: 5s } }, { restart: {} }, notify]";

/** Kills the daemon at its n-th write, before it is sent or after it was answered, and starts another. False when there was no such write. */
async function playWithDeathAt(world: World, nth: number, when: Write["when"]): Promise<boolean> {
  let writes = 0;
  let died = false;
  world.onWrite = (write) => {
    if (!counts(write) || write.when !== when || died) return;
    writes += 1;
    if (writes !== nth) return;
    died = true;
    world.kill();
  };
  await world.run(3);
  const startsAt = world.now();
  // As Alertmanager does it: what was not answered well comes again, at each interval.
  let endsAt: number | undefined;
  // Nobody answers a post whose daemon dies over it.
  const tell = () => void post(world, { startsAt, ...(endsAt === undefined ? {} : { endsAt }) }).catch(() => undefined);
  const restarted = async () => {
    if (died && !isAlive(world)) await world.startDaemon();
  };
  tell();
  for (let second = 0; second < 100 && !isOver(world); second += 1) {
    await restarted();
    if (second === 35) endsAt = world.now();
    if (second % 5 === 0) tell();
    await world.run(1);
  }
  await restarted();
  await world.run(3);
  return died;
}

function isAlive(world: World): boolean {
  try {
    world.daemon();
    return true;
  } catch {
    return false;
  }
}

/** What was really changed in the cluster, in order. */
function deeds(world: World): readonly string[] {
  return world.sandbox.cluster.requests
    .filter(({ method, query, fieldManager }) => method !== "GET" && fieldManager === "rearguard" && query["dryRun"] === undefined)
    .flatMap(({ path }) => {
      if (path.endsWith("/eviction")) return ["restart"];
      return path.endsWith("/deployments/web/scale") ? ["scale"] : [];
    });
}

describe("the daemon is killed", () => {
  test.each(["before", "after"] as const)(
    "at every write of a remediation in turn, %s the API server answers it: each step is done once, and what was scaled is given back",
    async (when) => {
      let deaths = 0;
      for (let nth = 1; ; nth += 1) {
        await using world = await openRemedyWorld(remedyPolicy(ladder, { within: "12s" }));
        const died = await playWithDeathAt(world, nth, when);
        if (!died) break;
        deaths += 1;
        expect([nth, isOver(world)]).toEqual([nth, true]);
        expect([nth, world.remediations("web").length]).toEqual([nth, 1]);
        expect([nth, deeds(world)]).toEqual([nth, ["scale", "restart", "scale"]]);
        expect(world.deployment("web").spec.replicas).toBe(4);
        expect(world.remediations("web")[0]?.entries.at(-1)).toMatchObject({ kind: "finished", phase: "restored" });
        const messages = world.messages();
        expect(new Set(messages.map(({ id }) => id)).size, "the same news under one id").toBe(
          new Set(messages.map(({ id, text }) => id + text)).size,
        );
      }
      expect(deaths).toBeGreaterThanOrEqual(12);
    },
    120_000,
  );
});
