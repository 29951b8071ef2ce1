import { beforeAll, describe, expect, test } from "vitest";
import { shopPolicy } from "../support/world-files.ts";
import type { World } from "../support/world.ts";
import { ended, expectLeftAlone, expectTakenBack, newPods, openIncident, secondsToRollback } from "./incidents.ts";

const policy = shopPolicy(`
  window: 10m
  signals:
    errors: { http: { preset: prom-client, errors: { limit: 0.5% } } }
    memory: { resources: { memory: 90% } }
    lines:  { logs: { format: filebeat, limit: 6/min/pod } }
`);

const failing = { ...newPods, errorRate: 0.1 };
/** Blocks of five seconds. The time-outs go by the wall clock; in the world a call that hangs takes ten seconds, two blocks. */
function openShop() {
  const settings = { prometheus: { timeout: "1s" }, elasticsearch: { timeout: "1s" } };
  return openIncident({ limits: { memory: "512Mi" } }, { policy, cadvisor: true, logs: true, scrapeS: 5, settings });
}

async function takenBackAfter(meanwhile: (world: World) => void): Promise<number> {
  await using world = await openShop();
  meanwhile(world);
  world.release("web", failing);
  await world.until("the rollback", () => world.image("web") === "shop/web:1.0.0", 600);
  const seconds = secondsToRollback(world);
  world.sandbox.prometheus.hangs = undefined;
  world.sandbox.elasticsearch.fault = undefined;
  await world.until("the guard ends", () => ended(world), 900);
  expectTakenBack(world);
  return seconds;
}

describe("a source that hangs delays its own signals alone: failing requests are taken back as soon as ever", () => {
  let usual: number;
  beforeAll(async () => {
    usual = await takenBackAfter(() => {});
  }, 60_000);

  test.each<[string, (world: World) => void]>([
    ["the queries for CPU and memory", (world) => void (world.sandbox.prometheus.hangs = /container_/)],
    ["Elasticsearch", (world) => void (world.sandbox.elasticsearch.fault = "hang")],
    [
      "both of them",
      (world) => {
        world.sandbox.prometheus.hangs = /container_/;
        world.sandbox.elasticsearch.fault = "hang";
      },
    ],
  ])("%s", async (_what, hang) => {
    expect(Math.abs((await takenBackAfter(hang)) - usual)).toBeLessThanOrEqual(1);
  });
});

test("all lanes fold into one guard: a release that is well by requests, memory and log lines passes", async () => {
  await using world = await openShop();
  world.release("web", newPods);
  await world.until("the guard ends", () => ended(world), 1500);
  expect(world.phase("web")).toBe("passed");
  expectLeftAlone(world);
});
