import type { Action, Command, Entry, FinalPhase, Phase, Receipt } from "../entry.ts";
import type { Ms, Revision } from "../model.ts";
import type { Reason } from "../reason.ts";
import { isOrdered } from "./ordered.ts";
import type { Failure } from "./retry.ts";

/** Where a guard stands, derived from its entries alone: after a restart the same entries give the same standing. */
export interface Standing {
  readonly phase: Phase;
  /** Our brake lies on the workload: its receipt was written and nothing since took it off. */
  readonly braked: boolean;
  readonly brakedAt?: Ms;
  readonly releasedAt?: Ms;
  readonly completedAt?: Ms;
  /** Intended and not yet answered by a final receipt: to be carried out (again) after a restart. */
  readonly pending?: { readonly action: Action; readonly because: readonly Reason[] };
  readonly rollback?: { readonly target: Revision; readonly at: Ms; readonly because: readonly Reason[] };
  /** The last rollback that was intended and not refused: it may have happened although no receipt says so. */
  readonly attempted?: { readonly target: Revision; readonly at: Ms; readonly cause: string; readonly because: readonly Reason[] };
  /** A brake failed without a certain answer: it may lie on the workload nevertheless. */
  readonly unsureBrake: boolean;
  /** Somebody else took our brake off: it is not put on again. */
  readonly resumed: boolean;
  /** Actions tried without success, by kind, with the time of the last try. */
  readonly failures: Readonly<Partial<Record<Action["kind"], Failure>>>;
  readonly refused: Readonly<Partial<Record<Action["kind"], Receipt>>>;
  /** `noteKey` of every reason that was already recorded as withheld or held: each is told once. */
  readonly noted: ReadonlySet<string>;
  /** A hold was recorded: a brake under it is never released by us. */
  readonly held: boolean;
  /** By signal, where the policy lets a silence move the end of the window: what is over, and since when one lasts. */
  readonly extensions: Readonly<Record<string, Extension>>;
  readonly kept?: number;
  /** Announced and neither done nor withheld yet; one that failed is tried again without another announcement. */
  readonly announced?: { readonly action: Action; readonly at: Ms; readonly dueAt: Ms; readonly because: readonly Reason[] };
  /** What was announced is not done in this guard, because this person ordered so. */
  readonly cancelled?: Command;
  /** What people ordered, oldest first. */
  readonly commands: readonly Command[];
  readonly finished?: { readonly phase: FinalPhase; readonly at: Ms; readonly because: readonly Reason[] };
  readonly nextSeq: number;
}

export interface Extension {
  readonly outcome: "no-data" | "error" | "too-few";
  readonly endedMs: Ms;
  readonly since?: Ms;
}

const start: Standing = {
  phase: "pending",
  braked: false,
  unsureBrake: false,
  resumed: false,
  failures: {},
  refused: {},
  noted: new Set(),
  held: false,
  extensions: {},
  commands: [],
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
      return foldIntent(next, entry);
    case "receipt":
      return foldReceipt(next, entry.receipt);
    case "withheld":
      return {
        ...withoutAnnounced(withoutWithheld(next, entry.action), entry),
        // The answer to an order is no finding, and each order gets its own.
        noted: isOrdered(entry.because) ? standing.noted : note(standing, `withheld:${entry.action}`, entry.because),
        phase: entry.action === "rollback" ? phaseWithout(standing, entry.because) : standing.phase,
      };
    case "held":
      return foldHeld(next, entry);
    case "noted":
      return next;
    case "announced":
      return { ...next, phase: "breached", announced: { action: entry.action, at: entry.at, dueAt: entry.dueAt, because: entry.because } };
    case "commanded":
      return foldCommand(next, entry.command);
    case "finished":
      return {
        ...withoutPending(next),
        phase: entry.phase,
        // A brake goes with the workload it lay on.
        braked: standing.braked && !entry.because.some((reason) => reason.code === "workload-deleted"),
        finished: { phase: entry.phase, at: entry.at, because: entry.because },
      };
  }
}

/** The name under which a reason is told once per guard. */
export function noteKey(kind: string, reason: Reason): string {
  return `${kind}:${reason.code}${detailOf(reason)}`;
}

function detailOf(reason: Reason): string {
  // Another time of trouble is another piece of news.
  if (reason.code === "environment") return `/${reason.signal}/${reason.since}`;
  if (reason.code === "alert") return `/${reason.signal}/${reason.name}`;
  if (reason.code === "resources") return `/${reason.signal}/${reason.resource}/${reason.rule}`;
  // That nobody knows and that it does not hold are two pieces of news.
  if (reason.code === "condition") return `/${reason.signal}/${reason.state}`;
  if ("signal" in reason) return `/${reason.signal}`;
  if (reason.code === "governor") return `/${reason.rule}`;
  if (reason.code === "nothing-to-undo") return `/${reason.why}`;
  // Other numbers do not make it news.
  return reason.code === "limitation" ? `/${reason.detail.replaceAll(/\d+/g, "#")}` : "";
}

/** Reasons after which a brake is for a person to take off (docs/decisions.md). */
export function isHold(reason: Reason): boolean {
  return ["shared-degradation", "suspect-pod", "suspect-node", "environment"].includes(reason.code);
}

function note(standing: Standing, kind: string, because: readonly Reason[]): ReadonlySet<string> {
  return new Set([...standing.noted, ...because.map((reason) => noteKey(kind, reason))]);
}

