import type { GuardAlert } from "../alert.ts";
import type { Entry, Phase } from "../entry.ts";
import type { JobMemory } from "../judging/job.ts";
import type { ProbeMemory } from "../judging/probe.ts";
import type { BlockAudit, Ms, PodState, Rollout } from "../model.ts";
import type { Policy } from "../policies/policy.ts";

/** Time before a rollout that says nothing of the old revision by itself: another revision ran beside it. */
export interface Exclusion {
  readonly from: Ms;
  readonly to: Ms;
  /** Guard of the other revision. */
  readonly guard: string;
  /** Replaced before its rollout was complete, or found bad. */
  readonly why: "superseded" | "bad-revision";
}

/** Rate of the old revision before the rollout, per signal (docs/judging.md: the formula). Counts, not ratios, so that the bound can be redone. */
export interface Baseline {
  readonly from: Ms;
  readonly to: Ms;
  /** Blocks in which the old revision was seen to count; absent in records of the version before. */
  readonly blocks?: number;
  /** What of the time before the rollout was left out; absent when nothing was. */
  readonly excluded?: readonly Exclusion[];
  readonly total: number;
  readonly bad: number;
  /** Pearson dispersion of the blocks, at least 1. */
  readonly dispersion: number;
  /** Upper confidence bound of the bad ratio; 0 when there is no baseline. */
  readonly upper: number;
  /** Of a latency against the old revision's own: the bound that was chosen; absent where none could be, and for other signals. */
  readonly thresholdMs?: Ms;
}

/** What is written down about a guard (the custom resource): enough to fold it again after a restart, never its evidence. */
export interface GuardRecord {
  /** Name of the object: a hash of workload uid, pod-template-hash and revision, so that opening twice is a conflict. */
  readonly name: string;
  readonly namespace: string;
  readonly openedAt: Ms;
  readonly rollout: Rollout;
  readonly policy: Policy;
  /** Append-only; phases follow from these alone. */
  readonly entries: readonly Entry[];
  /** Every pod this guard has seen, gone ones too: the way from a counter to its revision. */
  readonly pods: readonly PodState[];
  readonly baselines: Readonly<Record<string, Baseline>>;
  /** By signal: what of a probe's calls a restart must know, because they cannot be asked for again. Absent without probes. */
  readonly probes?: Readonly<Record<string, ProbeMemory>>;
  /** By signal: the smoke test's Job, from before it is created to what came of it. Absent without any. */
  readonly jobs?: Readonly<Record<string, JobMemory>>;
  /** By signal: alerts that were told while the guard was open, which cannot be asked for again. Absent without any. */
  readonly alerts?: Readonly<Record<string, readonly GuardAlert[]>>;
  /** Blocks at brake, breach and end, capped: what Prometheus will have forgotten. */
  readonly audit: Readonly<Record<string, readonly BlockAudit[]>>;
  /** Messages up to this `seq` (exclusive) have been handed to every receiver. */
  readonly toldThrough: number;
  /** What receivers call their thing for this guard (the `ts` of a Slack message), by target; absent while none has one. */
  readonly handles?: Readonly<Record<string, string>>;
}

/** What people and `kubectl get guards` read: derived from the entries, written beside them. */
export interface GuardSummary {
  readonly phase: Phase;
  readonly braked: boolean;
  readonly message: string;
  readonly evidence: number;
  readonly updatedAt: Ms;
}
