import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startAlertmanager } from "../support/receivers/alertmanager.ts";
import { startGrafanaK8s } from "../support/receivers/grafana-k8s.ts";
import { startPagerDuty } from "../support/receivers/pagerduty.ts";
import { startSlack } from "../support/receivers/slack.ts";
import { startStatuspage } from "../support/receivers/statuspage.ts";
import { takeLease } from "../support/take-lease.ts";
import type { World } from "../support/world.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import type { Answer, Received } from "../unit/actions/receiver.ts";
import { ended } from "./incidents.ts";
import { bad, openQuick } from "./quick.ts";

const token = "xoxb-1234567890-S3CRET";
const routingKey = "0123456789abcdefS3CRET0123456789";
const key = "k3y-S3CRET";
const grafanaToken = "glsa_S3CRET";

/** A world whose daemon tells everybody there is; with `answer` this is all that they answer. */
async function openTelling(options: { readonly token?: string; readonly answer?: (request: Received) => Answer | undefined } = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTempDir("telling")).path;
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const lines: string[] = [];
  let world: World | undefined = undefined as World | undefined;
  const now = () => world?.now() ?? 0;
  const forced = options.answer === undefined ? {} : { answer: options.answer };
  const slack = stack.use(await startSlack({ token, now, ...forced }));
  const pagerduty = stack.use(await startPagerDuty({ routingKey, ...forced }));
  const peers = [stack.use(await startAlertmanager({ now, ...forced })), stack.use(await startAlertmanager({ now, ...forced }))];
  const page = stack.use(await startStatuspage({ key, now, ...forced }));
  const grafana = stack.use(await startGrafanaK8s({ store: "sql", token: grafanaToken, ...forced }));
  const settings = {
    slack: [
      { tokenFile: await file("token", options.token ?? token), channel: "#rollouts", apiUrl: `${slack.url}/api` },
      { name: "hook", webhookUrlFile: await file("hook", `${slack.url}/services/T0/B0/h00kS3CRET`) },
    ],
    pagerduty: [{ routingKeyFile: await file("routing-key", routingKey), url: pagerduty.url }],
    alertmanager: { urls: peers.map(({ url }) => url) },
    statuspage: {
      pageId: "p4g3",
      keyFile: await file("key", key),
      url: page.url,
      workloads: [{ namespace: "shop", name: "web", called: "the shop" }],
    },
    grafana: { url: grafana.url, tokenFile: await file("grafana", grafanaToken), api: "auto" },
  };
  const logged = (line: string) => void lines.push(line);
  world = stack.use(await openQuick([{}], { settings, logged }));
  const owned = stack.move();
  return { world, slack, pagerduty, peers, page, grafana, lines, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

type Telling = Awaited<ReturnType<typeof openTelling>>;

const roots = ({ slack }: Telling) => slack.messages.filter(({ thread }) => thread === undefined);
/** Every receiver has every message of the guard. */
const untilTold = (world: World) =>
  world.until("everybody is told", () => ended(world) && world.record("web").toldThrough === world.entries("web").length, 500);
/** Braked or, where the evidence came at once, rolled back. */
const isTold = ({ slack }: Telling) => slack.messages.some(({ text }) => /is braked|rolled back to/.test(text));
/** Whether a brake came before the rollback depends on how the blocks fell. */
const withoutBrake = (kinds: readonly unknown[]) => kinds.filter((kind) => kind !== "brake" && kind !== "is braked");

test("a bad rollout that is taken back is told to everybody, once, each in its own way", async () => {
  await using it = await openTelling();
  const { world, slack, pagerduty, peers, page, grafana } = it;
  world.release("web", bad);

  await world.until("it is told", () => isTold(it) && peers.every((peer) => peer.firing().length > 0), 60);
  expect(peers.map((peer) => peer.firing().map(([severity]) => severity))).toEqual([["warning"], ["warning"]]);
  await untilTold(world);

  expect(world.phase("web")).toBe("restored");
  expect(roots(it).map(({ text }) => text)).toEqual([expect.stringContaining("shop/web restored")]);
  expect(withoutBrake(slack.hooked.map((text) => /is braked|rolled back|restored/.exec(text)?.[0]))).toEqual(["rolled back", "restored"]);
  expect(pagerduty.pages).toEqual([]);
  expect(pagerduty.changes).toHaveLength(2);
  expect(peers.map((peer) => peer.firing())).toEqual([[], []]);
  expect(page.incidents.map(({ updates }) => updates.map(([status]) => status))).toEqual([["monitoring", "resolved"]]);
  expect(withoutBrake(grafana.annotations().map(([kind]) => kind))).toEqual(["rollback", "guard", "verdict"]);
  expect(world.record("web").toldThrough).toBe(world.entries("web").length);
});

test.each([
  ["stopped and started", false],
  ["killed and started", true],
])("a daemon that is %s in the middle of a guard goes on in what it has begun", async (_how, kill) => {
  await using it = await openTelling();
  const { world, slack, page, grafana } = it;
  world.release("web", bad);
  await world.until("Slack knows of it", () => isTold(it), 60);

  await world.restartDaemon({ kill });
  await untilTold(world);

  const [root] = roots(it);
  expect(roots(it)).toHaveLength(1);
  const said = slack.messages.filter(({ thread }) => thread === root?.ts).map(({ text }) => text);
  expect(said.filter((text) => /is rolling out|rolled back to|restored/.test(text))).toHaveLength(3);
  expect(new Set(said).size).toBe(said.length);
  expect(world.record("web").handles?.["slack"]).toContain(root?.ts);
  expect(page.incidents).toHaveLength(1);
  expect(withoutBrake(grafana.annotations().map(([kind]) => kind))).toEqual(["rollback", "guard", "verdict"]);
});

describe("a daemon that dies", () => {
  test("right after any write of its guard begins nothing a second time", async () => {
    for (let nth = 1; nth <= 40; nth += 4) {
      await using it = await openTelling();
      const died = await playWithDeathAt(it.world, nth);

      expect(roots(it).length, `killed at write ${nth}`).toBe(1);
      expect(it.page.incidents.length, `killed at write ${nth}`).toBeLessThanOrEqual(1);
      expect(it.pagerduty.pages, `killed at write ${nth}`).toEqual([]);
      if (!died) break;
    }
  });
});

/** Kills the daemon right after its n-th write of a guard was answered, and starts another. False when there was no such write. */
async function playWithDeathAt(world: World, nth: number): Promise<boolean> {
  let writes = 0;
  let died = false;
  world.onWrite = ({ path, when }) => {
    if (died || when !== "after" || !path.includes("/guards")) return;
    writes += 1;
    if (writes !== nth) return;
    died = true;
    world.kill();
  };
  world.release("web", bad);
  await world.until("it ends or dies", () => died || ended(world), 200);
  if (died) await world.startDaemon();
  await untilTold(world);
  return died;
}

test("an instance that lost the lease while a receiver was down does not tell it later what is over by then", async () => {
  let down = true;
  await using it = await openTelling({ answer: () => (down ? { status: 503 } : undefined) });
  const { world } = it;
  world.release("web", bad);
  await world.until("it is watched", () => world.messages("opened").length > 0, 60);
  await world.run(3);

  takeLease(world, 100);
  await world.run(20);
  down = false;
  await world.run(60);

  expect([roots(it), it.slack.hooked, it.page.incidents, it.peers.map((peer) => peer.firing())]).toEqual([[], [], [], [[], []]]);
  // It leads again.
  await untilTold(world);
  expect(roots(it)).toHaveLength(1);
  expect(world.record("web").toldThrough).toBe(world.entries("web").length);
});

test("a Slack token that is revoked costs nothing else, and has one clear sentence in log and metric", async () => {
  await using it = await openTelling({ token: "xoxb-revoked-S3CRET" });
  const { world, slack, lines } = it;
  world.release("web", bad);

  await untilTold(world);

  expect(world.phase("web")).toBe("restored");
  expect(world.messages().map(({ kind }) => kind)).toEqual(expect.arrayContaining(["opened", "rolled-back", "finished"]));
  expect(it.page.incidents.map(({ status }) => status)).toEqual(["resolved"]);
  expect(world.record("web").toldThrough).toBe(world.entries("web").length);
  expect(slack.messages).toEqual([]);
  const sentence =
    "slack: Slack refuses the token (invalid_auth): put a valid one with the scope chat:write into its file, which is read again for each message";
  expect(lines.filter((line) => line.includes(sentence))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('"target":"slack"') && line.includes("message was given up"))).toHaveLength(1);
  const metrics = await (await fetch(`${world.url()}/metrics`)).text();
  expect(metrics).toContain('rearguard_outbox_dropped_total{target="slack",why="refused"}');
  expect(metrics).toContain('rearguard_outbox_depth{target="slack"} 0');
});

