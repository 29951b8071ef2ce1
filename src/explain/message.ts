import type { Entry, Message } from "../entry.ts";
import type { GuardRecord, GuardSummary } from "../guards/guard.ts";
import { incidentStep } from "./incident.ts";
import { shortName } from "./names.ts";
import { nextStep } from "./next.ts";
import { duration, timeOfDay } from "./numbers.ts";
import { linksOf } from "./quotes.ts";
import { explainReason, headline } from "./reason.ts";
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
  const { workload } = record.rollout;
  const resolved = entry.kind !== "finished" || entry.phase !== "unresolved";
  const steps = [nextStep(record, told.kind, told.because, summary.braked, resolved), incidentStep(record, entry)];
  const next = steps.filter((step) => step !== "").join(" ");
  return {
    id: `${record.name}-${entry.seq}`,
    guard: record.name,
    workload,
    cluster,
    at: entry.at,
    kind: told.kind,
    severity: told.severity,
    title: `[${cluster}] ${shortName(workload)} ${told.head}${told.because.length === 0 ? "" : `: ${headlines(told)}`}`,
    text: [
      `${told.what} Cluster ${cluster}.`,
      ...told.because.map((reason) => `- ${explainReason(reason)}.`),
      ...linksOf(told.because).map((line) => `- ${line}`),
      sinceWhen(record, entry),
      ...(next === "" ? [] : [next]),
    ].join("\n"),
    because: told.because,
    next,
    phase: summary.phase,
    openedAt: record.openedAt,
    ...(externalUrl === undefined ? {} : { link: `${externalUrl.replace(/\/+$/, "")}/api/v1/guards/${record.name}` }),
  };
}

/** The first reason; of what was withheld the last one too, which says why. */
function headlines({ kind, because }: Told): string {
  const shown = kind === "withheld" && because.length > 1 ? [...because.slice(0, 1), ...because.slice(-1)] : because.slice(0, 1);
  return shown.map(headline).join("; ");
}

function sinceWhen(record: GuardRecord, entry: Entry): string {
  const { startedAt, changedBy } = record.rollout;
  const by = changedBy === undefined ? "" : `, by a change of ${changedBy}`;
  const after = Math.max(0, entry.at - startedAt);
  return `At ${timeOfDay(entry.at)}, ${duration(after)} after the rollout began at ${timeOfDay(startedAt)}${by}. Guard ${record.name}.`;
}
