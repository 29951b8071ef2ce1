import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { startCluster } from "../servers/cluster.ts";
import { startTraffic } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { ownCidr } from "./cidr.ts";
import { printLog } from "./daemon.ts";
import type { Daemon, DaemonOptions } from "./daemon.ts";
import { endOf, guardOf, guardsIn, storyOf } from "./guards.ts";
import type { StoredGuard } from "./guards.ts";
import { policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import { createWorld } from "./world.ts";
import type { World } from "./world.ts";
import { templateWrites } from "./writes.ts";

type Block = Readonly<Record<string, number | string | null>> & { readonly at: number };
type Whole = { readonly signals: Readonly<Record<string, { readonly blocks: readonly Block[] }>> };

let world: World;
let request: DaemonOptions;

beforeAll(async () => {
  world = await createWorld(await startCluster({ cidr: await ownCidr() }));
  request = {
    folder: await world.daemonFolder(),
    policies: {
      "long.yaml": policyText({ name: "long", namespaces: ["resumed"], window: "10m" }),
      "short.yaml": policyText({ name: "short", namespaces: ["killed"] }),
    },
    settings: { leader: { leaseDuration: "3s", renewDeadline: "2s", retryPeriod: "300ms" } },
  };
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

describe("a daemon that is stopped", () => {
  test("by SIGTERM in mid-guard and started again resumes the guard with the same evidence", async () => {
    const { cluster } = world;
    const shop = await deployShop(cluster, { namespace: "resumed", replicas: 3, behaviour: { "error-rate": "0.01" } });
    await using _traffic = await startTraffic({ client: cluster.client, namespace: "resumed", service: "shop", requestsPerSecond: 90 });
    const first = await started();
    // Bad enough for evidence to move in most blocks, not enough to decide.
    await shop.rollOut("v2", { "error-rate": "0.012" });
    await shop.complete();
    const guard = await guardOf(cluster, "resumed", 2);
    const before = await blocksOf(first, guard, (blocks) => blocks.filter(isJudged).length >= 10);
    const stored = await guardOf(cluster, "resumed", 2);

    expect(await first.stop()).toBe(0);
    const second = await started();
    const last = before.at(-1)?.at ?? 0;
    const after = await blocksOf(second, guard, (blocks) => (blocks.at(-1)?.at ?? 0) > last);

    expect((await guardsIn(cluster, "resumed")).filter((one) => one.status?.revision === 2)).toHaveLength(1);
    const resumed = await guardOf(cluster, "resumed", 2);
    expect(storyOf(resumed)).toEqual(storyOf(stored));
    expect(resumed.status?.phase).toBe("observing");
    const from = after[0]?.at ?? Infinity;
    const both = before.filter(({ at }) => at >= from);
    expect(both.length).toBeGreaterThanOrEqual(10);
    expect(both.some(({ evidence }) => evidence !== 1)).toBe(true);
    const compared = both.map((block) => {
      const again = after.find(({ at }) => at === block.at);
      return { before: block, after: again, differing: differences(block, again) };
    });
    expect(compared.filter(({ differing }) => differing.length > 0)).toEqual([]);
    expect(await second.stop()).toBe(0);
  });

  test("by SIGKILL with a rollback intended and started again rolls back exactly once", async () => {
    const { cluster } = world;
    const shop = await deployShop(cluster, { namespace: "killed" });
    const first = await started();
    const intended = Promise.withResolvers<void>();
    await using _watch = cluster.client.follow<StoredGuard>("/apis/rearguard.dev/v1alpha1/namespaces/killed/guards", (guards) => {
      if (guards.some((guard) => storyOf(guard).includes("intended rollback"))) intended.resolve();
    });
    await shop.rollOut("v2", { crash: "Error" });

    // The patch may or may not be on its way: both must end alike.
    await intended.promise;
    await first.kill();
    const second = await started();

    const guard = await endOf(cluster, "killed", 2);
    expect(guard.status?.phase).toBe("restored");
    expect(storyOf(guard).filter((line) => line === "intended rollback")).toHaveLength(1);
    expect(await templateWrites(cluster, "killed")).toHaveLength(1);
    expect((await guardsIn(cluster, "killed")).filter((one) => (one.status?.revision ?? 0) > 2)).toEqual([]);
    expect(await second.stop()).toBe(0);
  });
});

async function started(): Promise<Daemon> {
  const daemon = await world.startDaemon({ ...request });
  onTestFailed(() => printLog(daemon));
  await daemon.ready();
  return daemon;
}

function blocksOf(daemon: Daemon, guard: StoredGuard, enough: (blocks: readonly Block[]) => boolean): Promise<readonly Block[]> {
  return waitUntil("enough judged blocks", async () => {
    const whole = await daemon.get<Whole>(`/api/v1/guards/${guard.metadata.name}`);
    const blocks = whole.signals["errors"]?.blocks ?? [];
    return enough(blocks) && blocks;
  });
}

function isJudged({ newTotal }: Block): boolean {
  return typeof newTotal === "number" && newTotal > 0;
}

/** Names of fields that differ: words at all, numbers by more than 1e-12 of their size. */
function differences(before: Block, after: Block | undefined): readonly string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after ?? {})]);
  return [...keys].filter((key) => {
    const [one, other] = [before[key], after?.[key]];
    if (typeof one !== "number" || typeof other !== "number") return one !== other;
    return Math.abs(one - other) > 1e-12 * Math.max(1, Math.abs(one));
  });
}
