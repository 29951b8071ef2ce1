import type { GuardAlert } from "../../alert.ts";
import type { Ms, WorkloadRef } from "../../model.ts";
import type { Reason } from "../../reason.ts";
import type { RemediationEntry, Trigger } from "../../remediation.ts";
import type { Remediation } from "../../policies/remediation.ts";
import type { GuardRecord } from "../guard.ts";

/** What is written down about a guard without a rollout (the same custom resource). */
export interface RemediationRecord {
  /** A hash of workload uid, policy and what triggered it, so that opening twice is a conflict. */
  readonly name: string;
  readonly namespace: string;
  readonly openedAt: Ms;
  readonly workload: WorkloadRef;
  readonly trigger: Trigger;
  /** As it was when the guard opened. */
  readonly policy: Remediation;
  /** Append-only; where the guard stands follows from these and the policy. */
  readonly entries: readonly RemediationEntry[];
  /** Every firing that this guard answers, its own trigger included; none without an alert. */
  readonly alerts: readonly GuardAlert[];
  readonly toldThrough: number;
  readonly handles?: Readonly<Record<string, string>>;
}

/** What the journal keeps. */
export type AnyRecord = GuardRecord | RemediationRecord;

export function isRemediation(record: AnyRecord): record is RemediationRecord {
  return "trigger" in record;
}

export function workloadOfRecord(record: AnyRecord): WorkloadRef {
  return isRemediation(record) ? record.workload : record.rollout.workload;
}

export function isFinished({ entries }: AnyRecord): boolean {
  return entries.some((entry) => entry.kind === "finished");
}

/** As it is written first; the same again from what was written of it. */
export function openRemediation(of: Pick<RemediationRecord, "name" | "workload" | "trigger" | "policy">, now: Ms): RemediationRecord {
  const { trigger } = of;
  return {
    ...of,
    namespace: of.workload.namespace,
    openedAt: now,
    entries: [{ seq: 0, at: now, kind: "opened", because: causeOf(trigger, now) }],
    alerts: trigger.kind === "alert" ? [trigger.alert] : [],
    toldThrough: 0,
  };
}

function causeOf(trigger: Trigger, now: Ms): readonly Reason[] {
  switch (trigger.kind) {
    case "alert":
      return [firesOf(trigger.alert, 0, now)];
    case "schedule":
      return [{ code: "schedule-due", cron: trigger.cron, timeZone: trigger.timeZone, due: trigger.due }];
    case "manual":
      return [{ code: "ordered", by: trigger.by, reason: trigger.reason }];
  }
}

export function firesOf({ labels, summary, startsAt }: GuardAlert, others: number, now: Ms): Reason {
  const { alertname: name = "", ...rest } = labels;
  return { code: "alert-fires", name, labels: rest, summary, since: startsAt, forMs: Math.max(0, now - startsAt), others };
}
