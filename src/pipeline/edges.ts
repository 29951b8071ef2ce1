import type { AlertOutcome } from "../alert.ts";
import type { VerifyRule } from "../guards/ask.ts";
import type { GovernorLimits, GovernorState } from "../guards/governor.ts";
import type { GuardSummary } from "../guards/guard.ts";
import type { AnyRecord } from "../guards/remediation/record.ts";
import type { Pace } from "../guards/run.ts";
import type { Action, ActionKind, Decision, Message, Phase, Receipt } from "../entry.ts";
import type { Measurement, Ms, Outcome, PodState, Workload, WorkloadRef } from "../model.ts";
import type { Choice, Matchable } from "../policies/match.ts";
import type { Silenced } from "../policies/policy.ts";
import type { Remediation } from "../policies/remediation.ts";
import type { Signal } from "../policies/signal.ts";
import type { LookAfter } from "../signals/aftermath.ts";
import type { Ask } from "../signals/ask.ts";
import type { SmokeTest } from "../guards/job.ts";
import type { Diagnose } from "../signals/diagnosis.ts";
import type { LookAtJob, LookAtRemedyJob } from "../signals/job.ts";
import type { Probe } from "../signals/probe.ts";
import type { LinesBudget } from "../signals/read-lines.ts";
import type { Remedy, RemedyDecision, RemedyKind, RemedyReceipt } from "../remediation.ts";
import type { RolloutContext } from "../watchers/rollout.ts";
import type { ReadScaling } from "../watchers/scaling.ts";

/** Everything the flow touches outside itself. Tests pass the same functions over the sandbox, the daemon over the cluster. */
export interface Edges {
  now(): Ms;
  sleep(ms: Ms): Promise<void>;
  /** Whether we surely hold the lease at `now`: asked before guards are opened and before every effect. */
  leading(now: Ms): boolean;
  readonly cluster: ClusterEdge;
  choosePolicy(workload: Matchable): Choice;
  /** Absent: no remediation is ever opened. */
  readonly remedies?: RemedyEdge;
  /** One list of measurements per ask id, in the order of the instants; never rejects. `budget`: for what is only read, not judged. */
  sample(asks: readonly Ask[], instants: readonly Ms[], budget?: LinesBudget): Promise<ReadonlyMap<string, readonly Measurement[]>>;
  /** One call; never rejects. */
  readonly probe: Probe;
  readonly jobs: JobEdge;
  /** Why pods do not start; never rejects. */
  readonly diagnose: Diagnose;
  /** What is around a workload after its rollback; never rejects. */
  readonly lookAfter: LookAfter;
  /** Never rejects: what went wrong is in the receipt. */
  execute(action: Action): Promise<Receipt>;
  /** The same for what a remediation does. */
  remedy(remedy: Remedy): Promise<RemedyReceipt>;
  /** How many pods a workload has, and who decides that; never rejects. */
  readonly scaling: ReadScaling;
  readonly journal: JournalEdge;
  /** Resolves when every receiver has the messages or has given up on them. */
  tell(messages: readonly Message[]): Promise<void>;
  /** Leadership is lost: what waits for receivers is the next leader's to tell. Absent where nothing ever waits. */
  readonly withdraw?: () => void;
  /** What people ordered of all action, as last read. Absent: nobody can order anything. */
  readonly governorState?: () => GovernorState;
  /** Reads that anew; never rejects. */
  readonly readGovernorState?: () => Promise<void>;
  readonly observe: Observers;
  readonly log: Log;
}

/** Which remediation is for whom. */
export interface RemedyEdge {
  /** Those in force. */
  policies(): readonly Remediation[];
  /** The most specific of `among` for this workload; undefined where none matches, and for one that is taken out. */
  choose(among: readonly Remediation[], workload: Matchable): Remediation | undefined;
}

export interface JobEdge {
  /** Creates a smoke test's Job, or finds the one that was created before a crash. Never rejects. */
  create(ask: SmokeTest): Promise<{ readonly uid: string } | { readonly problem: string; readonly final: boolean }>;
  /** How it stands; never rejects. */
  readonly look: LookAtJob;
  /** How a remediation's stands; never rejects. */
  readonly lookAtRemedy: LookAtRemedyJob;
}

export interface ClusterEdge {
  /** Keys of workloads that changed since the last call; all of them on the first. */
  changed(): readonly string[];
  get(key: string): Workload | undefined;
  list(): readonly Workload[];
  keyOf(ref: WorkloadRef): string;
  /** What a rollout's detection needs beyond the workload itself; asks the API server and may throw. */
  context(workload: Workload): Promise<RolloutContext>;
  /** Begins to watch the pods of a workload under guard; `remembered` is what its record knows. Twice is once. */
  follow(workload: Workload, remembered: readonly PodState[]): void;
  unfollow(uid: string): Promise<void>;
  /** Every pod since `follow`, gone ones too; undefined until they were listed. */
  pods(uid: string): readonly PodState[] | undefined;
}

export interface JournalEdge {
  list(): Promise<readonly AnyRecord[]>;
  create(record: AnyRecord, summary: GuardSummary): Promise<"created" | "exists">;
  save(record: AnyRecord, summary: GuardSummary): Promise<"saved" | "conflict" | "gone">;
  prune(workloadUid: string, keep: number, spared: ReadonlySet<string>): Promise<unknown>;
}

export interface Observers {
  sampled(outcome: Outcome, signal: Signal["kind"]): void;
  /** A silence has outlasted the policy's patience, and this is what follows; once for each silence. */
  silenced(outcome: Outcome, follows: Silenced["then"]): void;
  /** What became of an alert that was told to us. */
  alerted(outcome: AlertOutcome): void;
  decided(kind: Decision["kind"] | RemedyDecision["kind"]): void;
  acted(receipt: Receipt | RemedyReceipt): void;
  /** `rule`: of the governor, or the code of the reason. */
  withheld(action: ActionKind | RemedyKind, rule: string): void;
  guards(byPhase: Readonly<Partial<Record<Phase, number>>>): void;
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface PipelineSettings {
  readonly cluster: string;
  /** Where people reach our API: links in messages begin with it. */
  readonly externalUrl?: string;
  readonly pace: Pace;
  /** How long after a block's end it is asked for: scrapes arrive late. */
  readonly settleMs: Ms;
  readonly baselineMs: Ms;
  readonly verify: VerifyRule;
  readonly limits: GovernorLimits;
  /** Alerts are taken in. */
  readonly takesAlerts?: boolean;
}
