import type { Ms, Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { GuardRecord } from "./guard.ts";
import { standingOf } from "./phase.ts";

/** How often Rearguard may act on its own, whatever the evidence (docs/architecture.md). */
export interface GovernorLimits {
  readonly killSwitch: boolean;
  /** Quiet time on one workload after a rollback of it. */
  readonly cooldownMs: Ms;
  readonly rollbacksPerHour: { readonly namespace: number; readonly cluster: number };
  /** Rollbacks under way at once, not yet verified. */
  readonly concurrent: number;
}

/** A rollback of the past, as the governor counts it. */
export interface PastRollback {
  readonly guard: string;
  readonly namespace: string;
  readonly workloadUid: string;
  readonly at: Ms;
  readonly underWay: boolean;
  readonly condemnedHash: string;
  readonly targetHash: string;
}

const HOUR: Ms = 3_600_000;
const unsafeAnnotation = "rearguard.dev/rollback";

export const killSwitch: Reason = withheld("kill-switch", "governor.killSwitch is on: nothing is changed in the cluster");

/** Every rollback that was intended and not refused, also one that failed or whose receipt a crash swallowed: it may have happened. */
export function pastRollbacks(records: readonly GuardRecord[]): readonly PastRollback[] {
  return records.flatMap((record) => {
    const intended = record.entries.findLast((entry) => entry.kind === "intended" && entry.action.kind === "rollback");
    if (intended?.kind !== "intended" || intended.action.kind !== "rollback") return [];
    const standing = standingOf(record.entries);
    if (standing.rollback === undefined && standing.attempted === undefined) return [];
    return [
      {
        guard: record.name,
        namespace: record.namespace,
        workloadUid: record.rollout.workload.uid,
        at: standing.rollback?.at ?? intended.at,
        underWay: standing.finished === undefined,
        condemnedHash: record.rollout.new.podTemplateHash,
        targetHash: intended.action.target.podTemplateHash,
      },
    ];
  });
}

/** Why a rollback of this workload must not happen now; undefined when it may. Counts only other guards' rollbacks. */
export function forbidsRollback(ask: {
  readonly guard: string;
  readonly workload: Workload;
  readonly past: readonly PastRollback[];
  readonly limits: GovernorLimits;
  readonly now: Ms;
}): Reason | undefined {
  const { workload, limits, now } = ask;
  const past = ask.past.filter((rollback) => rollback.guard !== ask.guard);
  if (limits.killSwitch) return killSwitch;
  if (workload.annotations[unsafeAnnotation] === "unsafe") {
    return { code: "marked-unsafe", annotation: `${unsafeAnnotation}: unsafe` };
  }
  const same = past.filter((rollback) => rollback.workloadUid === workload.ref.uid);
  const last = Math.max(...same.map((rollback) => rollback.at));
  if (now - last < limits.cooldownMs) {
    return withheld("cooldown", `this workload was rolled back ${minutes(now - last)} ago; cooldown ${minutes(limits.cooldownMs)}`);
  }
  const recent = past.filter((rollback) => now - rollback.at < HOUR);
  const here = recent.filter((rollback) => rollback.namespace === workload.ref.namespace).length;
  if (here >= limits.rollbacksPerHour.namespace) {
    return withheld(
      "namespace-cap",
      `${here} rollbacks in namespace ${workload.ref.namespace} in the last hour; at most ${limits.rollbacksPerHour.namespace}`,
    );
  }
  if (recent.length >= limits.rollbacksPerHour.cluster) {
    return withheld(
      "cluster-cap",
      `${recent.length} rollbacks in this cluster in the last hour; at most ${limits.rollbacksPerHour.cluster}`,
    );
  }
  const running = past.filter((rollback) => rollback.underWay).length;
  if (running >= limits.concurrent) {
    return withheld("concurrency", `${running} rollbacks under way at once; at most ${limits.concurrent}: a shared cause is more likely`);
  }
  return undefined;
}

/** Revisions of this workload that were taken back: never a target again. */
export function knownBad(past: readonly PastRollback[], workloadUid: string): ReadonlySet<string> {
  return new Set(past.filter((rollback) => rollback.workloadUid === workloadUid).map((rollback) => rollback.condemnedHash));
}

function withheld(rule: string, detail: string): Reason {
  return { code: "governor", rule, detail };
}

function minutes(ms: Ms): string {
  return ms < 120_000 ? `${Math.max(0, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`;
}
