// The fold of one counted signal: block by block from counters to evidence (docs/judging.md: the formula).
import type { BlockAudit, EvidenceMode, Measurement, Ms, Outcome, ProcessReading } from "../model.ts";
import type { BaselineRate } from "./baseline.ts";
import { auditAfter, auditOf } from "./audit.ts";
import { alphaOfEvidence, reaches } from "./combine.ts";
import { type BlockCounts, liveControl, sustainBlocks } from "./control.ts";
import { type CounterMemory, noCounters, type PodDelta, type RateCounts, sumOf, takeDeltas } from "./counts.ts";
import { type LeaveOneOut, leastWithout, noneLeftOut, stepLeaveOneOut } from "./leave-one-out.ts";
import { effectiveLimit } from "./limit.ts";
import type { Evidence, EvidenceRule } from "./mixture.ts";
import { startProcess, stepProcess } from "./mode.ts";
import { type EarlyPass, startEarlyPass, stepEarlyPass } from "./pass-early.ts";
import { isAttributable, nothingShared, type Shared, sharedAfter, sharedWithOthers } from "./shared.ts";
import { type Stretch, stretchAfter } from "./stretch.ts";

const AUDIT_BLOCKS = 240;
const noRequests: RateCounts = { total: 0, bad: 0 };
/** Last blocks of the old revision that are remembered. */
export const OLD_BLOCKS = 40;
export const MOST_NOTES = 10;

/** Fixed for the life of a guard: changing a limit after seeing data voids the bound. Ratios are 0 to 1. */
export interface SignalLimits {
  readonly limit: number;
  /** rho: how many times worse than the old revision the new one may be. */
  readonly worseThanOld: number;
  /** Largest clump of errors assumed on the old side; 3 by default. */
  readonly phi: number;
  /** 1 - confidence of the whole guard. */
  readonly alpha: number;
  /** Share in the guard's evidence; weights of a guard sum to one. */
  readonly weight: number;
  readonly blockMs: Ms;
  readonly sustainMs: Ms;
  readonly scrapeMs: Ms;
  /** (progress deadline + window) / block. */
  readonly plannedBlocks: number;
  /** Null: nothing is known of the old revision before the rollout. */
  readonly baseline: BaselineRate | null;
  /** How evidence is weighed; burn when absent. */
  readonly mode?: EvidenceMode;
  /** Evidence for the revision is gathered too, so that the guard may pass early. */
  readonly passEarly?: boolean;
  /** Blocks kept for the audit; 240 when absent. */
  readonly auditBlocks?: number;
  /** What is counted, as people call it; requests when absent. */
  readonly unit?: string;
  /** Old and new pods are judged together by their callers; the old pods' own counters do not show the way to them: m is never lowered. */
  readonly controlIsPartial?: boolean;
  /** What is bad is counted per time a pod was ready: a rate, which may exceed 1. */
  readonly exposure?: boolean;
}

/** Run of blocks since the last one that could be judged. */
export interface Silence {
  readonly outcome: "no-data" | "error" | "too-few";
  readonly since: Ms;
  readonly detail: string;
}

export interface SignalState {
  readonly limits: SignalLimits;
  readonly counters: CounterMemory;
  readonly evidence: Evidence;
  readonly leaveOneOut: LeaveOneOut;
  /** Evidence that the new revision is within its limit. Null: nobody asked for it. */
  readonly early: EarlyPass | null;
  /** New revision over the whole guard. `badAtMost` differs where a histogram has no bucket at the limit. */
  readonly total: number;
  readonly bad: number;
  readonly badAtMost: number;
  /** The same by new pod, gone ones too: names a suspect. */
  readonly pods: ReadonlyMap<string, RateCounts>;
  /** Last blocks of the old revision, oldest first: live control, and after a rollback the proof that it recovered. */
  readonly oldBlocks: readonly BlockCounts[];
  readonly shared: Shared;
  /** Blocks with requests in a row in which this signal alone called for a rollback, but without one pod it would not. */
  readonly suspectBlocks: number;
  readonly stretch: Stretch | null;
  /** Of the newest block with counters, whoever counted them: increments since the one before it. */
  readonly deltas: readonly PodDelta[];
  readonly countedAt: Ms | null;
  readonly outcome: Outcome | null;
  readonly lastAt: Ms | null;
  /** Last block in which the new revision had requests. */
  readonly lastUsableAt: Ms | null;
  readonly silence: Silence | null;
  readonly audit: readonly BlockAudit[];
  /** What a person should know about the data; each sentence once. */
  readonly notes: readonly string[];
}

