import type { PastRollback } from "../governor.ts";
import type { RemediationRecord } from "./record.ts";
import { remedyStandingOf } from "./standing.ts";

/** Rollbacks of remediations as the governor counts them: every one that was intended and not refused, for it may have happened. */
export function pastRemedyRollbacks(records: readonly RemediationRecord[]): readonly PastRollback[] {
  return records.flatMap(({ name, namespace, workload, entries }) => {
    const standing = remedyStandingOf(entries);
    const pending = standing.pending === undefined ? [] : [{ action: standing.pending.action, at: pendingSince(entries) }];
    return [...standing.done, ...pending].flatMap(({ action, at }) => {
      if (action.kind !== "rollback") return [];
      const { judged, target } = action;
      return [
        {
          guard: name,
          namespace,
          workloadUid: workload.uid,
          at,
          underWay: standing.finished === undefined,
          condemnedHash: judged.podTemplateHash,
          targetHash: target.podTemplateHash,
        },
      ];
    });
  });
}

function pendingSince(entries: RemediationRecord["entries"]): number {
  return entries.findLast(({ kind }) => kind === "intended")?.at ?? 0;
}
