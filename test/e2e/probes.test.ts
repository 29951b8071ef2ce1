import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCluster } from "../servers/cluster.ts";
import { logLine } from "../servers/kwok.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { ownCidr } from "./cidr.ts";
import { printLog } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";
import { startFront } from "./front.ts";
import { endOf } from "./guards.ts";
import { policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import type { Shop } from "./shop.ts";
import { createWorld } from "./world.ts";
import type { World } from "./world.ts";
import { templateWrites, workloadWrites } from "./writes.ts";

const names = ["sick", "well", "untested"] as const;

let world: World;
let daemon: Daemon;
let shops: Readonly<Record<(typeof names)[number], Shop>>;
const stack = new AsyncDisposableStack();

/** The stages of kwok end its pod as the script says. */
function policyOf(namespace: string, front: string, script: string): string {
  const signals = `
    health: { probe: { url: "${front}/healthz", every: 1s, expect: { within: 900ms } } }
    smoke: { job: { timeout: 30s, pod: { containers: [{ name: test, image: "{{image}}", command: [sh, -c, "${script}"] }] } } }`;
  return policyText({ name: namespace, namespaces: [namespace], window: "12s", signals });
}

beforeAll(async () => {
  const cluster = await startCluster({ cidr: await ownCidr() });
  world = stack.use(await createWorld(cluster));
  const [sick, well, untested] = await Promise.all(names.map((namespace) => deployShop(cluster, { namespace })));
  if (sick === undefined || well === undefined || untested === undefined) throw new Error("no shops");
  shops = { sick, well, untested };
  const fronts = await Promise.all(names.map((namespace) => startFront(cluster, namespace)));
  for (const front of fronts) stack.use(front);
  const scripts = { sick: "exit 0", well: "exit 0", untested: "exit 3" };
  const policies = names.map((name, order): [string, string] => [`${name}.yaml`, policyOf(name, fronts[order]?.url ?? "", scripts[name])]);
  daemon = await world.startDaemon({ policies: Object.fromEntries(policies) });
  await daemon.ready();
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    printLog(daemon);
  });
});

afterAll(() => stack.disposeAsync());

async function rolledBack(namespace: string): Promise<string> {
  const found = () => world.receiver.deliveries(namespace).find(({ data }) => data.kind === "rolled-back");
  await waitUntil("the message", () => found() !== undefined);
  return found()?.data.text ?? "";
}

describe("a rollout that is judged from outside", () => {
  test("and whose new pods answer that they are not well is rolled back, and people are told what was answered", async () => {
    const { cluster } = world;
    await shops.sick.rollOut("v2", { health: "503" });

    const guard = await endOf(cluster, "sick", 2);

    expect(guard.status?.phase).toBe("restored");
    expect((await templateWrites(cluster, "sick")).length).toBe(1);
    expect(await rolledBack("sick")).toMatch(
      /health failed in \d of its last 5 calls, one every 1 s: GET http:\S+\/healthz answered 503 instead of 2xx/,
    );
  });

  test("and is well, and whose smoke test completes, passes", async () => {
    const { cluster } = world;
    await shops.well.rollOut("v2");

    const guard = await endOf(cluster, "well", 2);

    expect(guard.status?.phase).toBe("passed");
    expect(await workloadWrites(cluster, "well")).toEqual([]);
  });

  test("and whose smoke test fails is rolled back, with the end of the test's log", async () => {
    const { cluster } = world;
    await shops.untested.rollOut("v2");

    const guard = await endOf(cluster, "untested", 2);

    expect(guard.status?.phase).toBe("restored");
    expect(await rolledBack("untested")).toMatch(
      new RegExp(`the smoke test smoke failed: container test of pod \\S+ ended with exit code 3; its last line: ${logLine}`),
    );
  });
});
