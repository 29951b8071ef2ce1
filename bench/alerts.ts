// node bench/main.ts alerts: a storm of alerts from an HA pair, against the real daemon on a real API server.
import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Pool } from "undici";
import { ownCidr } from "../test/e2e/cidr.ts";
import type { Daemon } from "../test/e2e/daemon.ts";
import { guardOf } from "../test/e2e/guards.ts";
import { podSignal, policyText } from "../test/e2e/policies.ts";
import { deployShop } from "../test/e2e/shop.ts";
import { createWorld, type World } from "../test/e2e/world.ts";
import { startCluster } from "../test/servers/cluster.ts";

const token = "bench-alerts-token";
const path = "/api/v1/webhooks/alertmanager";
const peers = 2;
const workloads = 8;
/** Of each workload: fewer than a guard keeps, so that every one must be found again. */
const firings = 40;
const perPost = 5;
const postsOfRound = (workloads * firings) / perPost;
const targets = { p50Ms: 200, p99Ms: 1_000 };

/** `--seconds 60 --rate 500`: how long, and posts a second over both peers. True when every target was met. */
export async function run(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: "string" }, rate: { type: "string" } } });
  const [seconds, rate] = [Number(values.seconds ?? 60), Number(values.rate ?? 500)];
  if (!(seconds >= 1 && rate >= peers))
    throw new RangeError(`--seconds ${seconds} --rate ${rate}: numbers of at least 1 and ${peers} are wanted`);
  await using world = await createWorld(await startCluster({ cidr: await ownCidr() }));
  const daemon = await startGuarding(world, seconds);
  const names = Array.from({ length: workloads }, (_, at) => `storm-${at}`);
  const shops = await Promise.all(names.map((namespace) => deployShop(world.cluster, { namespace, replicas: 2 })));
  await Promise.all(shops.map((shop) => shop.rollOut("v2")));
  const guards = await Promise.all(
    names.map((name) =>
      guardOf(world.cluster, name, 2, ({ status }) => status?.phase === "observing").then(({ metadata }) => metadata.name),
    ),
  );
  const began = { cpu: await cpuOf(daemon), at: performance.now() };
  const storm = await blow(daemon.url, seconds, rate);
  const tookS = (performance.now() - began.at) / 1000;
  const cpu = (await cpuOf(daemon)) - began.cpu;
  const { lost, twice } = await compare(world, guards, storm.ends);

  const ms = (of: number) =>
    `${storm.answersMs[Math.min(storm.answersMs.length - 1, Math.floor(storm.answersMs.length * of))]?.toFixed(0)} ms`;
  const [p50, p99] = [0.5, 0.99].map((of) => storm.answersMs[Math.floor(storm.answersMs.length * of)] ?? Infinity);
  console.log(
    `  ${storm.posts} posts of ${perPost} alerts by ${peers} peers in ${tookS.toFixed(1)} s, ${storm.refused} told to come again`,
  );
  console.log(`  lost ${lost} of ${workloads * firings} (target 0), twice ${twice} (target 0), other answers ${storm.other} (target 0)`);
  console.log(`  answer: p50 ${ms(0.5)} (target ${targets.p50Ms} ms), p99 ${ms(0.99)} (target ${targets.p99Ms} ms), longest ${ms(1)}`);
  console.log(
    `  daemon: ${((cpu / tookS) * 100).toFixed(0)} % of a core, ${((cpu * 1000) / storm.posts).toFixed(2)} ms a post; load of this machine ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(`  ${(await outcomesOf(daemon)).join("\n  ")}`);
  return lost === 0 && twice === 0 && storm.other === 0 && (p50 ?? Infinity) <= targets.p50Ms && (p99 ?? Infinity) <= targets.p99Ms;
}

async function startGuarding(world: World, seconds: number): Promise<Daemon> {
  const folder = await world.daemonFolder();
  const tokenFile = join(folder, "alerts-token");
  await writeFile(tokenFile, `${token}\n`);
  const signals = `{ ${podSignal}, storm: { alert: { names: [Storm] } } }`;
  // Observed, so that the guards are still open at the end.
  const policy = policyText({ name: "storm", namespaces: ["storm-*"], mode: "observe", window: `${seconds + 600}s`, signals });
  const daemon = await world.startDaemon({ folder, policies: { "storm.yaml": policy }, settings: { alerts: { tokenFile } } });
  await daemon.ready();
  return daemon;
}

interface Storm {
  readonly posts: number;
  readonly refused: number;
  /** Answers that are neither 202 nor 503. */
  readonly other: number;
  /** Of each try, ascending. */
  readonly answersMs: readonly number[];
  /** By fingerprint: the last end that was told. */
  readonly ends: ReadonlyMap<string, number>;
}

/** Every alert fires and ends in turn, each time with a later end; what gets a 503 comes again as Alertmanager lets it. */
async function blow(url: string, seconds: number, rate: number): Promise<Storm> {
  const startsAt = Date.now();
  const pools = Array.from({ length: peers }, () => new Pool(url, { connections: 500 }));
  const answersMs: number[] = [];
  const ends = new Map<string, number>();
  const counts = { refused: 0, other: 0 };

  async function post(pool: Pool, body: string): Promise<void> {
    for (let waitMs = 500; ; waitMs *= 1.5) {
      const began = performance.now();
      const { statusCode, body: answer } = await pool.request({
        method: "POST",
        path,
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body,
      });
      await answer.text();
      answersMs.push(performance.now() - began);
      if (statusCode === 202) return;
      if (statusCode !== 503) {
        counts.other += 1;
        return;
      }
      counts.refused += 1;
      await delay(waitMs);
    }
  }

  const all: Promise<void>[] = [];
  const each = Math.floor((seconds * rate) / peers);
  const begin = performance.now();
  for (let at = 0; at < each; at += 1) {
    const early = begin + (at * peers * 1000) / rate - performance.now();
    if (early > 1) await delay(early);
    const body = bodyOf(at, startsAt, ends);
    for (const pool of pools) all.push(post(pool, body));
  }
  // Whatever the last round was: all has ended.
  for (let last = 0; last < postsOfRound; last += 1)
    all.push(post(pools[0] as Pool, bodyOf(postsOfRound * (1 + 2 * each) + last, startsAt, ends)));
  await Promise.all(all);
  await Promise.all(pools.map((pool) => pool.close()));
  return { posts: all.length, ...counts, answersMs: answersMs.toSorted((one, other) => one - other), ends };
}

function bodyOf(at: number, startsAt: number, ends: Map<string, number>): string {
  const round = Math.floor(at / postsOfRound);
  const isOver = round % 2 === 1;
  const workload = at % workloads;
  const group = Math.floor(at / workloads) % (firings / perPost);
  const alerts = Array.from({ length: perPost }, (_, index) => {
    const fingerprint = `${workload}-${group * perPost + index}`;
    const endsAt = startsAt + round;
    if (isOver) ends.set(fingerprint, endsAt);
    return {
      status: isOver ? "resolved" : "firing",
      labels: { alertname: "Storm", namespace: `storm-${workload}`, deployment: "shop", shard: fingerprint },
      annotations: { summary: `shard ${fingerprint} fails 12% of its requests` },
      startsAt: new Date(startsAt).toISOString(),
      endsAt: isOver ? new Date(endsAt).toISOString() : "0001-01-01T00:00:00Z",
      generatorURL: "http://prometheus.example:9090/graph",
      fingerprint,
    };
  });
  return JSON.stringify({ version: "4", groupKey: `{}:{group="${workload}-${group}"}`, truncatedAlerts: 0, receiver: "rearguard", alerts });
}

type Told = {
  readonly status: {
    readonly alerts?: { readonly storm?: readonly { readonly fingerprint: string; readonly endsAt?: number | string }[] };
  };
};

/** Against what the API server holds: not against what the daemon says of it. */
async function compare(world: World, guards: readonly string[], ends: ReadonlyMap<string, number>) {
  const found: string[] = [];
  let late = 0;
  for (const [at, guard] of guards.entries()) {
    const object = await world.cluster.client.request<Told>("GET", `/apis/rearguard.dev/v1alpha1/namespaces/storm-${at}/guards/${guard}`);
    for (const { fingerprint, endsAt } of object.status.alerts?.storm ?? []) {
      found.push(fingerprint);
      if (new Date(endsAt ?? 0).getTime() !== ends.get(fingerprint)) late += 1;
    }
  }
  const once = new Set(found);
  return { lost: workloads * firings - once.size + late, twice: found.length - once.size };
}

async function pageOf({ url }: Daemon): Promise<readonly string[]> {
  return (await (await fetch(`${url}/metrics`)).text()).split("\n");
}

async function cpuOf(daemon: Daemon): Promise<number> {
  const line = (await pageOf(daemon)).find((each) => each.startsWith("process_cpu_seconds_total "));
  return Number(line?.split(" ")[1] ?? NaN);
}

async function outcomesOf(daemon: Daemon): Promise<readonly string[]> {
  return (await pageOf(daemon)).filter((line) => line.startsWith("rearguard_alerts_total{"));
}
