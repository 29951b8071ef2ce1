import { afterAll, beforeAll, expect, test } from "vitest";
import { startStatuspage } from "../support/receivers/statuspage.ts";
import { tempFile } from "../support/temp-file.ts";
import { crashing, openQuick, quickPolicy } from "./quick.ts";
import { ended, told } from "./incidents.ts";

const key = "0123-k3yS3CRET";
const owned = new AsyncDisposableStack();
let keyFile: string;
beforeAll(async () => {
  keyFile = await tempFile(owned, key);
});
afterAll(() => owned.disposeAsync());

/** Under the kill switch nothing is done, for a window of 20 minutes: trouble that goes on. */
const policy = quickPolicy.replace("window: 40s", "window: 20m");

async function open(now: () => number) {
  const page = await startStatuspage({ key, now });
  const statuspage = {
    url: page.url,
    pageId: "p4g3",
    keyFile,
    every: "5m",
    workloads: [{ namespace: "shop", name: "web", called: "the shop" }],
  };
  return { page, settings: { statuspage, governor: { killSwitch: true } } };
}

test("trouble that goes on is told on the status page every so often, also across a kill, until its guard ends", async () => {
  const clock = { now: () => 0 };
  const { page, settings } = await open(() => clock.now());
  await using world = await openQuick([{}], { policy, settings });
  clock.now = () => world.now();
  world.release("web", crashing);
  await world.until("the incident", () => page.incidents.length === 1, 120);
  await world.run(375);
  expect(page.incidents[0]?.updates).toHaveLength(2);
  expect(page.incidents[0]?.updates[1]?.[1]).toMatch(
    /^There are still problems with the shop, since \S+ UTC \(\d min.*\)\. We are working on them\.$/,
  );

  await world.restartDaemon({ kill: true });
  await world.run(60);
  expect(page.incidents[0]?.updates, "nothing is said twice").toHaveLength(2);
  await world.run(310);
  expect(page.incidents[0]?.updates).toHaveLength(3);

  await world.until("the guard ends", () => ended(world), 2400);
  const after = page.incidents[0]?.updates.length;
  await world.run(700);
  expect(page.incidents[0]?.updates, "nobody watches any more").toHaveLength(after ?? 0);
  expect(page.incidents[0]?.status).not.toBe("resolved");
  expect(told(world)).toContain(
    "The incident inc1 on the status page stays open, and nothing more is written to it: resolve it there when the trouble is over.",
  );
  expect(
    world.messages().every(({ kind }) => (kind as string) !== "ongoing"),
    "others hear of news alone",
  ).toBe(true);
  await page[Symbol.asyncDispose]();
});

test("who ends the guard of an incident is told that it stays open, and the public is told nothing", async () => {
  const clock = { now: () => 0 };
  const { page, settings } = await open(() => clock.now());
  await using world = await openQuick([{}], { policy, settings });
  clock.now = () => world.now();
  world.release("web", crashing);
  await world.until("the incident", () => page.incidents.length === 1, 120);
  const order = { id: "o1", kind: "abort", by: "alice", reason: "I look at it myself" } as const;
  expect(await world.daemon().pipeline.order(world.record("web").name, order)).toMatchObject({ taken: true });
  await world.until("the guard ends", () => ended(world), 60);
  await world.run(5);
  expect(page.incidents[0]?.updates).toHaveLength(1);
  expect(told(world)).toContain("The incident inc1 on the status page stays open");
  await page[Symbol.asyncDispose]();
});
