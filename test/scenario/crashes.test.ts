import { describe, expect, test } from "vitest";
import type { BlockAudit } from "../../src/model.ts";
import type { Write } from "../support/daemon-process.ts";
import type { World } from "../support/world.ts";
import { ended, expectTakenBack, rollbacks } from "./incidents.ts";
import { bad, openQuick } from "./quick.ts";

/** A write of the daemon that matters to what it decides and does: its guards, and the workload. */
function counts({ path, dryRun }: Write): boolean {
  return !dryRun && /\/(guards|deployments|replicasets)\b/.test(path);
}

/** Kills the daemon at its n-th write, before it is sent or after it was answered, and starts another. Gives the number of blocks that both judged, undefined when there was no such write. */
async function playWithDeathAt(world: World, nth: number, when: Write["when"]): Promise<number | undefined> {
  let writes = 0;
  let died = false;
  let blocks: ReadonlyMap<string, readonly BlockAudit[]> = new Map();
  world.onWrite = (write) => {
    if (!counts(write) || write.when !== when || died) return;
    writes += 1;
    if (writes !== nth) return;
    blocks = judgedBlocks(world);
    died = true;
    world.kill();
  };
  world.release("web", bad);
  await world.until("it ends or dies", () => died || ended(world), 200);
  if (!died) return undefined;
  await world.startDaemon();
  await world.until("it has caught up", () => ended(world) || covers(judgedBlocks(world), blocks), 30);
  const compared = expectSameBlocks(judgedBlocks(world), blocks);
  await world.until("the guard ends", () => ended(world), 200);
  // The message of the end was perhaps the thing that was not written yet.
  await world.run(3);
  return compared;
}

function judgedBlocks(world: World): ReadonlyMap<string, readonly BlockAudit[]> {
  return new Map(
    world
      .daemon()
      .pipeline.open()
      .flatMap((run) => Object.entries(run.counted).map(([name, state]) => [name, state.audit])),
  );
}

function covers(after: ReadonlyMap<string, readonly BlockAudit[]>, before: ReadonlyMap<string, readonly BlockAudit[]>): boolean {
  return [...before].every(([name, blocks]) => (after.get(name)?.at(-1)?.at ?? 0) >= (blocks.at(-1)?.at ?? 0));
}

/** The same evidence from the same samples, to 1e-12 of its size. Gives how many blocks were compared. */
function expectSameBlocks(after: ReadonlyMap<string, readonly BlockAudit[]>, before: ReadonlyMap<string, readonly BlockAudit[]>): number {
  let compared = 0;
  for (const [name, blocks] of after) {
    for (const block of before.get(name) ?? []) {
      const again = blocks.find(({ at }) => at === block.at);
      const counts = { newTotal: block.newTotal, newBad: block.newBad, oldTotal: block.oldTotal, oldBad: block.oldBad };
      expect(again).toMatchObject(counts);
      expect(Math.abs((again?.evidence ?? NaN) - block.evidence)).toBeLessThanOrEqual(1e-12 * Math.max(1, block.evidence));
      compared += 1;
    }
  }
  return compared;
}

/** What was really changed in the cluster, in order. */
function deeds(world: World): readonly string[] {
  return world.effects("web").map(({ path, body }) => {
    const touched = (body as readonly { readonly op: string; readonly path: string }[])
      .filter(({ op }) => op !== "test")
      .map((one) => one.path);
    if (path.endsWith("/scale")) return "drain";
    return touched.includes("/spec/template") ? "rollback" : "brake";
  });
}

describe("the daemon is killed", () => {
  test.each(["before", "after"] as const)(
    "at every write in turn, %s the API server answers it: no guard is lost, nothing is done twice, the evidence is the same",
    async (when) => {
      let deaths = 0;
      let blocks = 0;
      for (let nth = 1; ; nth += 1) {
        await using world = await openQuick();
        const compared = await playWithDeathAt(world, nth, when);
        if (compared === undefined) break;
        deaths += 1;
        blocks += compared;
        expectTakenBack(world);
        expect(deeds(world).filter((deed) => deed === "rollback")).toEqual(["rollback"]);
        expect(rollbacks(world), "intended once").toBe(1);
        expect(deeds(world).filter((deed) => deed === "brake").length).toBeLessThanOrEqual(1);
        expect(new Set(world.messages().map(({ id }) => id)).size).toBe(new Set(world.messages().map(({ id, text }) => id + text)).size);
      }
      expect(deaths).toBeGreaterThanOrEqual(8);
      expect(blocks).toBeGreaterThan(20);
    },
  );

  test("and another instance takes over: it waits for the lease, then goes on with the same guard", async () => {
    await using world = await openQuick();
    world.release("web", bad);
    await world.until("the brake", () => world.deployment("web").spec.paused === true, 60);
    const guard = world.record("web").name;
    await world.restartDaemon({ kill: true, identity: "rearguard-1" });
    await world.run(10);
    expect(world.entries("web").some((entry) => entry.kind === "intended" && entry.action.kind === "rollback")).toBe(false);
    await world.until("the guard ends", () => ended(world), 200);
    expect(world.record("web").name).toBe(guard);
    expectTakenBack(world);
  });

  test("a stop and a start in mid-guard lose nothing: the lease is given back, and the new one goes on at once", async () => {
    await using world = await openQuick();
    world.release("web", { errorRate: 0.05 });
    await world.run(5);
    await world.restartDaemon({ identity: "rearguard-1" });
    await world.run(6);
    expect(
      world
        .daemon()
        .pipeline.open()
        .map(({ record }) => record.name),
    ).toEqual([world.record("web").name]);
    await world.until("the guard ends", () => ended(world), 200);
    expectTakenBack(world);
  });
});