test("a daemon that is stopped while its receivers are down says in one line for each what it leaves, and no error", async () => {
  await using it = await openTelling({ answer: () => ({ status: 503 }) });
  const { world, lines } = it;
  world.release("web", bad);
  await world.until("it is watched", () => world.messages("opened").length > 0, 60);
  await world.run(10);

  const before = lines.length;
  await world.restartDaemon({ kill: false });

  const ofSlack = lines
    .slice(before)
    .filter((line) => line.includes("messages are left to the next start") && line.includes('"target":"slack"'));
  expect(ofSlack).toHaveLength(1);
  expect(lines.filter((line) => line.includes("given up") || line.includes("not handed over"))).toEqual([]);
});

test.each([200, 400, 401, 500])(
  "no secret reaches a log line, a metric, a Guard or another receiver when every receiver repeats it with a %s",
  async (status) => {
    const echo = ({ url, headers, body }: Received): Answer => {
      const all = `${url.href} ${JSON.stringify(headers)} ${body}`;
      return { status, body: JSON.stringify({ ok: false, error: all, errors: [all], message: all }) };
    };
    await using it = await openTelling({ answer: echo });
    const { world, lines } = it;
    world.release("web", bad);

    await world.until("the guard ends", () => ended(world), 200);
    await world.run(15);

    const metrics = await (await fetch(`${world.url()}/metrics`)).text();
    expect([...lines, metrics, JSON.stringify(world.record("web")), JSON.stringify(world.messages())].join("\n")).not.toContain("S3CRET");
    // Those that look into the answer of a 200.
    expect(lines.filter((line) => line.includes("message did not arrive")).length).toBeGreaterThanOrEqual(3);
  },
);
