import { sentence } from "../errors.ts";
import type { Flow } from "./flow.ts";

/** Ended guards kept per workload, of each kind: known-bad revisions, cooldown and passed revisions are read from them. */
const keptPerWorkload = 10;

/** Forgets and deletes the oldest ended guards of one workload. */
export async function pruneEnded(workloadUid: string, { book, edges }: Flow): Promise<void> {
  const ended = [...book.ended.values()].filter((record) => record.rollout.workload.uid === workloadUid);
  const old = ended.toSorted((one, other) => other.openedAt - one.openedAt).slice(keptPerWorkload);
  for (const { name } of old) book.ended.delete(name);
  const remediations = [...book.endedRemediations.values()].filter((record) => record.workload.uid === workloadUid);
  const oldOnes = remediations.toSorted((one, other) => other.openedAt - one.openedAt).slice(keptPerWorkload);
  for (const { name } of oldOnes) book.endedRemediations.delete(name);
  try {
    await edges.journal.prune(workloadUid, keptPerWorkload);
  } catch (error) {
    edges.log.warn({ workloadUid, error: sentence(error) }, "old guards could not be deleted");
  }
}
