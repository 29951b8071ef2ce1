import type { Command, Decision, Entry } from "../entry.ts";
import type { Ms, Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { Ask } from "./ask.ts";
import { chooseTarget, forbids, nothing, rollbackAction, ROLLBACK_TRIES } from "./breach.ts";
import { isOrdered } from "./ordered.ts";
import type { Standing } from "./phase.ts";
import { whenToTry } from "./retry.ts";

/** What could not be obeyed for so long is not obeyed any more: nobody expects it by then. */
const OBEYED_WITHIN: Ms = 600_000;

/** Why an order makes no sense for a guard that stands so; undefined when it does. */
export function pointless(standing: Standing, kind: Command["kind"]): string | undefined {
  if (standing.finished !== undefined) return "it has ended";
  if (kind === "undo" && standing.rollback !== undefined) return "its revision was taken back already";
  const isStoppable = standing.announced !== undefined || standing.pending?.action.kind === "rollback";
  return kind === "cancel" && !isStoppable ? "nothing is announced that could be cancelled" : undefined;
}

/** A person ended the guard. Undefined while nobody has. */
export function decideAbort(ask: Ask): Decision | undefined {
  const order = ask.standing.commands.find(({ kind }) => kind === "abort");
  return order === undefined ? undefined : { kind: "finish", phase: "aborted", because: [orderedBy(order)] };
}

/** Why what was begun must not go on: the guard is to end. Taking our brake off is a part of that. */
export function endedBy(standing: Standing): Reason | undefined {
  const order = standing.commands.find(({ kind }) => kind === "abort");
  return order === undefined ? undefined : orderedBy(order);
}

/**
 * A person wants the revision taken back. Neither evidence nor mode is asked, nor how often it was done lately; what makes a rollback
 * wrong or impossible is. What is withheld is answered, and not done later unasked.
 */
export function decideUndoOrder(ask: Ask, workload: Workload): Decision | undefined {
  const order = openUndo(ask.record.entries);
  if (order === undefined) return undefined;
  const because = [orderedBy(order.command)];
  const target = chooseTarget(ask, workload);
  const why = forbids(ask, workload, target, because) ?? (target === undefined ? nothing("revision-gone") : undefined);
  if (why !== undefined || target === undefined) return withhold([...because, why ?? nothing("revision-gone")]);
  if (ask.now - order.at > OBEYED_WITHIN) {
    return withhold([...because, { code: "limitation", detail: "it could not be obeyed within 10 min: order it again" }]);
  }
  const failure = ask.standing.failures.rollback;
  // What failed before the order says nothing of it.
  const when = failure === undefined || failure.at < order.at ? "now" : whenToTry(failure, ask.now, ROLLBACK_TRIES);
  if (when === "later") return { kind: "wait", because };
  if (when === "now") return { kind: "act", because, action: rollbackAction(ask, target, "an order") };
  const detail = `the rollback did not succeed in ${failure?.count ?? 0} tries`;
  return withhold([...because, ask.standing.refused.rollback?.because ?? { code: "limitation", detail }]);
}

function withhold(because: readonly Reason[]): Decision {
  return { kind: "withhold", action: "rollback", because };
}

/** The last order to take the revision back, unless it was answered. */
function openUndo(entries: readonly Entry[]): { readonly command: Command; readonly at: Ms } | undefined {
  const last = entries.findLastIndex((entry) => entry.kind === "commanded" && entry.command.kind === "undo");
  const entry = entries[last];
  if (entry?.kind !== "commanded") return undefined;
  const isAnswered = entries
    .slice(last + 1)
    .some((later) => later.kind === "withheld" && later.action === "rollback" && isOrdered(later.because));
  return isAnswered ? undefined : { command: entry.command, at: entry.at };
}

function orderedBy({ by, reason }: Command): Reason {
  return { code: "ordered", by, reason };
}
