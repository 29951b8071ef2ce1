// node bench/main.ts labelled -- DIR: labelled real rollouts through the whole pipeline.
import { access, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { changeRcaRuns } from "./labelled/changerca.ts";
import { explain, isWrong } from "./labelled/explain.ts";
import { kontrastRuns } from "./labelled/kontrast.ts";
import type { LabelledRun, LabelledSet } from "./labelled/labelled-set.ts";
import { nezhaRuns } from "./labelled/nezha.ts";
import { petshopRuns } from "./labelled/petshop.ts";
import { decisionLine, printRun } from "./labelled/report.ts";
import { replay, type Replayed } from "./labelled/replay.ts";
import { labelledSettings } from "./labelled/settings.ts";

const sets: Readonly<Record<string, LabelledSet>> = {
  changerca: { folder: "changerca", runs: changeRcaRuns },
  petshop: { folder: "petshop", runs: petshopRuns },
  "nezha-ob": { folder: "nezha-onlineboutique", runs: (folder) => nezhaRuns("nezha-ob", folder) },
  "nezha-tt": { folder: "nezha-trainticket", runs: (folder) => nezhaRuns("nezha-tt", folder) },
  kontrast: { folder: "kontrast-aiops2018", runs: kontrastRuns },
};

interface Options {
  readonly out: string;
  readonly only: string | undefined;
  readonly explains: boolean;
}

/**
 * `DIR [--explain] [--set SET]… [--only CASE] [--out FOLDER]`: DIR holds the data sets. Without DIR nothing is measured and nothing missed.
 * Decisions go to FOLDER, by default a new temporary one: they are derived from data that must not come into the repository. Returns whether
 * the targets were met; a set that nobody gave targets is shown without.
 */
export async function run(args: readonly string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      explain: { type: "boolean", default: false },
      set: { type: "string", multiple: true, default: Object.keys(sets) },
      only: { type: "string" },
      out: { type: "string" },
    },
  });
  const unknown = values.set.filter((name) => sets[name] === undefined);
  if (unknown.length > 0) throw new Error(`there is no set ${unknown.join(", ")}; there are ${Object.keys(sets).join(", ")}`);
  const [folder] = positionals;
  if (folder === undefined) {
    console.log("skipped: no data");
    return true;
  }
  const out = values.out ?? (await mkdtemp(join(tmpdir(), "rearguard-labelled-")));
  await mkdir(out, { recursive: true });
  let met = true;
  for (const name of values.set) {
    const set = sets[name];
    if (set === undefined) continue;
    const path = join(folder, set.folder);
    if (!(await exists(path))) {
      console.log(`\n${name}: skipped: no data`);
      continue;
    }
    const began = performance.now();
    const held = await replayRuns(await set.runs(path), { out, only: values.only, explains: values.explain });
    met &&= held;
    console.log(`\n${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
  console.log(`\ndecisions: ${out}`);
  return met;
}

async function replayRuns(runs: readonly LabelledRun[], { out, only, explains }: Options): Promise<boolean> {
  const settings = await labelledSettings();
  const explained = new Set<string>();
  let met = true;
  for (const { title, file, lines, counts, cases } of runs) {
    const replayed: Replayed[] = [];
    for (const { given, policy } of cases()) {
      if (only === undefined || given.name === only) replayed.push(...(await replay(given, policy, settings)));
    }
    if (replayed.length === 0) continue;
    const held = printRun(title, replayed, lines);
    if (counts) met &&= held;
    const news = replayed
      .filter(isWrong)
      .map(explain)
      .filter((line) => !explained.has(line));
    if (explains) for (const line of news) console.log(`    ${line}`);
    for (const line of news) explained.add(line);
    await writeFile(join(out, `${file}.jsonl`), `${replayed.map(decisionLine).join("\n")}\n`);
  }
  return met;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