export interface BlockInput {
  /** End of the block. */
  readonly at: Ms;
  readonly measurement: Measurement;
  /** "old" only for ready pods that are not terminating: shutdown errors would hide a regression. */
  readonly side: (reading: ProcessReading) => "new" | "old" | "ignored";
  readonly bornInside: (reading: ProcessReading) => boolean;
}

export function openSignal(limits: SignalLimits): SignalState {
  return {
    limits,
    counters: noCounters,
    evidence: startProcess(limits.mode),
    leaveOneOut: noneLeftOut,
    early: limits.passEarly === true ? startEarlyPass() : null,
    total: 0,
    bad: 0,
    badAtMost: 0,
    pods: new Map(),
    oldBlocks: [],
    shared: nothingShared,
    suspectBlocks: 0,
    stretch: null,
    deltas: [],
    countedAt: null,
    outcome: null,
    lastAt: null,
    lastUsableAt: null,
    silence: null,
    audit: [],
    notes: [],
  };
}

/**
 * Folds one block. A block at or before the last answered one is a repetition and changes nothing. No-data and error never move evidence;
 * after an error the same block may be offered again, so that catching up gives the state that an unbroken source would have given.
 */
export function judgeBlock(state: SignalState, input: BlockInput): SignalState {
  if (state.lastAt !== null && input.at <= state.lastAt) return state;
  const { measurement } = input;
  if (measurement.kind === "no-data" || measurement.kind === "error") {
    return unjudged(state, input.at, measurement.kind, measurement.because);
  }
  if (measurement.kind !== "counters")
    return unjudged(state, input.at, "no-data", `${measurement.kind} came where counters were asked for`);
  if (measurement.readings.length === 0) return unjudged(state, input.at, "no-data", "the answer holds no counter of this workload");
  return judged(state, input, measurement.readings, measurement.note);
}

function judged(state: SignalState, input: BlockInput, readings: readonly ProcessReading[], note: string | undefined): SignalState {
  const { limits } = state;
  const { at } = input;
  // Lines of which the first sum is known late may be those of its pod's start: they only set the base.
  const bornInside = limits.exposure === true ? () => false : input.bornInside;
  const { memory, deltas, notes } = takeDeltas(state.counters, readings, bornInside);
  const newDeltas: PodDelta[] = [];
  const oldDeltas: PodDelta[] = [];
  for (const delta of deltas) {
    const side = input.side(delta.reading);
    if (side === "new") newDeltas.push(delta);
    if (side === "old") oldDeltas.push(delta);
  }
  const fresh = { ...sumOf(newDeltas), badAtMost: newDeltas.reduce((sum, delta) => sum + delta.badAtMost, 0) };
  const old = sumOf(oldDeltas);
  const oldBlocks = [...state.oldBlocks.slice(1 - OLD_BLOCKS), { at, total: old.total, bad: old.bad }];
  const usual = Math.max(limits.limit, limits.worseThanOld * (limits.baseline?.upper ?? 0));
  const control = liveControl(oldBlocks, at, limits, { usual, required: state.shared.lasting });
  const limit = effectiveLimit(limits.limit, limits.worseThanOld, limits.baseline?.upper ?? 0, control.rate);
  const m = sustainBlocks(limits.sustainMs, limits.scrapeMs, limits.blockMs, control.live && limits.controlIsPartial !== true);
  const rule = { m, alphaE: alphaOfEvidence(limits.alpha), weight: limits.weight, planned: limits.plannedBlocks };
  const ratio = fresh.total > 0 ? fresh.bad / fresh.total : null;
  const isTelling = isAttributable(state.shared, limit, limits.exposure === true ? Infinity : 1);
  const burn = ratio === null || !isTelling ? null : ratio / limit.value;
  const step = (before: Evidence, counts: RateCounts): Evidence =>
    stepProcess(before, { fresh: isTelling ? counts : noRequests, old, effective: limit }, limits, rule);
  const evidence = step(state.evidence, fresh);
  const pods = podsAfter(state.pods, newDeltas);
  const leaveOneOut = stepLeaveOneOut(state.leaveOneOut, {
    deltas: newDeltas,
    full: state.evidence,
    step,
    servingPods: servingPods(pods, newDeltas),
  });
  const outcome = ratio === null ? "too-few" : ratio > limit.value ? "breach" : "healthy";
  const block = { at, fresh, old, limit, burn, m, evidence: evidence.e, outcome } as const;
  return {
    limits,
    counters: memory,
    evidence,
    leaveOneOut,
    early: state.early === null ? null : stepEarlyPass(state.early, { ...fresh, limit: limits.limit, blockMs: limits.blockMs }),
    total: state.total + fresh.total,
    bad: state.bad + fresh.bad,
    badAtMost: state.badAtMost + fresh.badAtMost,
    pods,
    oldBlocks,
    shared: sharedAfter(state.shared, block, usual, rule),
    suspectBlocks: suspectBlocksAfter(state.suspectBlocks, burn, rule, evidence, leaveOneOut),
    stretch: stretchAfter(state.stretch, block),
    deltas,
    countedAt: at,
    outcome,
    lastAt: at,
    lastUsableAt: ratio === null ? state.lastUsableAt : at,
    silence: ratio === null ? silenceAfter(state, at, "too-few", nothingCame(limits)) : null,
    audit: auditAfter(state.audit, auditOf(block, limits.limit), limits.auditBlocks ?? AUDIT_BLOCKS),
    notes: notesAfter(state.notes, note === undefined ? notes : [...notes, note]),
  };
}

