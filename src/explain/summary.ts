import type { Entry } from "../entry.ts";
import type { Reason } from "../reason.ts";
import { phaseWords } from "./names.ts";
import { timeOfDay } from "./numbers.ts";
import { headline } from "./reason.ts";

const longest = 200;

/**
 * A guard in one line, for `kubectl get guards` and lists: what happened last and why.
 * Follows from the entries alone.
 */
export function summaryLine(entries: readonly Entry[]): string {
  const line = entries
    .toReversed()
    .map(lineOf)
    .find((text) => text !== undefined);
  return cut(line ?? "opened");

  function lineOf(entry: Entry): string | undefined {
    switch (entry.kind) {
      case "opened":
        return withReason("watching", entry.because);
      // What can be seen is no news of the rollout.
      case "noted":
        return undefined;
      case "completed":
        return "rollout complete, still watching";
      case "intended":
        return withReason(intents[entry.action.kind], entry.because);
      case "receipt":
        return receiptLine(entries, entry);
      case "withheld":
        // The last reason says why not; the others say what was wrong.
        return withReason(`${entry.action} withheld`, entry.because.slice(-1));
      case "announced":
        return withReason(`${intents[entry.action.kind]} at ${timeOfDay(entry.dueAt)} unless cancelled`, entry.because);
      case "commanded":
        return `${entry.command.kind} ordered by ${entry.command.by}`;
      case "held":
        return withReason(entry.because.every(({ code }) => code === "window-extended") ? "watching for longer" : "on hold", entry.because);
      case "finished":
        return withReason(phaseWords[entry.phase], entry.because);
    }
  }
}

const intents = { brake: "braking", release: "releasing the brake", rollback: "rolling back", drain: "draining the bad pods" } as const;
const done = { brake: "braked", release: "brake released", rollback: "rolled back", drain: "bad pods drained" } as const;

function receiptLine(entries: readonly Entry[], entry: Extract<Entry, { kind: "receipt" }>): string | undefined {
  const { receipt } = entry;
  const because = causesOf(entries, receipt.action);
  if (receipt.outcome === "applied" || receipt.outcome === "unchanged") {
    // The drain is a part of the rollback: the rollback's line says more.
    return receipt.kind === "drain" ? undefined : withReason(done[receipt.kind], because);
  }
  if (receipt.outcome === "dry-run") return withReason(`would have ${done[receipt.kind]}`, because);
  return `${receipt.kind} ${receipt.outcome}: ${receipt.because === undefined ? receipt.detail : headline(receipt.because)}`;
}

/** Why an action was intended: the reasons of its `intended` entry. */
export function causesOf(entries: readonly Entry[], actionId: string): readonly Reason[] {
  const intended = entries.findLast((entry) => entry.kind === "intended" && entry.action.id === actionId);
  return intended?.kind === "intended" ? intended.because : [];
}

function withReason(what: string, because: readonly Reason[]): string {
  const [first] = because;
  return first === undefined ? what : `${what}: ${headline(first)}`;
}

function cut(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
