import { blamedOnOthers, judgeBlock, openSignal, type Silence, type SignalState } from "../judging/signal.ts";
import { POD_MINUTES } from "../judging/unit.ts";
import { noTraffic, stepTraffic, type Traffic } from "../judging/traffic.ts";
import type { Entry } from "../entry.ts";
import type { Measurement, Ms, Outcome, PodState } from "../model.ts";
import { actionsFor, type Policy } from "../policies/policy.ts";
import type { HttpSignal } from "../policies/http-signal.ts";
import { signalOf, type Signal } from "../policies/signal.ts";
import type { Aftermath } from "../reason/verification.ts";
import type { Baseline, GuardRecord } from "./guard.ts";
import { environmentHold } from "./environment-hold.ts";
import { foldLines, type LogMemory } from "./log-memory.ts";
import { countersOfLines } from "./log-lines.ts";
import type { PeerAnswer } from "./peers.ts";
import { chosenPresetOf } from "./presets.ts";
import { foldEntry, type Standing, standingOf } from "./phase.ts";
import { type Counting, type Served, served } from "./served.ts";
import { countingOf, foldRule, openRule, type RuleState } from "./rule.ts";
import { callersSidesAt, sidesAt, steadyPods } from "./sides.ts";

/** What holds for every guard of this daemon. */
export interface Pace {
  readonly blockMs: Ms;
  readonly scrapeMs: Ms;
  /** A new pod's first requests are slow by nature: latency counts from this long after it was Ready. */
  readonly warmUpLatencyMs: Ms;
  /** How long after a block's end its log lines have arrived; absent: there is no source of logs. */
  readonly logLagMs?: Ms;
  /** Where log lines can be looked at: base URL, with the space. */
  readonly kibana?: string;
}

/** A guard in memory: what is written down and what was folded from measurements, which never is. */
export interface GuardRun {
  readonly record: GuardRecord;
  readonly standing: Standing;
  readonly pace: Pace;
  readonly signals: Readonly<Record<string, Signal>>;
  readonly counted: Readonly<Record<string, SignalState>>;
  /** How other workloads fared in the blocks that condemn this revision; absent until they were asked. */
  readonly peers?: PeerAnswer;
  /** Signals that are judged by a plain rule, outside the bound. */
  readonly rules: Readonly<Record<string, RuleState>>;
  /** Requests by who answered them, of every signal of errors that tells revisions apart; for the report at the end. */
  readonly served: Readonly<Record<string, Served>>;
  /** What log lines say, by signal: shown, not judged. */
  readonly logs: Readonly<Record<string, LogMemory>>;
  /** Of every signal of errors: do new pods get their share of the requests? */
  readonly traffic: Readonly<Record<string, Traffic>>;
  /** Since when this process has seen the rollout unpaused without a break; absent while it is paused or was not looked at. */
  readonly runningSince?: Ms;
  /** End of the newest block that a signal's source was asked for, answered or not. */
  readonly askedThrough: Readonly<Record<string, Ms>>;
  /** Since when this process has looked at the guard: what did not answer before was not asked. */
  readonly watchedSince?: Ms;
  /** This process knows by which presets the old pods count, if by any. */
  readonly oldPresetsSought?: boolean;
  /** After a rollback: what was found around the workload last. Asked again after a restart. */
  readonly aftermath?: Aftermath;
  /** Silences whose consequence was counted for our metrics. */
  readonly countedSilences?: ReadonlySet<string>;
}

/** For so long before the rollout the old pods' use of CPU and memory is asked for. */
const USUAL_MS = 3_600_000;

/** Blocks kept in memory per signal: the record's quarter of an hour, and enough to count quiet blocks of signals that lag. */
const AUDIT_BLOCKS = 80;

/** Largest clump of errors assumed on the old side (docs/judging.md: the formula). */
const PHI = 3;
/** The same of log lines: one failure logs a line for each retry, or a whole stack trace (docs/judging.md: log lines). */
const PHI_LINES = 10;

