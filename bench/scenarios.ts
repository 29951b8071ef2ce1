// node bench/main.ts scenarios: every incident of test/scenario/incidents with twenty seeds each.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { incidents } from "../test/scenario/incidents/all.ts";
import type { Played } from "../test/scenario/incidents/play.ts";
import { type Score, scoreOf, wordsOf } from "../test/scenario/incidents/score.ts";
import type { Job } from "./scenarios/worker.ts";

/** `[--seeds 20] [--only D06]`. True when each case went right in 19 of 20 plays and nothing happened that never must. */
export async function run(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { seeds: { type: "string", default: "20" }, only: { type: "string" } } });
  const seeds = Number(values.seeds);
  if (!(Number.isInteger(seeds) && seeds > 0)) throw new RangeError(`--seeds ${values.seeds}: a whole number, at least 1, is wanted`);
  const chosen = incidents.filter(({ id }) => values.only === undefined || id === values.only);
  const jobs = chosen.flatMap(({ id, cases }) => cases.map(({ name }): Job => ({ id, name, seeds })));
  if (jobs.length === 0) throw new RangeError(`--only ${values.only}: one of ${incidents.map(({ id }) => id).join(", ")} is wanted`);
  const waiting = jobs.values();
  let met = true;
  const work = async () => {
    const worker = new Worker(new URL("./scenarios/worker.ts", import.meta.url));
    try {
      for (const job of waiting) {
        const plays = await playIn(worker, job);
        const score = scoreOf(plays);
        console.log(lineOf(job, score));
        for (const { seed, wrong } of plays) if (wrong !== undefined) console.log(`    seed ${seed}: ${wrong}`);
        met &&= score.met;
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work));
  return met;
}

function playIn(worker: Worker, job: Job): Promise<readonly Played[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Played[]>();
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.postMessage(job);
  return promise.finally(() => {
    worker.off("message", resolve);
    worker.off("error", reject);
  });
}

function lineOf({ id, name }: Job, { right, of, violated, slowestS, met }: Score): string {
  const expected = incidents.find((incident) => incident.id === id)?.cases.find((one) => one.name === name)?.expected;
  const slowest = slowestS === undefined ? "" : `; slowest ${slowestS} s`;
  const never = expected?.action === "none" ? `; taken back in ${violated} (target 0)` : "";
  return `${met ? "  " : "! "}${id.padEnd(5)}${name}: ${expected === undefined ? "" : wordsOf(expected)}: ${right}/${of} (target >= 95 %)${slowest}${never}`;
}
