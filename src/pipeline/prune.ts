import { sentence } from "../errors.ts";
import { countedMs, pastRollbacks } from "../guards/governor.ts";
import type { Flow } from "./flow.ts";

/** Ended guards kept per workload: known-bad revisions and passed revisions are read from them. */
const keptPerWorkload = 10;

/** Forgets and deletes the oldest ended guards of one workload, but for those whose rollback the governor still counts. */
export async function pruneEnded(workloadUid: string, { book, edges, settings }: Flow): Promise<void> {
  const ended = [...book.ended.values()].filter((record) => record.rollout.workload.uid === workloadUid);
  const old = ended.toSorted((one, other) => other.openedAt - one.openedAt).slice(keptPerWorkload);
  const now = edges.now();
  const counted = new Set(pastRollbacks(old).flatMap(({ guard, at }) => (now - at < countedMs(settings.limits) ? [guard] : [])));
  for (const { name } of old) if (!counted.has(name)) book.ended.delete(name);
  try {
    await edges.journal.prune(workloadUid, keptPerWorkload, counted);
  } catch (error) {
    edges.log.warn({ workloadUid, error: sentence(error) }, "old guards could not be deleted");
  }
}