/** A guard as it stands before its first measurement; also after a restart, from the same record. */
export function openRun(record: GuardRecord, pace: Pace): GuardRun {
  const signals = signalsOf(record);
  const counted: Record<string, SignalState> = {};
  const rules: Record<string, RuleState> = {};
  for (const [name, signal] of Object.entries(signals)) {
    const rule = openRule(signal, pace, { probe: record.probes?.[name], job: record.jobs?.[name] });
    if (rule !== undefined) rules[name] = rule;
    if (isCounted(signal)) counted[name] = openSignal(limitsOf(record, name, signal, pace));
  }
  return {
    record,
    standing: standingOf(record.entries),
    pace,
    signals,
    counted,
    rules,
    served: {},
    logs: {},
    traffic: {},
    askedThrough: {},
  };
}

function signalsOf({ policy, entries }: GuardRecord): GuardRun["signals"] {
  const written = Object.entries(policy.spec.signals);
  return Object.fromEntries(written.map(([name, one]) => [name, signalOf(one, chosenPresetOf(entries, name))]));
}

/** The presets that its record says were chosen; `sought`: what the old pods expose is known, and need not be asked again. */
export function withChosenPresets(run: GuardRun, sought: boolean): GuardRun {
  return { ...run, signals: signalsOf(run.record), ...(sought ? { oldPresetsSought: true } : {}) };
}

/** A signal of counts, bad of total, that is judged by evidence: the kinds under the statistical bound. */
export type CountedSignal = (HttpSignal & { readonly rule?: undefined }) | Extract<Signal, { kind: "ratio" | "logs" }>;

/** Judged by evidence. One with a rule of its own is not, and takes no share of the confidence. */
export function isCounted(signal: Signal): signal is CountedSignal {
  if (signal.kind === "ratio" || signal.kind === "logs") return true;
  return (signal.kind === "http-errors" || signal.kind === "http-slower") && signal.rule === undefined;
}

/** What a counted signal counts, as people call it. */
export function unitOf(signal: Signal | undefined): string {
  if (signal?.kind === "logs") return POD_MINUTES;
  return signal?.kind === "ratio" ? "events" : "requests";
}

/** Judged by what callers count, of old and new pods together. */
export function isSeenByCallers(signal: Signal | undefined): boolean {
  return (signal?.kind === "http-errors" && signal.seenBy === "callers") || isOfService(signal);
}

/** Judged by what is counted of the whole Service: by its only callers, and no pod can be compared with. */
export function isOfService(signal: Signal | undefined): boolean {
  return (signal?.kind === "http-errors" || signal?.kind === "http-slower") && signal.service !== undefined;
}

/** Counted signals whose branch rolls back: they share the confidence (docs/decisions.md). */
export function underConfidence(policy: Policy): readonly string[] {
  return Object.entries(policy.spec.signals).flatMap(([name, written]) =>
    isCounted(signalOf(written)) && actionsFor(policy, name).includes("rollback") ? [name] : [],
  );
}

