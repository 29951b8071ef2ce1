import type { Ms } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { RemedyKind } from "../remediation.ts";

export function withheld(rule: string, detail: string): Reason {
  return { code: "governor", rule, detail };
}

/** "40 s", "29 min", "5 h". */
export function lengthOf(ms: Ms): string {
  if (ms < 120_000) return `${Math.max(0, Math.round(ms / 1000))} s`;
  return ms < 2 * 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

/** Completes "this workload was …". */
export const wasDone: Readonly<Record<RemedyKind, string>> = {
  rollback: "rolled back",
  scale: "scaled",
  restart: "restarted in part",
  job: "helped by a Job",
};

/** Rollbacks are counted for themselves, all other kinds together. */
export function countedAs(kind: RemedyKind): "rollbacks" | "remedies" {
  return kind === "rollback" ? "rollbacks" : "remedies";
}
