// What is done about a workload without a rollout to blame: nouns. Like model.ts: imports nothing but nouns, does nothing.
import type { GuardAlert } from "./alert.ts";
import type { Action, ActionOutcome, Command, FinalPhase } from "./entry.ts";
import type { Ms, WorkloadRef } from "./model.ts";
import type { Reason } from "./reason.ts";

/** Why a guard without a rollout opened. */
export type Trigger =
  | { readonly kind: "alert"; readonly alert: GuardAlert }
  /** `due`: the instant at which its cron expression matched, not that of the look. */
  | { readonly kind: "schedule"; readonly cron: string; readonly timeZone: string; readonly due: Ms }
  /** `id`: of the order, the same again is the same; absent in records of the version before. */
  | { readonly kind: "manual"; readonly by: string; readonly reason: string; readonly id?: string };

/** Who decides how many pods a workload has: what is not asked here takes back what is written elsewhere. */
export type ScaleOwner =
  | { readonly kind: "workload" }
  | { readonly kind: "hpa"; readonly name: string; readonly uid: string; readonly max: number }
  | { readonly kind: "keda"; readonly name: string; readonly uid: string; readonly max: number };

/** How many pods there are and may be. `least` is what the owner keeps at least: `minReplicas`, or the count itself; null where it is not written. */
export interface Scaling {
  readonly owner: ScaleOwner;
  readonly replicas: number;
  readonly least: number | null;
}

/** An action of a remediation. Every one is done at most once per `id`. */
export type Remedy =
  | Extract<Action, { kind: "rollback" }>
  /** Refused when `least` is not `from` any more: whoever changed it meanwhile wins. A `to` of null takes the field away. */
  | Readonly<{
      id: string;
      kind: "scale";
      workload: WorkloadRef;
      owner: ScaleOwner;
      from: number | null;
      to: number | null;
      purpose: "remedy" | "restore";
      guard: string;
    }>
  /** By eviction, so that a PodDisruptionBudget has its say; one pod at a time. */
  | Readonly<{ id: string; kind: "restart"; workload: WorkloadRef; pod: { readonly name: string; readonly uid: string }; guard: string }>
  /** `template`: of the Job, as the policy has it. */
  | Readonly<{ id: string; kind: "job"; workload: WorkloadRef; job: string; template: unknown; timeoutMs: Ms; guard: string }>;

export type RemedyKind = Remedy["kind"];

export interface RemedyReceipt {
  readonly action: string;
  readonly kind: RemedyKind;
  readonly outcome: ActionOutcome;
  readonly at: Ms;
  readonly detail: string;
  readonly because?: Reason;
}

/** What came of one action, of whichever kind. */
export type ReceiptOf<Each extends Action | Remedy> = Omit<RemedyReceipt, "kind"> & { readonly kind: Each["kind"] };

/** One line of the record of a remediation; its phase follows from these alone, and a recorded line binds. */
export type RemediationEntry = { readonly seq: number; readonly at: Ms } & RemediationEntryBody;

export type RemediationEntryBody =
  | { readonly kind: "opened"; readonly because: readonly Reason[] }
  /** `step`: which of the policy's `do` this belongs to, from 0. */
  | { readonly kind: "intended"; readonly step: number; readonly action: Remedy; readonly because: readonly Reason[] }
  | { readonly kind: "receipt"; readonly receipt: RemedyReceipt }
  | { readonly kind: "withheld"; readonly step: number; readonly action: RemedyKind; readonly because: readonly Reason[] }
  | { readonly kind: "held"; readonly because: readonly Reason[] }
  /** What became known. With a `step` that only tells (notify, diagnose), that it was done. */
  | { readonly kind: "noted"; readonly step?: number; readonly because: readonly Reason[] }
  /** A step has not helped, or could not be done: the next one is up. */
  | { readonly kind: "escalated"; readonly step: number; readonly because: readonly Reason[] }
  | { readonly kind: "commanded"; readonly command: Command }
  | { readonly kind: "finished"; readonly phase: FinalPhase; readonly because: readonly Reason[] };

/** What a remediation wants at an instant. */
export type RemedyDecision =
  | { readonly kind: "wait" }
  /** The cluster has to be asked before this step can be decided. */
  | { readonly kind: "look"; readonly step: number }
  | { readonly kind: "act"; readonly step: number; readonly action: Remedy; readonly because: readonly Reason[] }
  | { readonly kind: "withhold"; readonly step: number; readonly action: RemedyKind; readonly because: readonly Reason[] }
  | { readonly kind: "hold"; readonly because: readonly Reason[] }
  | { readonly kind: "note"; readonly step?: number; readonly because: readonly Reason[] }
  | { readonly kind: "escalate"; readonly step: number; readonly because: readonly Reason[] }
  | { readonly kind: "finish"; readonly phase: FinalPhase; readonly because: readonly Reason[] };
