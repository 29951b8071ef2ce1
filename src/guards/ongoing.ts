import type { Phase } from "../entry.ts";
import type { Ms } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { RequestCounts } from "../report.ts";
import { type AnyRecord, isRemediation, type RemediationRecord } from "./remediation/record.ts";
import type { RemedyStanding } from "./remediation/standing.ts";
import { type GuardRun, isSeenByCallers } from "./run.ts";

/** Lately: the last five minutes. */
const LATELY_MS: Ms = 300_000;

/** Trouble that goes on: since when, why, and how requests fare. */
export interface Ongoing {
  readonly since: Ms;
  readonly because: readonly Reason[];
  readonly rolledBackAt?: Ms;
  /** All requests of the workload lately, as its pods count them; absent where nothing counts them. */
  readonly lately?: RequestCounts & { readonly overMs: Ms };
  /** Names of alerts whose end will show that it helped. */
  readonly awaits: readonly string[];
}

/** A guard that acts, would act or has acted, and is not over. Undefined where all is well so far. */
export function troubleOf(run: GuardRun, now: Ms): Ongoing | undefined {
  const { standing, record } = run;
  if (standing.finished !== undefined || !(standing.braked || isBad(standing.phase))) return undefined;
  const first = record.entries.find((entry) => ["intended", "announced", "withheld", "held"].includes(entry.kind));
  const because = (standing.rollback ?? standing.attempted)?.because ?? (first !== undefined && "because" in first ? first.because : []);
  const lately = latelyOf(run, now);
  return {
    since: first?.at ?? record.openedAt,
    because,
    ...(standing.rollback === undefined ? {} : { rolledBackAt: standing.rollback.at }),
    ...(lately === undefined ? {} : { lately: { ...lately, overMs: LATELY_MS } }),
    awaits: [...new Set(because.flatMap((reason) => (reason.code === "alert" ? [reason.name] : [])))],
  };
}

/** The same of a guard without a rollout. */
export function remedyTroubleOf(record: RemediationRecord, { phase, finished, overSince }: RemedyStanding): Ongoing | undefined {
  // What is only still to be given back troubles nobody.
  if (finished !== undefined || overSince !== undefined || !isBad(phase)) return undefined;
  const last = record.entries.findLast((entry) => entry.kind === "intended" || entry.kind === "withheld");
  const awaits = [...new Set(record.alerts.flatMap(({ labels }) => labels["alertname"] ?? []))];
  return { since: record.openedAt, because: last !== undefined && "because" in last ? last.because : [], awaits };
}

/** Names of alerts that fire, as far as this guard was told: it waits for their ends. */
export function firingIn(record: AnyRecord): readonly string[] {
  const alerts = isRemediation(record) ? record.alerts : Object.values(record.alerts ?? {}).flat();
  return alerts.flatMap(({ labels, endsAt }) => (endsAt === undefined ? (labels["alertname"] ?? []) : []));
}

function isBad(phase: Phase): boolean {
  return phase === "breached" || phase === "acting" || phase === "verifying";
}

/** By the signal of errors that saw most requests; of new and old pods together. */
function latelyOf(run: GuardRun, now: Ms): RequestCounts | undefined {
  const counts = Object.entries(run.counted).flatMap(([name, { audit }]) => {
    const signal = run.signals[name];
    if (signal?.kind !== "http-errors" || isSeenByCallers(signal)) return [];
    const blocks = audit.filter(({ at }) => at > now - LATELY_MS);
    return [
      {
        total: blocks.reduce((sum, block) => sum + block.newTotal + block.oldTotal, 0),
        bad: blocks.reduce((sum, block) => sum + block.newBad + block.oldBad, 0),
      },
    ];
  });
  return counts.filter(({ total }) => total > 0).toSorted((one, other) => other.total - one.total)[0];
}
