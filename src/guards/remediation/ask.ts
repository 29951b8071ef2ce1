import type { JobFinding, Ms, PodState, Workload } from "../../model.ts";
import type { Reason } from "../../reason.ts";
import type { Scaling } from "../../remediation.ts";
import type { Breach, GovernorLimits, GovernorState, PastAction } from "../governor.ts";
import type { ConditionVerdict } from "./conditions.ts";
import type { RemediationRecord } from "./record.ts";
import type { RemedyStanding } from "./standing.ts";

/** Everything a decision may rest on; nothing else is looked at. */
export interface RemedyAsk {
  readonly record: RemediationRecord;
  readonly standing: RemedyStanding;
  /** As re-read now; undefined when it is gone. */
  readonly workload: Workload | undefined;
  /** Undefined until they were listed. */
  readonly pods: readonly PodState[] | undefined;
  readonly conditions: readonly ConditionVerdict[];
  readonly now: Ms;
  readonly limits: GovernorLimits;
  readonly state: GovernorState;
  readonly past: readonly PastAction[];
  readonly breaches: readonly Breach[];
  /** Hashes of this workload whose guards passed, newest first. */
  readonly passed: readonly string[];
  /** Of the same workload, open and enforcing: it decides first. */
  readonly rolloutGuard?: string;
  /** Another remediation of the same workload that is open, scaled it after this one, and has to give that back. */
  readonly scaledSince?: string;
  /** What the cluster answered for the step that is up; absent until it was asked. */
  readonly facts?: Facts;
  /** How the Job that was started last stands; absent until it was looked at. */
  readonly job?: JobFinding;
}

/** What has to be asked of the cluster before one step can be decided. */
export type Facts = { readonly step: number } & (
  | { readonly kind: "scale"; readonly scaling: Scaling | { readonly problem: string } }
  /** `values`: by the policy's own query, by name of the pod; absent where it has none. */
  | { readonly kind: "restart"; readonly values?: ReadonlyMap<string, number> | { readonly problem: string } }
  /** Of the running revision: when its rollout began, and which one was complete before it; absent where nobody knows. */
  | { readonly kind: "rollback"; readonly startedAt?: Ms; readonly before?: string }
  | { readonly kind: "job" }
  | { readonly kind: "diagnose"; readonly because: readonly Reason[] }
);
