import type { Action, Entry, FinalPhase, Ms, Phase, Receipt, Reason, Revision } from "../model.ts";

/** Where a guard stands, derived from its entries alone: after a restart the same entries give the same standing. */
export interface Standing {
  readonly phase: Phase;
  /** Our brake lies on the workload: its receipt was written and nothing since took it off. */
  readonly braked: boolean;
  readonly brakedAt?: Ms;
  readonly releasedAt?: Ms;
  /** Total time our brake lay on the workload, without the one that lies there now. */
  readonly brakedFor: Ms;
  readonly completedAt?: Ms;
  /** Intended and not yet answered by a final receipt: to be carried out (again) after a restart. */
  readonly pending?: { readonly action: Action; readonly because: readonly Reason[] };
  readonly rollback?: { readonly target: Revision; readonly at: Ms; readonly because: readonly Reason[] };
  /** Actions tried without success, by kind, with the time of the last try. */
  readonly failures: Readonly<Partial<Record<Action["kind"], { readonly count: number; readonly at: Ms }>>>;
  readonly refused: Readonly<Partial<Record<Action["kind"], Receipt>>>;
  /** `code/signal` of every reason that was already recorded as withheld or held: each is told once. */
  readonly noted: ReadonlySet<string>;
  /** A hold was recorded: a brake under it is never released by us. */
  readonly held: boolean;
  readonly kept?: number;
  readonly finished?: { readonly phase: FinalPhase; readonly at: Ms; readonly because: readonly Reason[] };
  readonly nextSeq: number;
}

const start: Standing = {
  phase: "pending",
  braked: false,
  brakedFor: 0,
  failures: {},
  refused: {},
  noted: new Set(),
  held: false,
  nextSeq: 0,
};

/** Standing of a guard with these entries, in their order. */
export function standingOf(entries: readonly Entry[]): Standing {
  return entries.reduce(foldEntry, start);
}

/** One entry more. A finished guard stays finished: late entries only move the counter. */
export function foldEntry(standing: Standing, entry: Entry): Standing {
  const next = { ...standing, nextSeq: entry.seq + 1 };
  if (standing.finished !== undefined) return next;
  switch (entry.kind) {
    case "opened":
      return { ...next, phase: "observing" };
    case "completed":
      return { ...next, completedAt: entry.at };
    case "intended":
      return {
        ...next,
        pending: { action: entry.action, because: entry.because },
        phase: entry.action.kind === "rollback" ? "acting" : standing.phase,
      };
    case "receipt":
      return foldReceipt(next, entry.receipt);
    case "withheld":
      return {
        ...next,
        noted: note(standing, `withheld:${entry.action}`, entry.because),
        phase: entry.action === "rollback" ? "breached" : standing.phase,
      };
    case "held":
      return { ...next, noted: note(standing, "held", entry.because), held: standing.held || entry.because.some(isHold) };
    case "finished":
      return { ...withoutPending(next), phase: entry.phase, finished: { phase: entry.phase, at: entry.at, because: entry.because } };
  }
}

/** The name under which a reason is told once per guard. */
export function noteKey(kind: string, reason: Reason): string {
  return `${kind}:${reason.code}${"signal" in reason ? `/${reason.signal}` : ""}`;
}

/** Reasons after which a brake is for a person to take off (design.md section 12). */
export function isHold(reason: Reason): boolean {
  return reason.code === "shared-degradation" || reason.code === "suspect-pod";
}

function note(standing: Standing, kind: string, because: readonly Reason[]): ReadonlySet<string> {
  return new Set([...standing.noted, ...because.map((reason) => noteKey(kind, reason))]);
}

function foldReceipt(standing: Standing, receipt: Receipt): Standing {
  const { action, because } = standing.pending ?? {};
  if (action?.id !== receipt.action || because === undefined) return standing;
  const done = receipt.outcome === "applied" || receipt.outcome === "unchanged";
  if (!done) return foldFailure(standing, action, receipt);
  const rest = withoutPending(standing);
  switch (action.kind) {
    case "brake":
      return { ...rest, braked: true, brakedAt: receipt.at };
    case "release":
      return release(rest, receipt.at);
    case "rollback":
      return {
        ...release(rest, receipt.at),
        failures: {},
        phase: "verifying",
        rollback: { target: action.target, at: receipt.at, because },
      };
    case "drain":
      return { ...rest, kept: action.keep };
  }
}

function foldFailure(standing: Standing, action: Action, receipt: Receipt): Standing {
  const rest = withoutPending(standing);
  const before = standing.failures[action.kind]?.count ?? 0;
  return {
    ...rest,
    phase: action.kind === "rollback" ? "breached" : standing.phase,
    failures: { ...standing.failures, [action.kind]: { count: before + 1, at: receipt.at } },
    refused: receipt.outcome === "refused" ? { ...standing.refused, [action.kind]: receipt } : standing.refused,
  };
}

function release(standing: Standing, at: Ms): Standing {
  if (!standing.braked) return standing;
  return { ...standing, braked: false, releasedAt: at, brakedFor: standing.brakedFor + (at - (standing.brakedAt ?? at)) };
}

function withoutPending(standing: Standing): Standing {
  const { pending: _pending, ...rest } = standing;
  return rest;
}
