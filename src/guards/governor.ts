import type { Entry } from "../entry.ts";
import type { Ms, Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { RemedyKind } from "../remediation.ts";
import { countRules, HOUR } from "./governor-counts.ts";
import { markRules } from "./governor-marks.ts";
import { stopRules } from "./governor-stops.ts";
import type { GuardRecord } from "./guard.ts";
import { isOrdered } from "./ordered.ts";
import { standingOf } from "./phase.ts";

/** How often actions of one sort may be done, whatever the evidence. */
export interface KindLimits {
  /** Quiet time on one workload after the same kind of action by another guard. */
  readonly cooldownMs: Ms;
  readonly perHour: { readonly workload: number; readonly namespace: number; readonly cluster: number };
  /** Under way at once, not yet verified. */
  readonly concurrent: number;
  /** So many guards doing the same to one workload within this time: it is left to a person. */
  readonly flap: { readonly times: number; readonly withinMs: Ms };
}

/** How often Rearguard may act on its own, whatever the evidence (docs/settings.md: governor). */
export interface GovernorLimits {
  readonly killSwitch: boolean;
  readonly rollback: KindLimits;
  /** Of scaling, restarts and Jobs: counted together, but for the cool-down and the flap of each kind. */
  readonly remedy: KindLimits;
  /** So many workloads of different names that breach within this time: their revisions are hardly to blame. */
  readonly sharedCause: { readonly workloads: number; readonly withinMs: Ms };
  /** Ready pods that every action must leave. */
  readonly minReady: number;
}

/** An action of the past, as the governor counts it: intended and not refused, also one whose receipt a crash swallowed. */
export interface PastAction {
  readonly guard: string;
  readonly kind: RemedyKind;
  readonly namespace: string;
  readonly workloadUid: string;
  readonly at: Ms;
  readonly underWay: boolean;
  /** Id of the action, where its guard may do more than one. */
  readonly action?: string;
  /** Of a rollback: the revision that was taken back, and the one that was put in its place. */
  readonly condemnedHash?: string;
  readonly targetHash?: string;
}

/** A guard that found its revision bad; `at`: the last that its record says of it. */
export interface Breach {
  readonly guard: string;
  readonly name: string;
  readonly workloadUid: string;
  readonly at: Ms;
}

/** All action was paused by a person. */
export interface Pause {
  readonly by: string;
  readonly reason: string;
  readonly at: Ms;
}

/** What people ordered of all action together. */
export interface GovernorState {
  readonly pause?: Pause;
  /** Why it is not known whether a person has paused all action: nothing is done then. */
  readonly unknown?: string;
}

/** Everything the governor looks at; nothing else counts. */
export interface GovernorAsk {
  readonly guard: string;
  readonly kind: RemedyKind;
  /** As re-read now. */
  readonly workload: Workload;
  readonly past: readonly PastAction[];
  readonly limits: GovernorLimits;
  readonly state: GovernorState;
  readonly now: Ms;
  /** Id of the action once it is intended: it is not counted against itself. A rollback is never counted against its own guard. */
  readonly action?: string;
  readonly breaches?: readonly Breach[];
  /** Of a rollback: hash of the revision that would be taken back. */
  readonly condemns?: string;
  /** Pods that would still be ready, where the action takes any away. */
  readonly readyAfter?: number;
  /** It puts back what we changed ourselves: only what stops all action holds that up. */
  readonly undoes?: true;
}

/** One rule: why this must not be done now; undefined where it has nothing against it. */
export type GovernorRule = (ask: GovernorAsk) => Reason | undefined;

// What stops everything comes first, then what stands on the workload, then what was done before.
const rules: readonly GovernorRule[] = [...stopRules, ...markRules, ...countRules];

/** Why this action must not be done now; undefined when it may. Pure: the same ask gives the same answer. */
export function forbidsAction(ask: GovernorAsk): Reason | undefined {
  for (const rule of rules) {
    const reason = rule(ask);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** What counts withheld actions apart: the governor's rule, else the code of the reason. */
export function ruleOf(reason: Reason): string {
  return reason.code === "governor" ? reason.rule : reason.code;
}

/** Every rollback that was intended and not refused, also one that failed or whose receipt a crash swallowed: it may have happened. */
export function pastRollbacks(records: readonly GuardRecord[]): readonly PastAction[] {
  return records.flatMap((record) => {
    const tries = record.entries.filter((entry) => entry.kind === "intended" && mayHaveHappened(entry, record.entries));
    const last = tries.at(-1);
    if (last?.kind !== "intended" || last.action.kind !== "rollback") return [];
    const { rollback, finished } = standingOf(record.entries);
    return [
      {
        guard: record.name,
        kind: "rollback",
        namespace: record.namespace,
        workloadUid: record.rollout.workload.uid,
        // Its answer may bear an earlier time than its intent, when the clock was set back between them.
        at: Math.max(...tries.map(({ at }) => at), rollback?.at ?? 0),
        underWay: finished === undefined,
        condemnedHash: record.rollout.new.podTemplateHash,
        targetHash: last.action.target.podTemplateHash,
      },
    ];
  });
}

/** That a later try was refused says nothing of this one. */
function mayHaveHappened({ action, seq }: Extract<Entry, { kind: "intended" }>, entries: readonly Entry[]): boolean {
  if (action.kind !== "rollback") return false;
  const answer = entries.find(
    (entry) =>
      entry.seq > seq &&
      ((entry.kind === "receipt" && entry.receipt.action === action.id) || (entry.kind === "withheld" && entry.action === "rollback")),
  );
  return answer?.kind === "receipt" ? !["refused", "dry-run"].includes(answer.receipt.outcome) : answer === undefined;
}

/** Guards that found their revision bad, whatever came of it. One that was restored counts from its rollback, one unresolved from its end. */
export function breachesOf(records: readonly GuardRecord[]): readonly Breach[] {
  return records.flatMap((record) => {
    // What a policy only tells of ends unresolved as well, and condemns no revision.
    const onlyTells = record.entries.some(isNotice) && !record.entries.some((entry) => entry.kind !== "finished" && isBreach(entry));
    const last = onlyTells ? undefined : record.entries.findLast(isBreach);
    const { uid, name } = record.rollout.workload;
    return last === undefined ? [] : [{ guard: record.name, name, workloadUid: uid, at: last.at }];
  });
}

function isBreach(entry: Entry): boolean {
  if (entry.kind === "announced") return true;
  if (entry.kind === "intended") return entry.action.kind === "rollback" && !isOrdered(entry.because);
  if (entry.kind === "withheld") return entry.action === "rollback" && !isOrdered(entry.because) && !isNotice(entry);
  // A guard that ends because it cannot judge has found nothing bad.
  return entry.kind === "finished" && entry.phase === "unresolved" && !entry.because.some(({ code }) => code === "no-usable-data");
}

function isNotice(entry: Entry): boolean {
  return entry.kind === "withheld" && entry.because.some(({ code }) => code === "policy-only-notifies");
}

/** How long after an action some rule may still count it. */
export function countedMs({ rollback, remedy }: GovernorLimits): Ms {
  return Math.max(HOUR, ...[rollback, remedy].flatMap(({ cooldownMs, flap }) => [cooldownMs, flap.withinMs]));
}

/** Revisions of this workload that were taken back: never a target again. */
export function knownBad(past: readonly PastAction[], workloadUid: string): ReadonlySet<string> {
  return new Set(past.flatMap((action) => (action.workloadUid === workloadUid ? (action.condemnedHash ?? []) : [])));
}
