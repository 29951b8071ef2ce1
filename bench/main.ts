import { parseArgs } from "node:util";

/** Prints figure and target; true when every target was met. `args` are the words after `--`. */
type Run = (args: readonly string[]) => boolean | Promise<boolean>;

interface Bench {
  readonly what: string;
  /** Runs without being named. */
  readonly usual: boolean;
  readonly load: () => Promise<{ readonly run: Run }>;
}

const benches: Readonly<Record<string, Bench>> = {
  judging: { what: "cost of one judge step", usual: true, load: () => import("./judging/step.ts") },
  detection: { what: "bad scrape and pod event to patch, on real servers", usual: true, load: () => import("./detection.ts") },
  demo: { what: "npm run demo to its first rollback", usual: true, load: () => import("./demo.ts") },
  incidents: { what: "eight incidents on a real cluster, beside the neighbours", usual: false, load: () => import("./incidents.ts") },
  labelled: { what: "labelled real rollouts through the whole pipeline", usual: false, load: () => import("./labelled.ts") },
  resources: { what: "how soon a leak of memory is seen, and what is taken for one", usual: false, load: () => import("./resources.ts") },
  scenarios: { what: "every incident with twenty seeds, on a hand-moved clock", usual: false, load: () => import("./scenarios.ts") },
  status: { what: "when a rollout is over, beside kubectl and kstatus", usual: false, load: () => import("./status.ts") },
  patterns: { what: "new error patterns and grouping of lines on labelled logs", usual: false, load: () => import("./patterns.ts") },
  flood: { what: "10,000 error lines a second, on a real Elasticsearch", usual: false, load: () => import("./log-flood.ts") },
  alerts: { what: "a storm of alerts from an HA pair: lost, twice, time of the answer", usual: false, load: () => import("./alerts.ts") },
  streams: { what: "wrong rollbacks and delays on simulated streams", usual: false, load: () => import("./judging/streams.ts") },
  neighbours: { what: "our judge and fixed rules on the same streams", usual: false, load: () => import("./judging/neighbours.ts") },
};

const usage = `npm run bench [-- NAME… [-- ARGUMENT…]]

${Object.entries(benches)
  .map(([name, { what, usual }]) => `  ${name.padEnd(10)} ${what}${usual ? "" : " (only when named)"}`)
  .join("\n")}`;

const words = process.argv.slice(2);
const end = words.indexOf("--");
const [before, after] = end === -1 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
const { values, positionals } = parseArgs({ args: before, allowPositionals: true, options: { help: { type: "boolean", short: "h" } } });
const unknown = positionals.filter((name) => benches[name] === undefined);

if (values.help === true || unknown.length > 0) {
  if (unknown.length > 0) console.log(`There is no bench ${unknown.join(", ")}.\n`);
  console.log(usage);
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else {
  process.exitCode = (await runAll(positionals)) ? 0 : 1;
}

async function runAll(named: readonly string[]): Promise<boolean> {
  let met = true;
  for (const [name, bench] of Object.entries(benches)) {
    if (named.length > 0 ? !named.includes(name) : !bench.usual) continue;
    console.log(`\n${name}: ${bench.what}`);
    const { run } = await bench.load();
    const isMet = await run(after);
    if (!isMet) console.log(`${name}: a target was missed`);
    met &&= isMet;
  }
  return met;
}
