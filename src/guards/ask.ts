import type { GuardEvidence } from "../judging/combine.ts";
import type { Recovering } from "../judging/recovery.ts";
import type { Silence, SignalState } from "../judging/signal.ts";
import type { Ms, PodState, Workload } from "../model.ts";
import type { Reason, Verdict } from "../reason.ts";
import type { Breach, GovernorLimits, GovernorState, PastAction } from "./governor.ts";
import type { GuardRecord } from "./guard.ts";
import type { Standing } from "./phase.ts";
import type { Aftermath } from "../reason/verification.ts";

/** What judging found in one guard so far, as far as deciding needs it. */
export interface Judgement {
  /** The signals whose branch can roll back, under one confidence. */
  readonly guard: GuardEvidence;
  /** Of every counted signal. */
  readonly verdicts: Readonly<Record<string, Verdict>>;
  readonly counted: Readonly<Record<string, SignalState>>;
  /** Of every signal whose requests are judged by a plain rule: what shows that a rollback helped. */
  readonly byRule: Readonly<Record<string, Recovering>>;
  /** Since when, and why, a signal's source has given nothing that can be judged. */
  readonly silences: Readonly<Record<string, Silence>>;
  /** New pods without their share of the requests; only told. */
  readonly traffic: readonly Reason[];
  /** Certificates that run out; only told. */
  readonly certificates?: readonly Reason[];
  /** What log lines say that is worth telling; told before or not. */
  readonly news?: readonly Reason[];
  /** Blocks with requests in a row, since the brake, in which the evidence of all signals together stayed below 10; Infinity without signals. */
  readonly quietBlocks: number;
  /** End of the last block in which new pods had requests. */
  readonly lastRequestsAt: Ms | null;
  /** Every signal was asked for every block until now. Not so right after a restart: what is not known yet must not end anything. */
  readonly caughtUp: boolean;
}

export interface VerifyRule {
  readonly withinMs: Ms;
  readonly blocks: number;
  readonly blockMs: Ms;
}

/** Everything a decision may rest on; nothing else is looked at. */
export interface Ask {
  readonly record: GuardRecord;
  readonly standing: Standing;
  readonly judgement: Judgement;
  /** As re-read now; undefined when it is gone. */
  readonly workload: Workload | undefined;
  readonly pods: readonly PodState[];
  /** Verdicts of the rules that lie outside the bound: pods, promql and http with a rule. */
  readonly rules: readonly Verdict[];
  readonly now: Ms;
  readonly limits: GovernorLimits;
  readonly state: GovernorState;
  readonly past: readonly PastAction[];
  readonly breaches: readonly Breach[];
  /** Hashes of this workload whose guards passed, newest first. */
  readonly passed: readonly string[];
  readonly verify: VerifyRule;
  /** After a rollback: what was found around the workload last. */
  readonly aftermath?: Aftermath | undefined;
}
