import { type Breach, breachesOf, type PastAction, pastRollbacks } from "../guards/governor.ts";
import type { GuardRecord } from "../guards/guard.ts";
import { standingOf } from "../guards/phase.ts";
import type { GuardRun } from "../guards/run.ts";
import { pastRemedies } from "../guards/remediation/past.ts";
import type { RemediationRecord } from "../guards/remediation/record.ts";
import type { Rollout } from "../model.ts";
import type { RemedyRun } from "./remediation/run.ts";

/** The guards this process knows: open ones with what was folded, ended ones as their record. */
export interface Book {
  readonly open: Map<string, GuardRun>;
  readonly ended: Map<string, GuardRecord>;
  /** The same of guards without a rollout. */
  readonly remediations: Map<string, RemedyRun>;
  readonly endedRemediations: Map<string, RemediationRecord>;
  /** Revision last seen per workload uid: what tells a new rollout from first sight. */
  readonly seen: Map<string, { readonly lastHash: string; readonly lastRevision: number }>;
}

export function emptyBook(): Book {
  return { open: new Map(), ended: new Map(), remediations: new Map(), endedRemediations: new Map(), seen: new Map() };
}

export function allRecords(book: Book): readonly GuardRecord[] {
  return [...book.ended.values(), ...[...book.open.values()].map((run) => run.record)];
}

export function allRemediations(book: Book): readonly RemediationRecord[] {
  return [...book.endedRemediations.values(), ...[...book.remediations.values()].map((run) => run.record)];
}

/** Some guard of this workload is open. */
export function isGuarded(book: Book, workloadUid: string): boolean {
  return (
    [...book.open.values()].some(({ record }) => record.rollout.workload.uid === workloadUid) ||
    [...book.remediations.values()].some(({ record }) => record.workload.uid === workloadUid)
  );
}

/** Actions that are recorded, and those of `claims` that are about to be. */
export function actionsOf(book: Book, claims: ReadonlyMap<string, PastAction> = new Map()): readonly PastAction[] {
  const recorded = [...pastRollbacks(allRecords(book)), ...pastRemedies(allRemediations(book))];
  const known = new Set(recorded.map(nameOfAction));
  return [...recorded, ...[...claims.values()].filter((claimed) => !known.has(nameOfAction(claimed)))];
}

/** Guards that found their revision bad, those of `claims` among them although their records do not say so yet. */
export function breachesIn(book: Book, claims: ReadonlyMap<string, PastAction> = new Map()): readonly Breach[] {
  const claimed = [...claims.values()].flatMap(({ guard, workloadUid, at }): readonly Breach[] => {
    const name = book.open.get(guard)?.record.rollout.workload.name;
    return name === undefined ? [] : [{ guard, name, workloadUid, at }];
  });
  return [...breachesOf(allRecords(book)), ...claimed];
}

function nameOfAction({ guard, action = "" }: PastAction): string {
  return `${guard}/${action}`;
}

/** Hashes of this workload whose guard passed, newest first. */
export function passedHashes(book: Book, workloadUid: string): readonly string[] {
  return [...book.ended.values()]
    .filter((record) => record.rollout.workload.uid === workloadUid && standingOf(record.entries).phase === "passed")
    .toSorted((one, other) => other.openedAt - one.openedAt)
    .map((record) => record.rollout.new.podTemplateHash);
}

/** The passage back that our own rollback caused: the newest guard of the workload took its revision back to just this one. */
export function isOwnRollback(book: Book, rollout: Rollout): boolean {
  if (isOfRemediation(book, rollout)) return true;
  const [newest] = allRecords(book)
    .filter((record) => record.rollout.workload.uid === rollout.workload.uid)
    .toSorted((one, other) => other.rollout.new.number - one.rollout.new.number);
  if (newest === undefined || newest.rollout.new.number >= rollout.new.number) return false;
  const standing = standingOf(newest.entries);
  const target = standing.rollback?.target ?? standing.attempted?.target;
  return target?.podTemplateHash === rollout.new.podTemplateHash;
}

/** The same for a rollback of a remediation: no other rollout of the workload was guarded since. */
function isOfRemediation(book: Book, { workload, new: revision }: Rollout): boolean {
  const began = Math.max(
    ...allRecords(book)
      .filter((record) => record.rollout.workload.uid === workload.uid)
      .map((record) => record.openedAt),
  );
  return pastRemedies(allRemediations(book)).some(
    ({ workloadUid, targetHash, at }) => workloadUid === workload.uid && targetHash === revision.podTemplateHash && at > began,
  );
}
