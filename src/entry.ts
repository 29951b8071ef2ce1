// What a guard decides, does and writes down of it.
import type { Ms, Revision, WorkloadRef } from "./model.ts";
import type { Reason } from "./reason.ts";
import type { GuardReport, RequestCounts } from "./report.ts";

/** Something to do to the cluster. `id` is the idempotency key: guard name, verb, count. */
export type Action =
  | Readonly<{ id: string; kind: "brake"; workload: WorkloadRef; judged: Judged; guard: string }>
  | Readonly<{ id: string; kind: "release"; workload: WorkloadRef; guard: string }>
  | Readonly<{
      id: string;
      kind: "rollback";
      workload: WorkloadRef;
      judged: Judged;
      target: Revision;
      braked: boolean;
      guard: string;
      cause: string;
    }>
  | Readonly<{ id: string; kind: "drain"; workload: WorkloadRef; condemned: Revision; keep: number; guard: string }>;

export type ActionKind = Action["kind"];

/** The template that was judged: an action on any other template is refused. */
export interface Judged {
  readonly templateDigest: string;
  readonly podTemplateHash: string;
}

export type ActionOutcome = "applied" | "unchanged" | "dry-run" | "refused" | "failed";

/** What came of an action. `refused` is final (re-decide), `failed` may be tried again. */
export interface Receipt {
  readonly action: string;
  readonly kind: ActionKind;
  readonly outcome: ActionOutcome;
  readonly at: Ms;
  readonly detail: string;
  readonly because?: Reason;
}

export type Phase = "pending" | "observing" | "breached" | "acting" | "verifying" | FinalPhase;

/** What a guard wants at an instant. */
export type Decision =
  | { readonly kind: "wait"; readonly because: readonly Reason[] }
  | { readonly kind: "act"; readonly action: Action; readonly because: readonly Reason[] }
  | { readonly kind: "announce"; readonly action: Action; readonly dueAt: Ms; readonly because: readonly Reason[] }
  | { readonly kind: "withhold"; readonly action: ActionKind; readonly because: readonly Reason[] }
  | { readonly kind: "hold"; readonly because: readonly Reason[] }
  | { readonly kind: "note"; readonly because: readonly Reason[] }
  | { readonly kind: "finish"; readonly phase: FinalPhase; readonly because: readonly Reason[] };

/** Phases in which a guard has ended. */
export const finalPhases = ["passed", "restored", "unresolved", "inconclusive", "superseded", "aborted"] as const;

export type FinalPhase = (typeof finalPhases)[number];

/** One line of a guard's own record; phases follow from these alone, and a recorded line binds. `seq` counts from 0. */
export type Entry = { readonly seq: number; readonly at: Ms } & EntryBody;

export type EntryBody =
  | { readonly kind: "opened"; readonly because: readonly Reason[] }
  | { readonly kind: "completed" }
  | { readonly kind: "intended"; readonly action: Action; readonly because: readonly Reason[] }
  | { readonly kind: "receipt"; readonly receipt: Receipt }
  | { readonly kind: "withheld"; readonly action: ActionKind; readonly because: readonly Reason[] }
  | { readonly kind: "held"; readonly because: readonly Reason[] }
  /** What became known of the guard itself; decides nothing. */
  | { readonly kind: "noted"; readonly because: readonly Reason[] }
  /** The action is carried out at `dueAt` unless somebody cancels it before. */
  | { readonly kind: "announced"; readonly action: Action; readonly dueAt: Ms; readonly because: readonly Reason[] }
  | { readonly kind: "commanded"; readonly command: Command }
  | {
      readonly kind: "finished";
      readonly phase: FinalPhase;
      readonly because: readonly Reason[];
      readonly badServed: number;
      readonly report?: GuardReport;
    };

/** What a person ordered of a guard. It is written down before it is answered, and obeyed at the next step. */
export interface Command {
  /** Of the request: the same id is the same order. */
  readonly id: string;
  /** abort: end the guard. undo: roll back now. cancel: do not do what was announced. */
  readonly kind: "abort" | "undo" | "cancel";
  readonly by: string;
  readonly reason: string;
}

/** A sentence for people about one entry of a guard, rendered once and sent everywhere. `id` is stable: receivers de-duplicate by it. */
export interface Message {
  readonly id: string;
  readonly guard: string;
  readonly workload: WorkloadRef;
  readonly cluster: string;
  readonly at: Ms;
  readonly kind:
    | "opened"
    | "noted"
    | "announced"
    | "braked"
    | "released"
    | "rolled-back"
    | "withheld"
    | "held"
    | "finished"
    | "failed"
    /** Something of a remediation was done, and what it did has not helped. */
    | "remediated"
    | "escalated"
    | "ongoing";
  readonly severity: "info" | "warning" | "critical";
  readonly title: string;
  readonly text: string;
  readonly because: readonly Reason[];
  /** Command or step that helps a person now; empty when there is nothing to do. */
  readonly next: string;
  readonly phase: Phase;
  /** Guard's own time: from opening to now or its end. */
  readonly openedAt: Ms;
  /** Of `ongoing`: no news, but trouble that goes on; only for receivers that are told of it. `lately`: all requests of the last `overMs`. */
  readonly ongoing?: {
    readonly since: Ms;
    readonly rolledBackAt?: Ms;
    readonly lately?: RequestCounts & { readonly overMs: Ms };
    /** Names of alerts whose ends this guard, or another of its workload, waits for. */
    readonly awaits: readonly string[];
  };
  /** Address of the guard's record, where the settings tell how people reach this API. */
  readonly link?: string;
}
