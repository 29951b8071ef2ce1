import { type BurnRateMemory, type BurnRateRule, burnRateVerdict, noBurnRate, stepBurnRate } from "../judging/burn-rate.ts";
import { foldFailures, type FailuresRule, type FailuresState, failuresVerdict, noFailures } from "../judging/failures.ts";
import { foldJob, type JobMemory, type JobState, jobVerdict, openJob } from "../judging/job.ts";
import {
  foldProbe,
  openProbe,
  type ProbeMemory,
  type ProbeMoment,
  type ProbeRule,
  type ProbeState,
  probeVerdict,
} from "../judging/probe.ts";
import { noRate, type RateMemory, type RateRule, rateVerdict, stepRate } from "../judging/rate.ts";
import { foldRated, openRated, type RatedState } from "../judging/rated.ts";
import type { Recovering } from "../judging/recovery.ts";
import { foldResources, noResources, type ResourcesRule, type ResourcesState } from "../judging/resources.ts";
import { resourcesVerdict } from "../judging/resources-verdict.ts";
import type { BlockInput } from "../judging/signal.ts";
import { foldThreshold, noThreshold, type ThresholdRule, type ThresholdState, thresholdVerdict } from "../judging/threshold.ts";
import type { Ms } from "../model.ts";
import type { Verdict } from "../reason.ts";
import type { Signal } from "../policies/signal.ts";
import { loadsOf, type Roster } from "./container-loads.ts";
import { servingSince } from "./probe.ts";
import type { Counting } from "./served.ts";

/** A plain rule of a signal and what was folded for it: the rules that lie outside the bound (docs/judging.md: plain rules). */
export type RuleState =
  | { readonly kind: "threshold"; readonly rule: ThresholdRule; readonly state: ThresholdState }
  | { readonly kind: "failures"; readonly rule: FailuresRule; readonly state: FailuresState }
  | { readonly kind: "resources"; readonly rule: ResourcesRule; readonly state: ResourcesState }
  | { readonly kind: "probe"; readonly rule: ProbeRule; readonly state: ProbeState }
  | { readonly kind: "job"; readonly state: JobState }
  | { readonly kind: "rate"; readonly rule: RateRule; readonly state: RatedState<RateMemory> }
  | { readonly kind: "burn-rate"; readonly rule: BurnRateRule; readonly state: RatedState<BurnRateMemory> };

/** What was written down of a signal whose past cannot be asked for. */
export interface RuleMemory {
  readonly probe?: ProbeMemory | undefined;
  readonly job?: JobMemory | undefined;
}

/** Undefined for a signal without a plain rule. */
export function openRule(signal: Signal, { blockMs }: { readonly blockMs: Ms }, memory: RuleMemory = {}): RuleState | undefined {
  if (signal.kind === "job") return { kind: "job", state: openJob(memory.job) };
  if (signal.kind === "probe") {
    const { everyMs, expect, failures } = signal;
    const { certificateDays } = expect;
    const rule = { everyMs, ...failures, ...(certificateDays === undefined ? {} : { certificateDays }) };
    return { kind: "probe", rule, state: openProbe(memory.probe) };
  }
  if (signal.kind === "promql") {
    const { comparison, limit, forMs, failures } = signal;
    if (failures !== undefined) return { kind: "failures", rule: { comparison, limit, blockMs, ...failures }, state: noFailures };
    return { kind: "threshold", rule: { comparison, limit, forMs, blockMs }, state: noThreshold };
  }
  if (signal.kind === "resources") {
    const { cpu, memory, forMs, fullWithinMs, warmUpMs } = signal;
    return { kind: "resources", rule: { cpu, memory, forMs, fullWithinMs, warmUpMs, blockMs }, state: noResources };
  }
  // What fires is in the record itself.
  if (signal.kind === "alert") return undefined;
  if (signal.kind === "pods" || signal.kind === "ratio" || signal.kind === "logs" || signal.rule === undefined) return undefined;
  const common = { limit: signal.limit, blockMs };
  if (signal.rule.kind === "rate") return { kind: "rate", rule: { ...signal.rule, ...common }, state: openRated(noRate) };
  return { kind: "burn-rate", rule: { ...signal.rule, ...common }, state: openRated(noBurnRate) };
}

export type Past = Pick<ProbeMoment, "completedAt" | "rolledBackAt">;

export function foldRule(of: RuleState, input: BlockInput, roster: Roster): RuleState {
  switch (of.kind) {
    case "threshold":
      return { ...of, state: foldThreshold(of.state, input.measurement, of.rule) };
    case "failures":
      return { ...of, state: foldFailures(of.state, input.measurement, of.rule) };
    case "resources":
      return { ...of, state: foldResources(of.state, loadsOf(input.measurement, roster), of.rule) };
    case "probe":
      return { ...of, state: foldProbe(of.state, input.measurement, of.rule, servingSince(roster.rollout, roster.pods)) };
    case "job":
      return { ...of, state: foldJob(of.state, input.measurement) };
    case "rate":
      return { ...of, state: foldRated(of.state, input, (memory, block) => stepRate(memory, block, of.rule)) };
    case "burn-rate":
      return { ...of, state: foldRated(of.state, input, (memory, block) => stepBurnRate(memory, block, of.rule)) };
  }
}

/** `past`: what happened to the rollout, as far as a rule asks for it. */
export function ruleVerdict(of: RuleState, signal: string, now: Ms, noDataAfterMs: Ms, past: Past = {}): Verdict {
  switch (of.kind) {
    case "threshold":
      return thresholdVerdict(of.state, of.rule, signal, now, noDataAfterMs);
    case "failures":
      return failuresVerdict(of.state, of.rule, signal, now, noDataAfterMs);
    case "resources":
      return resourcesVerdict(of.state, of.rule, signal, now, noDataAfterMs);
    case "probe":
      return probeVerdict(of.state, of.rule, { signal, now, noDataAfterMs, ...past });
    case "job":
      return jobVerdict(of.state, signal, now);
    case "rate":
      return rateVerdict(of.state, of.rule, signal, now, noDataAfterMs);
    case "burn-rate":
      return burnRateVerdict(of.state, of.rule, signal, now, noDataAfterMs);
  }
}

/** Requests by revision, where the rule is one on requests. */
export function countingOf(of: RuleState): Counting | undefined {
  return of.kind === "rate" || of.kind === "burn-rate" ? of.state : undefined;
}

/** The restored revision's blocks against what the rule calls bad; undefined for a rule on values, which heals by itself. */
export function recoveringOf(of: RuleState): Recovering | undefined {
  if (of.kind !== "rate" && of.kind !== "burn-rate") return undefined;
  const limit = of.kind === "rate" ? of.rule.limit : of.rule.factor * of.rule.limit;
  return { limits: { limit, worseThanOld: 1, baseline: null }, oldBlocks: of.state.oldBlocks };
}
