import { sentence } from "../errors.ts";
import { countedMs, pastRollbacks } from "../guards/governor.ts";
import { pastRemedies } from "../guards/remediation/past.ts";
import type { Flow } from "./flow.ts";

/** Ended guards kept per workload, of each kind: known-bad revisions and passed revisions are read from them. */
const keptPerWorkload = 10;

/** Forgets and deletes the oldest ended guards of one workload, but for those whose actions the governor still counts. */
export async function pruneEnded(workloadUid: string, { book, edges, settings }: Flow): Promise<void> {
  const rollouts = oldest([...book.ended.values()].filter((record) => record.rollout.workload.uid === workloadUid));
  const remediations = oldest([...book.endedRemediations.values()].filter((record) => record.workload.uid === workloadUid));
  const now = edges.now();
  const spanMs = countedMs(settings.limits);
  const actions = [...pastRollbacks(rollouts), ...pastRemedies(remediations)];
  const counted = new Set(actions.flatMap(({ guard, at }) => (now - at < spanMs ? [guard] : [])));
  for (const { name } of rollouts) if (!counted.has(name)) book.ended.delete(name);
  for (const { name } of remediations) if (!counted.has(name)) book.endedRemediations.delete(name);
  try {
    await edges.journal.prune(workloadUid, keptPerWorkload, counted);
  } catch (error) {
    edges.log.warn({ workloadUid, error: sentence(error) }, "old guards could not be deleted");
  }
}

function oldest<T extends { readonly openedAt: number }>(records: readonly T[]): readonly T[] {
  return records.toSorted((one, other) => other.openedAt - one.openedAt).slice(keptPerWorkload);
}
