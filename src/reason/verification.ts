// What is looked at to see whether a rollback helped, as nouns. Like model.ts: imports nothing but nouns, does nothing.
import type { ActionKind, ActionOutcome } from "../entry.ts";
import type { Ms } from "../model.ts";

/** A Service and how many of the restored pods it sends requests to. */
export interface ServiceSeen {
  readonly name: string;
  readonly ready: number;
  /** False: its selector fits only the pods that were taken back. */
  readonly fits: boolean;
}

/** What was found around a workload after its rollback. */
export type Aftermath =
  | {
      readonly kind: "seen";
      readonly at: Ms;
      /** Those that select its pods; headless ones too. */
      readonly services: readonly ServiceSeen[];
      /** `spec.replicas` of the condemned revision's ReplicaSet; null when that is gone. */
      readonly condemned: number | null;
    }
  /** `forbidden`: a role is missing; else it may be seen at the next look. */
  | { readonly kind: "unseen"; readonly at: Ms; readonly because: string; readonly forbidden: boolean };

export type VerificationReason =
  | Readonly<{ code: "endpoints-ready"; services: readonly ServiceSeen[]; pods: number }>
  | Readonly<{ code: "endpoints-missing"; service: string; fits: boolean; pods: number }>
  | Readonly<{
      code: "history";
      /** Number of the restored revision before its rollback and since. */
      was: number;
      is: number;
      /** Numbers of other revisions that came between the condemned one and the restored one. */
      between: readonly number[];
      /** The change cause that is there, where it is not the one we wrote. */
      cause?: string;
    }>
  /** What was bad, measured again after the rollback. */
  | Readonly<{ code: "still-bad"; signal: string; blocks: number; badRatio: number; limit: number; unit?: string }>
  | Readonly<{ code: "tried"; actions: readonly Tried[] }>;

export interface Tried {
  readonly kind: ActionKind;
  readonly outcome: ActionOutcome;
  readonly at: Ms;
  /** Of a rollback: the revision that was put back. */
  readonly to?: number;
}
