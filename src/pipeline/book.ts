import { type Breach, breachesOf, type PastAction, pastRollbacks } from "../guards/governor.ts";
import type { GuardRecord } from "../guards/guard.ts";
import { standingOf } from "../guards/phase.ts";
import type { GuardRun } from "../guards/run.ts";
import { pastRemedies } from "../guards/remediation/past.ts";
import type { RemediationRecord } from "../guards/remediation/record.ts";
import type { Rollout } from "../model.ts";
import { type Facts, KnownGuards } from "./known-guards.ts";
import type { RemedyRun } from "./remediation/run.ts";

/** The guards this process knows: open ones with what was folded, ended ones as their record. */
export interface Book {
  readonly open: KnownGuards<GuardRun>;
  readonly ended: KnownGuards<GuardRecord>;
  /** The same of guards without a rollout. */
  readonly remediations: KnownGuards<RemedyRun>;
  readonly endedRemediations: KnownGuards<RemediationRecord>;
  /** Revision last seen per workload uid: what tells a new rollout from first sight. */
  readonly seen: Map<string, { readonly lastHash: string; readonly lastRevision: number }>;
}

export function emptyBook(): Book {
  return {
    open: new KnownGuards(({ record }) => factsOf(record)),
    ended: new KnownGuards(factsOf),
    remediations: new KnownGuards(({ record }) => factsOfRemediation(record)),
    endedRemediations: new KnownGuards(factsOfRemediation),
    seen: new Map(),
  };
}

function factsOf(record: GuardRecord): Facts {
  return {
    workloadUid: record.rollout.workload.uid,
    entries: record.entries,
    actions: () => pastRollbacks([record]),
    breaches: () => breachesOf([record]),
  };
}

function factsOfRemediation(record: RemediationRecord): Facts {
  return {
    workloadUid: record.workload.uid,
    entries: record.entries,
    actions: () => pastRemedies([record]),
    breaches: () => [],
  };
}

export function allRecords(book: Book): readonly GuardRecord[] {
  return [...book.ended.values(), ...[...book.open.values()].map((run) => run.record)];
}

function recordsOf({ ended, open }: Book, workloadUid: string): readonly GuardRecord[] {
  return [...ended.ofWorkload(workloadUid), ...open.ofWorkload(workloadUid).map((run) => run.record)];
}

/** Some guard of this workload is open. */
export function isGuarded(book: Book, workloadUid: string): boolean {
  return book.open.ofWorkload(workloadUid).length > 0 || book.remediations.ofWorkload(workloadUid).length > 0;
}

/** Actions that are recorded, and those of `claims` that are about to be. */
export function actionsOf(book: Book, claims: ReadonlyMap<string, PastAction> = new Map()): readonly PastAction[] {
  const recorded = [book.ended, book.open, book.endedRemediations, book.remediations].flatMap((guards) => guards.actions());
  const known = new Set(recorded.map(nameOfAction));
  return [...recorded, ...[...claims.values()].filter((claimed) => !known.has(nameOfAction(claimed)))];
}

/** Guards that found their revision bad, those of `claims` among them although their records do not say so yet. */
export function breachesIn(book: Book, claims: ReadonlyMap<string, PastAction> = new Map()): readonly Breach[] {
  const claimed = [...claims.values()].flatMap(({ guard, workloadUid, at }): readonly Breach[] => {
    const name = book.open.get(guard)?.record.rollout.workload.name;
    return name === undefined ? [] : [{ guard, name, workloadUid, at }];
  });
  return [...book.ended.breaches(), ...book.open.breaches(), ...claimed];
}

function nameOfAction({ guard, action = "" }: PastAction): string {
  return `${guard}/${action}`;
}

/** Hashes of this workload whose guard passed, newest first. */
export function passedHashes(book: Book, workloadUid: string): readonly string[] {
  return book.ended
    .ofWorkload(workloadUid)
    .filter((record) => standingOf(record.entries).phase === "passed")
    .toSorted((one, other) => other.openedAt - one.openedAt)
    .map((record) => record.rollout.new.podTemplateHash);
}

/** The passage back that our own rollback caused: the newest guard of the workload took its revision back to just this one. */
export function isOwnRollback(book: Book, rollout: Rollout): boolean {
  if (isOfRemediation(book, rollout)) return true;
  const [newest] = recordsOf(book, rollout.workload.uid).toSorted((one, other) => other.rollout.new.number - one.rollout.new.number);
  if (newest === undefined || newest.rollout.new.number >= rollout.new.number) return false;
  const standing = standingOf(newest.entries);
  const target = standing.rollback?.target ?? standing.attempted?.target;
  return target?.podTemplateHash === rollout.new.podTemplateHash;
}

/** The same for a rollback of a remediation: no other rollout of the workload was guarded since. */
function isOfRemediation(book: Book, { workload, new: revision }: Rollout): boolean {
  const began = Math.max(...recordsOf(book, workload.uid).map((record) => record.openedAt));
  return [...book.endedRemediations.actions(), ...book.remediations.actions()].some(
    ({ workloadUid, targetHash, at }) => workloadUid === workload.uid && targetHash === revision.podTemplateHash && at > began,
  );
}