/**
 * Other workloads turned out to have suffered too: what was gathered so far proves nothing, nor does what comes, until old pods can tell
 * or the new revision has been good for a while. To begin again with a stake of 1 throws evidence away, which is always allowed.
 */
export function blamedOnOthers(state: SignalState): SignalState {
  const evidence = { ...startProcess(state.limits.mode), maxE: state.evidence.maxE };
  return { ...state, evidence, leaveOneOut: noneLeftOut, suspectBlocks: 0, stretch: null, shared: sharedWithOthers() };
}

/** Requests by which the new revision may pass: all, or those since it last suffered together with others. */
export function countsToPass(state: SignalState): RateCounts {
  return state.shared.since ?? state;
}

/** Three bad ones at the limit are the least from which "within limits" may be said (docs/judging.md: the formula). */
export function neededToPass({ limit, exposure }: SignalLimits): number {
  return exposure === true ? 3 / limit : Math.ceil(3 / limit);
}

/** Least evidence of the signal when any one new pod is left out; its own evidence while that means nothing. */
export function withoutOnePod(state: SignalState): number {
  return leastWithout(state.leaveOneOut)?.evidence ?? state.evidence.e;
}

function unjudged(state: SignalState, at: Ms, outcome: "no-data" | "error", detail: string): SignalState {
  const { limits } = state;
  const limit = effectiveLimit(limits.limit, limits.worseThanOld, limits.baseline?.upper ?? 0, null);
  const m = sustainBlocks(limits.sustainMs, limits.scrapeMs, limits.blockMs, false);
  const block = { at, fresh: noRequests, old: noRequests, limit, burn: null, m, evidence: state.evidence.e, outcome };
  return {
    ...state,
    outcome,
    // Nobody answered: the block is still owed and may be judged when the source is back. An empty answer is an answer.
    lastAt: outcome === "error" ? state.lastAt : at,
    silence: silenceAfter(state, at, outcome, detail),
    audit: auditAfter(state.audit, auditOf(block, limits.limit), limits.auditBlocks ?? AUDIT_BLOCKS),
  };
}

function podsAfter(before: ReadonlyMap<string, RateCounts>, fresh: readonly PodDelta[]): ReadonlyMap<string, RateCounts> {
  const pods = new Map(before);
  for (const { reading, total, bad } of fresh) {
    const sum = pods.get(reading.pod);
    pods.set(reading.pod, { total: (sum?.total ?? 0) + total, bad: (sum?.bad ?? 0) + bad });
  }
  return pods;
}

function servingPods(pods: ReadonlyMap<string, RateCounts>, fresh: readonly PodDelta[]): number {
  const serving = new Set<string>();
  for (const { reading } of fresh) if ((pods.get(reading.pod)?.total ?? 0) > 0) serving.add(reading.pod);
  return serving.size;
}

/** In a rollout pod by pod the first pod is ahead of the others: only a difference that lasts makes it suspect. */
function suspectBlocksAfter(before: number, burn: number | null, rule: EvidenceRule, full: Evidence, leaveOneOut: LeaveOneOut): number {
  if (burn === null) return before;
  const mark = 1 / (rule.alphaE * rule.weight);
  const without = leastWithout(leaveOneOut)?.evidence ?? full.e;
  return reaches(full.e, mark) && !reaches(without, mark) ? before + 1 : 0;
}

function nothingCame({ exposure, unit = "requests" }: SignalLimits): string {
  return exposure === true ? "no new pod was ready for a whole block" : `no ${unit} reached the new pods`;
}

function silenceAfter(state: SignalState, at: Ms, outcome: Silence["outcome"], detail: string): Silence {
  return { outcome, since: state.silence?.since ?? state.lastUsableAt ?? at, detail };
}

function notesAfter(before: readonly string[], notes: readonly string[]): readonly string[] {
  const fresh = notes.filter((note) => !before.includes(note));
  return fresh.length === 0 ? before : [...before, ...fresh].slice(0, MOST_NOTES);
}
