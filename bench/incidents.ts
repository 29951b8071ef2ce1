// node bench/main.ts incidents: eight incidents side by side on a real cluster, under the real daemon.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { ownCidr } from "../test/e2e/cidr.ts";
import { policyText } from "../test/e2e/policies.ts";
import { createWorld } from "../test/e2e/world.ts";
import type { World } from "../test/e2e/world.ts";
import { startCluster } from "../test/servers/cluster.ts";
import { play } from "./incidents/play.ts";
import { printIncident } from "./incidents/report.ts";
import { incidents } from "./incidents/rows.ts";

const scrapeInterval = "5s";
/** Of the clock that measures lateness, ms. */
const resolution = 20;

/** What our documents give for 5 s scrapes, and the same for those who want speed. */
const paces = {
  default: { block: "15s", sustain: "30s", warmUpLatency: "30s" },
  tuned: { block: "5s", sustain: "10s", warmUpLatency: "5s" },
} as const;

const signals = `{
    errors: { http: { preset: prom-client, errors: { limit: 1% } } },
    latency: { http: { preset: prom-client, slower: { p95: 50ms } } },
    pods: { pods: { restarts: 2, stuckFor: 2m } },
  }`;

/**
 * `--tuned`: 5 s blocks; `--only TEXT`: incidents whose name holds it; `--minutes N`: how long each is played, 12 unless told;
 * `--times N`: each so often, side by side, once unless told. Returns whether every target was met.
 */
export async function run(args: readonly string[]): Promise<boolean> {
  const { tuned, minutes, times, chosen } = parse(args);
  const pace = paces[tuned ? "tuned" : "default"];
  await using world = await createWorld(await startCluster({ cidr: await ownCidr(), scrapeInterval }));
  await using _daemon = await startGuarding(world, pace);
  // Fleet and traffic are played by this process: what it is late by, the figures are wrong by.
  using lateness = monitorEventLoopDelay({ resolution });
  lateness.enable();
  const copies = Array.from({ length: times }, (_, index) => index + 1);
  const played = await Promise.all(
    chosen.map((incident) =>
      Promise.all(copies.map((n) => play(world, { ...incident, namespace: `${incident.namespace}-${n}` }, minutes))),
    ),
  );
  lateness.disable();
  const words = Object.entries(pace).map(([key, value]) => `${key} ${value}`);
  console.log(`scrapes each ${scrapeInterval}, ${words.join(", ")}; each incident for ${minutes} minutes, all side by side`);
  const late = [lateness.percentile(50), lateness.percentile(99), lateness.max].map(
    (ns) => `${Math.max(0, Math.round(ns / 1e6) - resolution)} ms`,
  );
  console.log(`fleet and traffic late by ${late[0]} (median), ${late[1]} (p99), ${late[2]} (worst)`);
  return chosen.map((incident, index) => printIncident(incident, played[index] ?? [])).every((met) => met);
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      tuned: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      minutes: { type: "string", default: "12" },
      times: { type: "string", default: "1" },
    },
  });
  const [minutes, times] = [Number(values.minutes), Number(values.times)];
  if (!(minutes > 0)) throw new RangeError(`--minutes ${values.minutes}: a number above 0 is wanted`);
  if (!(Number.isInteger(times) && times > 0)) throw new RangeError(`--times ${values.times}: a whole number above 0 is wanted`);
  const chosen = incidents.filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0) throw new RangeError(`--only ${values.only}: part of one of ${incidents.map(({ name }) => name).join("; ")}`);
  return { tuned: values.tuned, minutes, times, chosen };
}

async function startGuarding(world: World, pace: (typeof paces)[keyof typeof paces]): Promise<AsyncDisposable> {
  const { block, sustain, warmUpLatency } = pace;
  const namespaces = incidents.map(({ namespace }) => `${namespace}-*`);
  const daemon = await world.startDaemon({
    policies: { "all.yaml": policyText({ name: "all", namespaces, signals, window: "30m", sustain, noDataAfter: "5m" }) },
    settings: {
      prometheus: { scrapeInterval, timeout: "10s" },
      judging: { block, settle: "500ms", baseline: "6h", warmUpLatency },
      // Eight incidents at once would be one shared cause for a governor with its defaults.
      governor: {
        cooldown: "30m",
        rollbacksPerHour: { namespace: 3, cluster: 50 },
        concurrent: 10,
        sharedCause: { workloads: 50 },
      },
      verify: { within: "5m" },
    },
  });
  await daemon.ready();
  return daemon;
}
