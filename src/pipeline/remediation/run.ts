import { type ConditionState, conditionsOf, openCondition } from "../../guards/remediation/conditions.ts";
import type { Facts } from "../../guards/remediation/ask.ts";
import type { RemediationRecord } from "../../guards/remediation/record.ts";
import { foldRemedyEntry, type RemedyStanding, remedyStandingOf } from "../../guards/remediation/standing.ts";
import type { JobFinding, Ms } from "../../model.ts";
import type { RemediationEntry, RemediationEntryBody } from "../../remediation.ts";

/** A remediation in memory: what is written down, and what was asked of its conditions, which never is. */
export interface RemedyRun {
  readonly record: RemediationRecord;
  readonly standing: RemedyStanding;
  readonly blockMs: Ms;
  readonly conditions: Readonly<Record<string, ConditionState>>;
  /** How a Job stands that `action` started: of the last one, or of one before. */
  readonly job?: { readonly action: string; readonly finding: JobFinding };
  /** What the cluster answered last for a step, and when. */
  readonly looked?: { readonly at: Ms; readonly facts: Facts };
}

export function openRemedyRun(record: RemediationRecord, blockMs: Ms): RemedyRun {
  const conditions = Object.entries(conditionsOf(record.policy)).map(
    ([name, condition]) => [name, openCondition(condition, blockMs)] as const,
  );
  return { record, standing: remedyStandingOf(record.entries), blockMs, conditions: Object.fromEntries(conditions) };
}

/** The run with one entry more. */
export function appended(run: RemedyRun, at: Ms, body: RemediationEntryBody): RemedyRun {
  const entry: RemediationEntry = { seq: run.standing.nextSeq, at, ...body };
  return {
    ...run,
    record: { ...run.record, entries: [...run.record.entries, entry] },
    standing: foldRemedyEntry(run.standing, entry),
  };
}
