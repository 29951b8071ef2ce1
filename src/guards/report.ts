import type { FinalPhase } from "../entry.ts";
import type { Ms } from "../model.ts";
import type { GuardReport } from "../report.ts";
import type { GuardRun } from "./run.ts";
import type { Served } from "./served.ts";

/** What its revision cost until now; undefined for a guard that neither braked nor rolled back. Ends as `phase`. */
export function reportOf(run: GuardRun, phase: FinalPhase, now: Ms): GuardReport | undefined {
  const { record, standing } = run;
  const { rollout } = record;
  const { brakedAt, rollback } = standing;
  if (brakedAt === undefined && rollback === undefined) return undefined;
  const causes = causesOf(run);
  const counted = Object.entries(run.served).filter(([signal, { condemned }]) => causes.has(signal) || totalOf(condemned) > 0);
  const [most] = counted.toSorted(([, one], [, other]) => badOf(other) - badOf(one));
  // Single errors beside a crash are not when it began.
  const { badSince, badUntil } = most !== undefined && causes.has(most[0]) ? most[1] : {};
  return {
    startedAt: rollout.startedAt,
    ...(badSince === undefined ? {} : { badSince }),
    ...(badUntil === undefined ? {} : { badUntil }),
    ...(brakedAt === undefined ? {} : { brakedAt }),
    ...(rollback === undefined ? {} : { rolledBackAt: rollback.at }),
    ...(rollback === undefined || phase !== "restored" ? {} : { verifiedAt: now }),
    ...(most === undefined ? {} : { served: servedOf(most[0], most[1], run) }),
  };
}

/** Signals for which it braked or rolled back. */
function causesOf({ record }: GuardRun): ReadonlySet<string> {
  const because = record.entries.flatMap((entry) => (entry.kind === "intended" || entry.kind === "withheld" ? entry.because : []));
  return new Set(because.flatMap((reason) => ("signal" in reason ? [reason.signal] : [])));
}

function totalOf({ before, after }: Served["condemned"]): number {
  return before.total + after.total;
}

function servedOf(signal: string, { condemned, old }: Served, { record, standing }: GuardRun): NonNullable<GuardReport["served"]> {
  const { rollout } = record;
  const revision = (standing.rollback?.target ?? rollout.old)?.number ?? null;
  return { signal, condemned: { revision: rollout.new.number, ...condemned }, old: { revision, ...old } };
}

function badOf({ condemned, old }: Served): number {
  return condemned.before.bad + condemned.after.bad + old.after.bad;
}
