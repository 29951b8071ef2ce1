import type { Entry, Message } from "../entry.ts";
import type { GuardRecord, GuardSummary } from "../guards/guard.ts";
import { compose } from "./compose.ts";
import { incidentStep } from "./incident.ts";
import { nextStep } from "./next.ts";
import { duration, timeOfDay } from "./numbers.ts";
import { tell } from "./told.ts";
import type { Told } from "./told.ts";

/**
 * The message for people about one entry, or undefined when the entry is nobody's news (an intent, a completed rollout, a
 * finished drain: the next entry tells). `summary` is the guard's state after this entry, `externalUrl` where people reach our API.
 */
export function messageOf(
  record: GuardRecord,
  entry: Entry,
  summary: Pick<GuardSummary, "phase" | "braked">,
  cluster: string,
  externalUrl?: string,
): Message | undefined {
  const told = tell(record, entry, summary.braked);
  if (told === undefined) return undefined;
  const resolved = entry.kind !== "finished" || entry.phase !== "unresolved";
  return compose({
    guard: { name: record.name, workload: record.rollout.workload, openedAt: record.openedAt },
    entry,
    told,
    heads: headsOf(told),
    when: sinceWhen(record, entry),
    next: [nextStep(record, told.kind, told.because, summary.braked, resolved), incidentStep(record, entry)],
    phase: summary.phase,
    cluster,
    externalUrl,
  });
}

/** The first reason; of what was withheld the last one too, which says why. */
function headsOf({ kind, because }: Told): Told["because"] {
  return kind === "withheld" && because.length > 1 ? [...because.slice(0, 1), ...because.slice(-1)] : because.slice(0, 1);
}

function sinceWhen(record: GuardRecord, entry: Entry): string {
  const { startedAt, changedBy } = record.rollout;
  const by = changedBy === undefined ? "" : `, by a change of ${changedBy}`;
  const after = Math.max(0, entry.at - startedAt);
  return `At ${timeOfDay(entry.at)}, ${duration(after)} after the rollout began at ${timeOfDay(startedAt)}${by}. Guard ${record.name}.`;
}
