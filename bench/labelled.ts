// node bench/main.ts labelled -- DIR: labelled real rollouts through the whole pipeline.
import { access, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { changeRcaCase, readChangeRca } from "./labelled/changerca.ts";
import { explain, isWrong } from "./labelled/explain.ts";
import { decisionLine, printRun } from "./labelled/report.ts";
import { replay, type Replayed } from "./labelled/replay.ts";
import type { Trouble } from "./labelled/replay-case.ts";
import { labelledPolicy, labelledSettings } from "./labelled/settings.ts";

const factors = [1, 0.1, 10];
/** Half of the runs each: the data does not say how the pods that never answered looked. */
const troubles: readonly Trouble[] = ["crash-loop", "never-ready"];

/** Sets beside it in DIR, so that nobody takes their absence for a pass. */
const notReplayed = {
  kontrast: "one plain value a minute, neither counters nor pods; no signal judges a value by its own past",
  petshop: "five-minute figures of whole services, without pods or rollouts; not built yet",
  nezha: "faults in running pods, without rollouts, known by latency and log lines; not built yet",
};

/**
 * `DIR [--explain] [--only CASE] [--out FOLDER]`: DIR holds the data sets. Without DIR nothing is measured and nothing missed. Decisions
 * go to FOLDER, by default a new temporary one: they are derived from data that must not come into the repository. Returns whether the
 * targets were met at the traffic that the data had; less and more traffic are shown beside it.
 */
export async function run(args: readonly string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { explain: { type: "boolean", default: false }, only: { type: "string" }, out: { type: "string" } },
  });
  const [folder] = positionals;
  if (folder === undefined || !(await exists(join(folder, "changerca")))) {
    console.log("skipped: no data");
    return true;
  }
  const out = values.out ?? (await mkdtemp(join(tmpdir(), "rearguard-labelled-")));
  await mkdir(out, { recursive: true });
  const { experiments, truth } = await readChangeRca(join(folder, "changerca"));
  const chosen = experiments.filter((experiment) => values.only === undefined || experiment.case === values.only);
  if (chosen.length === 0) throw new Error(`there is no case ${values.only ?? ""}`);
  const [policy, settings] = [labelledPolicy(), await labelledSettings()];
  let met = true;
  for (const factor of factors) {
    const explained = new Set<string>();
    for (const trouble of troubles) {
      const replayed: Replayed[] = [];
      for (const experiment of chosen)
        replayed.push(...(await replay(changeRcaCase(experiment, truth, factor, trouble), policy, settings)));
      const held = printRun(`changerca, ${factor} x requests, T3 ${trouble}`, replayed);
      if (factor === 1) met &&= held;
      const news = replayed
        .filter(isWrong)
        .map(explain)
        .filter((line) => !explained.has(line));
      if (values.explain) for (const line of news) console.log(`    ${line}`);
      for (const line of news) explained.add(line);
      await writeFile(join(out, `changerca-${factor}x-${trouble}.jsonl`), `${replayed.map(decisionLine).join("\n")}\n`);
    }
  }
  for (const [set, why] of Object.entries(notReplayed)) console.log(`\n${set}: not replayed: ${why}`);
  console.log(`\ndecisions: ${out}`);
  return met;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
