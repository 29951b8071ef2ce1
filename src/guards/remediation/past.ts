import type { PastAction } from "../governor.ts";
import type { RemediationRecord } from "./record.ts";
import { remedyStandingOf } from "./standing.ts";

/**
 * What remediations did as the governor counts it: all that was intended and not refused, for it may have happened. What only gives back is
 * no further action. The newest is under way until the trouble is over.
 */
export function pastRemedies(records: readonly RemediationRecord[]): readonly PastAction[] {
  return records.flatMap((record) => {
    const before = known.get(record);
    if (before !== undefined) return before;
    const actions = actionsIn(record);
    known.set(record, actions);
    return actions;
  });
}

/** A record never changes, and in a storm each of thousands of guards asks for the actions of all. */
const known = new WeakMap<RemediationRecord, readonly PastAction[]>();

function actionsIn(record: RemediationRecord): readonly PastAction[] {
  const standing = remedyStandingOf(record.entries);
  const { pending } = standing;
  const done = standing.done.map(({ action, at }) => ({ action, at }));
  const all = pending === undefined ? done : [...done, { action: pending.action, at: intendedAt(record) }];
  const isOpen = standing.finished === undefined && standing.overSince === undefined;
  return all.flatMap(({ action, at }, index): readonly PastAction[] => {
    if (action.kind === "scale" && action.purpose === "restore") return [];
    return [
      {
        guard: record.name,
        kind: action.kind,
        namespace: record.namespace,
        workloadUid: record.workload.uid,
        at,
        underWay: isOpen && index === all.length - 1,
        action: action.id,
        ...(action.kind === "rollback" ? { condemnedHash: action.judged.podTemplateHash, targetHash: action.target.podTemplateHash } : {}),
      },
    ];
  });
}

function intendedAt({ entries, openedAt }: RemediationRecord): number {
  return entries.findLast(({ kind }) => kind === "intended")?.at ?? openedAt;
}