function foldHeld(standing: Standing, { because, at }: Extract<Entry, { kind: "held" }>): Standing {
  const noted = new Set(note(standing, "held", because));
  const extensions = { ...standing.extensions };
  for (const reason of because) {
    if (reason.code !== "no-usable-data" && reason.code !== "window-extended") continue;
    const { signal, outcome } = reason;
    const endedMs = extensions[signal]?.endedMs ?? 0;
    if (reason.code === "no-usable-data") {
      if (reason.extends) extensions[signal] = { outcome, endedMs, since: at - reason.forMs };
      continue;
    }
    extensions[signal] = { outcome, endedMs: endedMs + reason.silentMs };
    // The next silence of this signal is news again.
    for (const code of ["no-usable-data", "window-extended"]) noted.delete(`held:${code}/${signal}`);
  }
  return { ...standing, noted, extensions, held: standing.held || because.some(isHold) };
}

/** A cancel stops what was announced, also for the rest of the guard; a later order to undo stands above it. */
function foldCommand(standing: Standing, command: Command): Standing {
  const { cancelled: _cancelled, ...rest } = standing;
  const next = { ...standing, commands: [...standing.commands, command] };
  if (command.kind === "undo") return { ...rest, commands: next.commands };
  const isStoppable = standing.announced !== undefined || standing.pending?.action.kind === "rollback";
  return command.kind === "cancel" && isStoppable ? { ...next, cancelled: command } : next;
}

/** That another signal of the policy only notifies says nothing of what was announced. */
function withoutAnnounced(standing: Standing, { action, because }: Extract<Entry, { kind: "withheld" }>): Standing {
  if (standing.announced?.action.kind !== action || because.some(({ code }) => code === "policy-only-notifies")) return standing;
  const { announced: _announced, ...rest } = standing;
  return rest;
}

/**
 * Of a rollback that was not done: one whose trouble was over has left nothing to act upon, and what a person wanted taken back says
 * nothing of the revision.
 */
function phaseWithout({ phase }: Standing, because: readonly Reason[]): Phase {
  if (because.some(({ code }) => code === "called-off")) return "observing";
  if (!isOrdered(because)) return "breached";
  return phase === "acting" ? "observing" : phase;
}

function foldIntent(standing: Standing, { action, because, at }: Extract<Entry, { kind: "intended" }>): Standing {
  const next = { ...standing, pending: { action, because } };
  if (action.kind === "rollback") {
    return { ...next, phase: "acting", attempted: { target: action.target, at, cause: action.cause, because } };
  }
  const takenOff = action.kind === "release" && because.some((reason) => reason.code === "conflict");
  return { ...next, resumed: standing.resumed || takenOff };
}

/** A decision against what was still pending: it is not carried out any more. */
function withoutWithheld(standing: Standing, kind: Action["kind"]): Standing {
  if (standing.pending?.action.kind !== kind) return standing;
  return kind === "rollback" ? withoutAttempt(withoutPending(standing)) : withoutPending(standing);
}

function foldReceipt(standing: Standing, receipt: Receipt): Standing {
  const { action, because } = standing.pending ?? {};
  if (action?.id !== receipt.action || because === undefined) return standing;
  const done = receipt.outcome === "applied" || receipt.outcome === "unchanged";
  if (!done) return foldFailure(standing, action, receipt);
  const { [action.kind]: _mended, ...failures } = standing.failures;
  const rest = { ...withoutPending(standing), failures };
  switch (action.kind) {
    case "brake":
      return { ...rest, braked: true, brakedAt: receipt.at, unsureBrake: false };
    case "release":
      return { ...release(rest, receipt.at), unsureBrake: false };
    case "rollback": {
      const { announced: _announced, ...ended } = rest;
      return {
        ...release(ended, receipt.at),
        unsureBrake: false,
        failures: {},
        phase: "verifying",
        rollback: { target: action.target, at: receipt.at, because },
      };
    }
    case "drain":
      return { ...rest, kept: action.keep };
  }
}

function foldFailure(standing: Standing, action: Action, receipt: Receipt): Standing {
  const isSure = receipt.outcome !== "failed";
  const kept = action.kind === "rollback" && isSure ? withoutAttempt(standing) : standing;
  // A pause that is not ours means that our brake is not there any more.
  const isOthers = receipt.outcome === "refused" && receipt.because?.code === "paused-by-other";
  const rest = withoutPending(isOthers ? release(kept, receipt.at) : kept);
  const before = standing.failures[action.kind]?.count ?? 0;
  return {
    ...rest,
    phase: action.kind === "rollback" ? phaseWithout(standing, standing.pending?.because ?? []) : standing.phase,
    unsureBrake: isUnsure(rest, action, receipt),
    failures: { ...standing.failures, [action.kind]: { count: before + 1, at: receipt.at } },
    refused: receipt.outcome === "refused" ? { ...standing.refused, [action.kind]: receipt } : standing.refused,
  };
}

/** A release looks for our mark: where the pause is another's, no brake of ours lies there. */
function isUnsure({ unsureBrake }: Standing, { kind }: Action, { outcome, because }: Receipt): boolean {
  if (kind === "release") return unsureBrake && because?.code !== "paused-by-other";
  if (kind !== "brake") return unsureBrake;
  return outcome === "failed" || (unsureBrake && because?.code === "forbidden");
}

function release(standing: Standing, at: Ms): Standing {
  if (!standing.braked) return standing;
  return { ...standing, braked: false, unsureBrake: false, releasedAt: at };
}

function withoutPending(standing: Standing): Standing {
  const { pending: _pending, ...rest } = standing;
  return rest;
}

function withoutAttempt(standing: Standing): Standing {
  const { attempted: _attempted, ...rest } = standing;
  return rest;
}
