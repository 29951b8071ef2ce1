import type { Command, FinalPhase, Phase } from "../../entry.ts";
import type { Ms } from "../../model.ts";
import type { Reason } from "../../reason.ts";
import type { RemediationEntry, Remedy, RemedyReceipt } from "../../remediation.ts";
import { noteKey } from "../phase.ts";
import type { Failure } from "../retry.ts";

export type Scale = Extract<Remedy, { kind: "scale" }>;

/** An action that was carried out, or may have been. */
export interface Done {
  readonly step: number;
  readonly action: Remedy;
  readonly at: Ms;
  /** When it was intended first: it may have happened ever since. */
  readonly since: Ms;
  /** False: its answer was lost, so it may have happened. */
  readonly sure: boolean;
}

/** Where a remediation stands, derived from its entries alone. */
export interface RemedyStanding {
  readonly phase: Phase;
  /** Which step is up, from 0; the number of steps when all are used up. */
  readonly step: number;
  /** Since when it is up. */
  readonly stepSince: Ms;
  /** Something was done, tried or told: the conditions of the policy have had their say. */
  readonly begun: boolean;
  readonly pending?: { readonly step: number; readonly action: Remedy; readonly since: Ms; readonly because: readonly Reason[] };
  readonly done: readonly Done[];
  /** The newest thing that was done, told or, in mode observe, would have been. */
  readonly lastAt?: Ms;
  /** The step that is up was withheld; `observed`: by the mode alone, so that it has its time as if it was done. */
  readonly withheld?: { readonly observed: boolean; readonly at: Ms; readonly because: readonly Reason[] };
  /** Tries of the step that is up which came to nothing. */
  readonly failure?: Failure;
  /** For good: not tried again. */
  readonly refused?: RemedyReceipt;
  /** Scales that were not given back, oldest first. */
  readonly owed: readonly Done[];
  readonly restoreFailure?: Failure;
  readonly restored?: { readonly at: Ms; readonly action: Scale; readonly receipt: RemedyReceipt };
  /** Ids of Jobs' actions whose end is recorded, with what came of them. */
  readonly jobs: Readonly<Record<string, "passed" | "failed" | "error">>;
  /** Recorded: the trouble is over, and what is owed is given back some time later. */
  readonly overSince?: Ms;
  readonly noted: ReadonlySet<string>;
  readonly commands: readonly Command[];
  readonly finished?: { readonly phase: FinalPhase; readonly at: Ms; readonly because: readonly Reason[] };
  readonly nextSeq: number;
}

const start: RemedyStanding = {
  phase: "pending",
  step: 0,
  stepSince: 0,
  begun: false,
  done: [],
  owed: [],
  noted: new Set(),
  jobs: {},
  commands: [],
  nextSeq: 0,
};

export function remedyStandingOf(entries: readonly RemediationEntry[]): RemedyStanding {
  return entries.reduce(foldRemedyEntry, start);
}

/** One entry more. A finished one stays finished: late entries only move the counter. */
export function foldRemedyEntry(standing: RemedyStanding, entry: RemediationEntry): RemedyStanding {
  const next = { ...standing, nextSeq: entry.seq + 1 };
  if (standing.finished !== undefined) return next;
  switch (entry.kind) {
    case "opened":
      return { ...next, phase: "observing", stepSince: entry.at };
    case "intended":
      return { ...next, phase: "acting", begun: true, pending: pendingOf(standing, entry) };
    case "receipt":
      return foldReceipt(next, entry.receipt, entry.at);
    case "withheld":
      return foldWithheld(next, entry);
    case "held":
      return { ...next, noted: noted(standing, "held", entry.because) };
    case "noted":
      return foldNoted(next, entry);
    case "escalated": {
      const { failure: _, refused: _refused, withheld: _withheld, ...rest } = withoutPending(next);
      return { ...rest, phase: "observing", step: entry.step + 1, stepSince: entry.at };
    }
    case "commanded":
      return { ...next, commands: [...standing.commands, entry.command] };
    case "finished":
      return { ...withoutPending(next), phase: entry.phase, finished: { phase: entry.phase, at: entry.at, because: entry.because } };
  }
}

function pendingOf({ done }: RemedyStanding, { step, action, because, at }: Extract<RemediationEntry, { kind: "intended" }>) {
  const before = done.find((one) => one.action.id === action.id);
  return { step, action, because, since: before?.since ?? at };
}

