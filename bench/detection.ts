// From the first bad scrape, or the pod's event, to our patch: the real daemon on the real servers of test/servers.
// All times are those the servers wrote down themselves: Prometheus' samples, the API server's audit log.
import { parseArgs } from "node:util";
import { ownCidr } from "../test/e2e/cidr.ts";
import { endOf } from "../test/e2e/guards.ts";
import { podSignal, policyText } from "../test/e2e/policies.ts";
import { deployShop } from "../test/e2e/shop.ts";
import { createWorld } from "../test/e2e/world.ts";
import type { World } from "../test/e2e/world.ts";
import { restartSeenAt, workloadWrites } from "../test/e2e/writes.ts";
import { startCluster } from "../test/servers/cluster.ts";
import { startTraffic } from "../test/servers/traffic.ts";
import { waitUntil } from "../test/servers/wait-until.ts";
import { decidingBlock, firstWrite } from "./guard-times.ts";

const brakeWithinBlocks = 2;
const rollbackWithinBlocks = 3;
const ourShareWithinMs = 1000;
const crashWithinMs = 2000;
const settleMs = 500;
/** Side by side, because pods are scraped at offsets of their own. */
const shopsOfEach = 4;
const replicas = 8;

interface Detection {
  /** First sample that shows a failed request to the end of the block that decided, ms. */
  readonly toBrakeBlock: number;
  readonly toRollbackBlock: number;
  /** End of that block to the patch at the API server, ms. */
  readonly ourShare: number;
}

/** `--scrape 15` (seconds, also the length of a block; 15 unless told). True when every target was met. */
export async function run(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { scrape: { type: "string", default: "15" } } });
  const blockMs = Number(values.scrape) * 1000;
  if (!(blockMs >= 1000)) throw new RangeError(`--scrape ${values.scrape}: a number of seconds, at least 1, is wanted`);
  await using world = await createWorld(await startCluster({ cidr: await ownCidr(), scrapeInterval: `${blockMs}ms` }));
  await using _daemon = await startGuarding(world, blockMs);
  const nth = Array.from({ length: shopsOfEach }, (_, index) => index + 1);
  const crashes = await Promise.all(nth.map((n) => crashLoop(world, `crash-${n}`)));
  const failures = await Promise.all(nth.map((n) => totalFailure(world, `errors-${n}`, blockMs)));

  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s (${(ms / blockMs).toFixed(2)} blocks of ${blockMs / 1000} s)`;
  const inMs = (ms: number) => `${Math.round(ms)} ms`;
  const toBrake = failures.map(({ toBrakeBlock }) => toBrakeBlock);
  const toRollback = failures.map(({ toRollbackBlock }) => toRollbackBlock);
  const ourShare = failures.map((each) => each.ourShare);
  return [
    report("crash loop: pod event to patch", crashes, inMs, crashWithinMs, inMs(crashWithinMs)),
    report("every request fails: first bad scrape to braking block", toBrake, seconds, brakeWithinBlocks * blockMs, "2 blocks"),
    report("… to the block that rolls back", toRollback, seconds, rollbackWithinBlocks * blockMs, "3 blocks"),
    report(`… our own share, ${settleMs} ms of it for late scrapes`, ourShare, inMs, ourShareWithinMs, inMs(ourShareWithinMs)),
  ].every((met) => met);
}

async function startGuarding(world: World, blockMs: number): Promise<AsyncDisposable> {
  const errors = "{ errors: { http: { preset: prom-client, errors: { limit: 1% } } } }";
  const times = { window: `${3 * blockMs}ms`, sustain: `${2 * blockMs}ms`, noDataAfter: "10m" };
  const daemon = await world.startDaemon({
    policies: {
      "errors.yaml": policyText({ name: "errors", namespaces: ["errors-*"], signals: errors, ...times }),
      "pods.yaml": policyText({ name: "pods", namespaces: ["crash-*"], signals: `{ ${podSignal} }`, ...times }),
    },
    settings: {
      prometheus: { scrapeInterval: `${blockMs}ms` },
      judging: { block: `${blockMs}ms`, settle: `${settleMs}ms`, baseline: `${10 * blockMs}ms` },
      verify: { within: "10m" },
    },
  });
  await daemon.ready();
  return daemon;
}

/** Milliseconds from the report of the second restart to our patch. */
async function crashLoop(world: World, namespace: string): Promise<number> {
  const shop = await deployShop(world.cluster, { namespace });
  await shop.rollOut("v2", { crash: "Error" });
  await endOf(world.cluster, namespace, 2);
  return (await writtenAt(world, namespace, "/spec/template")) - (await restartSeenAt(world.cluster, namespace, 2));
}

async function totalFailure(world: World, namespace: string, blockMs: number): Promise<Detection> {
  const { cluster } = world;
  const shop = await deployShop(cluster, { namespace, replicas, minReadySeconds: Math.ceil(blockMs / 1000) });
  // A live control at a limit of 1 % needs 450 requests to old pods in a block (docs/judging.md).
  const requestsPerSecond = Math.max(60, Math.ceil(600_000 / blockMs));
  await using _traffic = await startTraffic({ client: cluster.client, namespace, service: "shop", requestsPerSecond });
  await waitUntil(`${namespace} scraped often enough to be compared with`, () => isKnown(world, namespace), { timeoutMs: 20 * blockMs });
  await shop.rollOut("v2", { "error-rate": "1" });
  const guard = await endOf(cluster, namespace, 2, 40 * blockMs);
  const badAt = await firstBadScrape(world, namespace);
  const rollback = decidingBlock(guard, "errors", "rollback");
  return {
    toBrakeBlock: decidingBlock(guard, "errors", "brake") - badAt,
    toRollbackBlock: rollback - badAt,
    ourShare: (await writtenAt(world, namespace, "/spec/template")) - rollback,
  };
}

async function writtenAt({ cluster }: World, namespace: string, path: string): Promise<number> {
  const at = firstWrite(await workloadWrites(cluster, namespace), path);
  if (at === undefined) throw new Error(`the daemon never wrote ${path} of ${namespace}`);
  return at;
}

/** Old pods count from their second scrape on. */
async function isKnown({ cluster }: World, namespace: string): Promise<boolean> {
  const [known] = await cluster.prometheus.query(`count(count_over_time(http_requests_total{namespace="${namespace}"}[1h]) >= 3)`);
  return Number(known?.value[1]) === replicas;
}

/** Time of the first sample that shows a failed request, as Prometheus stored it. */
async function firstBadScrape({ cluster }: World, namespace: string): Promise<number> {
  type Answer = { readonly data: { readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[] } };
  const query = `http_requests_total{namespace="${namespace}",status="500"}[1h]`;
  const response = await fetch(`${cluster.prometheusUrl}/api/v1/query`, { method: "POST", body: new URLSearchParams({ query }) });
  const { data } = (await response.json()) as Answer;
  return Math.min(...data.result.flatMap(({ values }) => values.map(([at]) => at * 1000)));
}

/** The worst one is held against the target. */
function report(what: string, figures: readonly number[], words: (ms: number) => string, most: number, target: string): boolean {
  const sorted = figures.toSorted((one, other) => one - other);
  const [best = Number.NaN, worst = Number.NaN] = [sorted[0], sorted.at(-1)];
  console.log(`${what.padEnd(56)} ${words(best)} to ${words(worst)} (target <= ${target})`);
  return worst <= most;
}
