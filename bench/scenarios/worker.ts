import { parentPort } from "node:worker_threads";
import { incidents } from "../../test/scenario/incidents/all.ts";
import { play, type Played } from "../../test/scenario/incidents/play.ts";

/** One case of an incident, by its names. */
export interface Job {
  readonly id: string;
  readonly name: string;
  readonly seeds: number;
}

parentPort?.on("message", (job: Job) => {
  // A play that throws ends the worker, and with it the bench.
  void playAll(job).then((plays) => parentPort?.postMessage(plays));
});

async function playAll({ id, name, seeds }: Job): Promise<readonly Played[]> {
  const one = incidents.find((incident) => incident.id === id)?.cases.find((each) => each.name === name);
  if (one === undefined) throw new Error(`there is no case ${id} ${name}`);
  const plays: Played[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) plays.push(await play(one, seed));
  return plays;
}
