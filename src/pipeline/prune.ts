import { sentence } from "../errors.ts";
import type { Flow } from "./flow.ts";

/** Ended guards kept per workload: known-bad revisions, cooldown and passed revisions are read from them. */
const keptPerWorkload = 10;

/** Forgets and deletes the oldest ended guards of one workload. */
export async function pruneEnded(workloadUid: string, { book, edges }: Flow): Promise<void> {
  const ended = [...book.ended.values()].filter((record) => record.rollout.workload.uid === workloadUid);
  const old = ended.toSorted((one, other) => other.openedAt - one.openedAt).slice(keptPerWorkload);
  for (const { name } of old) book.ended.delete(name);
  try {
    await edges.journal.prune(workloadUid, keptPerWorkload);
  } catch (error) {
    edges.log.warn({ workloadUid, error: sentence(error) }, "old guards could not be deleted");
  }
}