/** One signal's answer for one block. Errors are remembered and may be asked again; repeated blocks change nothing. */
export function judge(before: GuardRun, name: string, answer: Measurement): GuardRun {
  const run = answer.kind === "lines" ? { ...before, logs: { ...before.logs, [name]: foldLines(before.logs[name], answer) } } : before;
  const { record, pace } = run;
  const measurement = answer.kind === "lines" ? countersOfLines(answer, record.rollout, record.pods, pace.blockMs) : answer;
  const { rollback } = run.standing;
  const signal = run.signals[name];
  const rule = run.rules[name];
  const state = countedBefore(run, name, measurement.at);
  if ((state === undefined && rule === undefined) || signal === undefined) return run;
  // Only from then on: a restart judges the blocks before it again, and must tell their pods apart as they were told apart then.
  const restored = rollback === undefined || measurement.at <= rollback.at ? [] : [rollback.target.podTemplateHash];
  const warmUpMs = warmUpOf(signal, pace);
  const sides = isSeenByCallers(signal)
    ? callersSidesAt(measurement.at, pace.blockMs, record.rollout, warmedUp(record.pods, warmUpMs), {
        restored: restored.length > 0,
        before: isOfService(signal) ? "old" : "ignored",
      })
    : sidesAt(measurement.at, pace.blockMs, record.rollout, warmedUp(record.pods, warmUpMs), restored);
  const input = { at: measurement.at, measurement, ...sides };
  if (rule !== undefined) {
    const folded = foldRule(rule, input, { ...record, restored });
    return withServed({ ...run, rules: { ...run.rules, [name]: folded } }, name, countingOf(rule), countingOf(folded));
  }
  if (state === undefined) return run;
  const next = judgeBlock(state, input);
  const judged = withServed({ ...run, counted: { ...run.counted, [name]: next } }, name, state, next);
  return withTraffic(judged, name, state.countedAt ?? measurement.at - pace.blockMs);
}

/** Callers do not tell which revision failed them. */
function withServed(run: GuardRun, name: string, before: Counting | undefined, after: Counting | undefined): GuardRun {
  const signal = run.signals[name];
  if (signal?.kind !== "http-errors" || isSeenByCallers(signal) || before === undefined || after === undefined) return run;
  const past = { limit: signal.limit, blockMs: run.pace.blockMs, rolledBackAt: run.standing.rollback?.at };
  const so = served(run.served[name], before, after, past);
  return so === undefined ? run : { ...run, served: { ...run.served, [name]: so } };
}

/** Compares the requests of new and old pods in the block that was counted last; `began` is the end of the one before it. */
function withTraffic(run: GuardRun, name: string, began: Ms): GuardRun {
  const { record, pace } = run;
  const state = run.counted[name];
  const to = state?.countedAt ?? null;
  const signal = run.signals[name];
  // What callers count comes from no pod of the workload.
  if (state === undefined || signal?.kind !== "http-errors" || isSeenByCallers(signal) || to === null || to <= began) return run;
  const steady = steadyPods({ from: began - pace.scrapeMs, to }, record.rollout, record.pods);
  return { ...run, traffic: { ...run.traffic, [name]: stepTraffic(run.traffic[name] ?? noTraffic, state.deltas, steady) } };
}

/** State of a counted signal as the block that ends at `at` finds it. A recorded hold of the environment binds from the block after it. */
function countedBefore({ record, counted }: GuardRun, name: string, at: Ms): SignalState | undefined {
  const state = counted[name];
  const hold = state === undefined ? undefined : environmentHold(record.entries, name, at);
  return state !== undefined && hold !== undefined && (state.lastAt ?? 0) <= hold.at ? blamedOnOthers(state) : state;
}

/** How long after its end a block of this signal is asked for, beside the settling. */
export function lagOf(run: GuardRun, name: string): Ms {
  return run.signals[name]?.kind === "logs" ? (run.pace.logLagMs ?? 0) : 0;
}

/** Beginning of the first block that is judged; log lines are counted from there. */
export function judgedFrom({ record, pace }: GuardRun): Ms {
  return Math.floor(record.rollout.startedAt / pace.blockMs) * pace.blockMs - pace.blockMs;
}

/** End of the last block that a signal has been judged at; before the first, the block that ends as the guard's rollout starts. */
export function judgedThrough(run: GuardRun, name: string): Ms {
  // What old pods use is looked up first: it tells what is new of the new ones.
  const signal = run.signals[name];
  const earlier = signal?.kind === "resources" && signal.source === "prometheus" ? USUAL_MS : 0;
  return heardOf(run, name)?.lastAt ?? judgedFrom(run) - earlier;
}