function foldReceipt(standing: RemedyStanding, receipt: RemedyReceipt, at: Ms): RemedyStanding {
  const { pending } = standing;
  if (pending?.action.id !== receipt.action) return standing;
  const { action } = pending;
  const rest = withoutPending(standing);
  const applied = receipt.outcome === "applied" || receipt.outcome === "unchanged";
  if (action.kind === "scale" && action.purpose === "restore") return foldRestored(rest, action, receipt, at);
  if (applied) {
    const { failure: _, ...well } = rest;
    return { ...withDone(well, doneOf(pending, receipt.at, true)), phase: "verifying", lastAt: receipt.at };
  }
  const failure = { count: (standing.failure?.count ?? 0) + 1, at: receipt.at };
  if (receipt.outcome === "failed") {
    return { ...withDone(rest, doneOf(pending, receipt.at, false)), phase: "observing", failure };
  }
  // Somebody else was quicker: what is there now is looked at again, unless an earlier try may have gone through.
  const again = receipt.because?.code === "conflict" && !standing.done.some((done) => done.action.id === action.id);
  return { ...rest, phase: "observing", failure, ...(again ? {} : { refused: receipt }) };
}

/** Somebody has changed the count since, and theirs stays; what was only not allowed is still owed. */
function foldRestored(standing: RemedyStanding, action: Scale, receipt: RemedyReceipt, at: Ms): RemedyStanding {
  const isTheirs = receipt.outcome === "refused" && ["conflict", "workload-deleted"].includes(receipt.because?.code ?? "");
  if (isTheirs || receipt.outcome === "applied" || receipt.outcome === "unchanged")
    return { ...standing, phase: "verifying", owed: [], restored: { at, action, receipt } };
  return { ...standing, phase: "verifying", restoreFailure: { count: (standing.restoreFailure?.count ?? 0) + 1, at: receipt.at } };
}

function foldWithheld(standing: RemedyStanding, entry: Extract<RemediationEntry, { kind: "withheld" }>): RemedyStanding {
  const { pending } = standing;
  const observed = entry.because.some(({ code }) => code === "observe-mode");
  // What was begun before it was withheld may have happened.
  const begun = pending === undefined ? standing : withDone(standing, doneOf(pending, entry.at, false));
  return {
    ...withoutPending(begun),
    phase: observed ? "observing" : "breached",
    begun: true,
    noted: noted(standing, `withheld:${entry.step}`, entry.because),
    withheld: { observed, at: entry.at, because: entry.because },
    ...(observed ? { lastAt: entry.at } : {}),
  };
}

function foldNoted(standing: RemedyStanding, { step, because, at }: Extract<RemediationEntry, { kind: "noted" }>): RemedyStanding {
  const told = { ...standing, noted: noted(standing, "noted", because) };
  if (because.some(({ code }) => code === "over-for-now")) return { ...told, overSince: at };
  if (because.some(({ code }) => code === "trouble-again")) {
    const { overSince: _, ...again } = told;
    return { ...again, stepSince: at, ...(standing.lastAt === undefined ? {} : { lastAt: at }) };
  }
  const ended = because.find(({ code }) => code === "job-ended");
  const job =
    ended?.code === "job-ended" ? standing.done.findLast(({ action }) => action.kind === "job" && action.job === ended.job) : undefined;
  if (ended?.code === "job-ended" && job !== undefined)
    return { ...told, lastAt: at, jobs: { ...standing.jobs, [job.action.id]: ended.outcome } };
  if (step === undefined) return told;
  return { ...told, begun: true, step: step + 1, stepSince: at, lastAt: at };
}

function doneOf({ step, action, since }: NonNullable<RemedyStanding["pending"]>, at: Ms, sure: boolean): Done {
  return { step, action, since, at, sure };
}

/** Once by its id: what a second try made sure of is no second deed. */
function withDone(standing: RemedyStanding, one: Done): RemedyStanding {
  const others = (list: readonly Done[]) => list.filter(({ action }) => action.id !== one.action.id);
  const isOwed = one.action.kind === "scale" && one.action.purpose === "remedy";
  return { ...standing, done: [...others(standing.done), one], owed: isOwed ? [...others(standing.owed), one] : standing.owed };
}

function noted(standing: RemedyStanding, kind: string, because: readonly Reason[]): ReadonlySet<string> {
  return new Set([...standing.noted, ...because.map((reason) => noteKey(kind, reason))]);
}

function withoutPending(standing: RemedyStanding): RemedyStanding {
  const { pending: _, ...rest } = standing;
  return rest;
}
