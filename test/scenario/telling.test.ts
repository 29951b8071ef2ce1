import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startSlack } from "../support/receivers/slack.ts";
import type { World } from "../support/world.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { ended } from "./incidents.ts";
import { bad, openQuick } from "./quick.ts";

const token = "xoxb-1234567890-t0kenS3CRET";

/** A world whose daemon tells Slack too. */
async function openTelling(written = token) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTempDir("telling")).path;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "token"), written);
  let world: World | undefined = undefined as World | undefined;
  const slack = stack.use(await startSlack({ token, now: () => world?.now() ?? 0 }));
  const settings = { slack: [{ tokenFile: join(folder, "token"), channel: "#rollouts", apiUrl: `${slack.url}/api` }] };
  world = stack.use(await openQuick([{}], { settings }));
  const owned = stack.move();
  return { world, slack, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test.each([
  ["stopped and started", false],
  ["killed and started", true],
])("a daemon that is %s in the middle of a guard goes on in the same Slack message", async (_how, kill) => {
  await using it = await openTelling();
  const { world, slack } = it;
  world.release("web", bad);
  await world.until("Slack knows of the brake", () => slack.messages.some(({ text }) => text.includes("is braked")), 60);

  await world.restartDaemon({ kill });
  await world.until("the guard ends", () => ended(world), 200);
  await world.run(10);

  const roots = slack.messages.filter(({ thread }) => thread === undefined);
  expect(roots.map(({ text }) => text)).toEqual([expect.stringContaining("shop/web restored")]);
  const said = slack.messages.filter(({ thread }) => thread === roots[0]?.ts).map(({ text }) => text);
  expect(said.filter((text) => /is rolling out|is braked|rolled back to|restored/.test(text))).toHaveLength(4);
  expect(new Set(said).size).toBe(said.length);
  expect(world.record("web").handles?.["slack"]).toContain(roots[0]?.ts);
});

test("a Slack token that is revoked costs nothing else: the rollout is taken back and everybody else is told", async () => {
  await using it = await openTelling("xoxb-revoked");
  const { world, slack } = it;
  world.release("web", bad);

  await world.until("the guard ends", () => ended(world), 200);
  await world.run(3);

  expect(world.phase("web")).toBe("restored");
  expect(world.messages().map(({ kind }) => kind)).toEqual(expect.arrayContaining(["opened", "braked", "rolled-back", "finished"]));
  expect(world.record("web").toldThrough).toBe(world.entries("web").length);
  expect(slack.messages).toEqual([]);
  const metrics = await (await fetch(`${world.url()}/metrics`)).text();
  expect(metrics).toContain('rearguard_outbox_dropped_total{target="slack",why="refused"}');
  expect(metrics).toContain('rearguard_outbox_depth{target="slack"} 0');
});