/** What was heard of a signal so far, however it is judged; undefined for one that asks no source. */
export interface Heard {
  readonly outcome: Outcome | null;
  readonly lastAt: Ms | null;
  readonly silence: Silence | null;
}

export function heardOf(run: GuardRun, name: string): Heard | undefined {
  return run.counted[name] ?? run.rules[name]?.state;
}

export function withEntry(run: GuardRun, entry: Entry): GuardRun {
  return { ...run, record: { ...run.record, entries: [...run.record.entries, entry] }, standing: foldEntry(run.standing, entry) };
}

export function withPods(run: GuardRun, pods: readonly PodState[]): GuardRun {
  return { ...run, record: { ...run.record, pods } };
}

/** A pause stops the progress deadline, whoever pauses, and its end begins it anew (as Kubernetes does). */
export function withPause(run: GuardRun, paused: boolean, now: Ms): GuardRun {
  if (!paused) return run.runningSince === undefined ? { ...run, runningSince: now } : run;
  const { runningSince: _, ...rest } = run;
  return rest;
}

export function withPeers(run: GuardRun, peers: PeerAnswer): GuardRun {
  return { ...run, peers };
}

export function withAsked(run: GuardRun, signal: string, through: Ms): GuardRun {
  return { ...run, askedThrough: { ...run.askedThrough, [signal]: through } };
}

/** This process looks at the guard. */
export function withWatch(run: GuardRun, now: Ms): GuardRun {
  return run.watchedSince === undefined ? { ...run, watchedSince: now } : run;
}

/** Before the first block is judged: limits are fixed for the life of a guard. */
export function withBaseline(run: GuardRun, signal: string, baseline: Baseline): GuardRun {
  const record = { ...run.record, baselines: { ...run.record.baselines, [signal]: baseline } };
  const state = run.counted[signal];
  if (state === undefined) return { ...run, record };
  return { ...run, record, counted: { ...run.counted, [signal]: { ...state, limits: { ...state.limits, baseline } } } };
}

function limitsOf(record: GuardRecord, name: string, signal: CountedSignal, pace: Pace) {
  const { confidence, sustain, window, evidence, passEarly } = record.policy.spec;
  const sharing = underConfidence(record.policy);
  return {
    limit: signal.limit,
    worseThanOld: signal.worseThanOld,
    phi: signal.kind === "logs" ? PHI_LINES : PHI,
    alpha: 1 - confidence,
    // A signal that only tells is judged by itself and takes nothing from the others.
    weight: sharing.includes(name) ? 1 / sharing.length : 1,
    blockMs: pace.blockMs,
    sustainMs: sustain,
    scrapeMs: pace.scrapeMs,
    plannedBlocks: Math.max(2, Math.ceil((record.rollout.progressDeadline + window) / pace.blockMs)),
    baseline: record.baselines[name] ?? null,
    auditBlocks: AUDIT_BLOCKS,
    // What old pods answered is among what callers counted: the two are not independent.
    // And the likelihoods behind the other modes are those of shares, which a rate is not.
    mode: signal.kind === "logs" || (isSeenByCallers(signal) && evidence === "independent") ? "burn" : evidence,
    passEarly: passEarly !== undefined && signal.kind !== "logs",
    unit: unitOf(signal),
    ...(signal.kind === "logs" ? { exposure: true } : {}),
    ...(isSeenByCallers(signal) ? { controlIsPartial: true } : {}),
  };
}

/** What a pod logs as it starts has no ready time beside it: lines count from the first whole block on. */
function warmUpOf(signal: Signal, pace: Pace): Ms {
  if (signal.kind === "logs") return pace.blockMs;
  return signal.kind === "http-slower" ? pace.warmUpLatencyMs : 0;
}

function warmedUp(pods: readonly PodState[], warmUpMs: Ms): readonly PodState[] {
  if (warmUpMs === 0) return pods;
  return pods.map((pod) => (pod.readySince === undefined ? pod : { ...pod, readySince: pod.readySince + warmUpMs }));
}
