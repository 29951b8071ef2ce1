import type { Reason } from "../../reason.ts";
import type { RemediationEntry, Remedy, RemedyKind } from "../../remediation.ts";
import { phaseWords } from "../names.ts";
import { headline } from "../reason.ts";

const longest = 200;

/** A remediation in one line: what happened last and why. Follows from the entries alone. */
export function remediationLine(entries: readonly RemediationEntry[]): string {
  const line = entries
    .map((entry) => lineOf(entry, entries))
    .filter((text) => text !== undefined)
    .at(-1);
  return cut(line ?? "opened");
}

function lineOf(entry: RemediationEntry, entries: readonly RemediationEntry[]): string | undefined {
  switch (entry.kind) {
    case "opened":
      return withReason("opened", entry.because);
    case "intended":
      return withReason(doing[verbOf(entry.action)], entry.because.slice(-1));
    case "receipt": {
      const { receipt } = entry;
      const intended = intentOf(entries, receipt.action);
      if (receipt.outcome === "applied" || receipt.outcome === "unchanged") {
        return intended === undefined ? undefined : withReason(done[verbOf(intended.action)], intended.because.slice(-1));
      }
      return `${receipt.kind} ${receipt.outcome}: ${receipt.because === undefined ? receipt.detail : headline(receipt.because)}`;
    }
    case "withheld":
      return withReason(`${entry.action} withheld`, entry.because.slice(-1));
    case "held":
      return withReason("waiting", entry.because.slice(-1));
    case "noted":
      return withReason(notedWords(entry.because), entry.because.slice(-1));
    case "escalated":
      return withReason(`step ${entry.step + 1} is over`, entry.because.slice(-1));
    case "commanded":
      return `${entry.command.kind} ordered by ${entry.command.by}`;
    case "finished":
      return withReason(phaseWords[entry.phase], entry.because);
  }
}

export function notedWords(because: readonly Reason[]): "over for now" | "in trouble again" | "Job ended" | "told" {
  if (because.some(({ code }) => code === "over-for-now")) return "over for now";
  if (because.some(({ code }) => code === "trouble-again")) return "in trouble again";
  if (because.some(({ code }) => code === "job-ended")) return "Job ended";
  return "told";
}

export type RemedyVerb = RemedyKind | "restore";

export function verbOf(action: Remedy): RemedyVerb {
  return action.kind === "scale" && action.purpose === "restore" ? "restore" : action.kind;
}

export function intentOf(entries: readonly RemediationEntry[], action: string) {
  const found = entries.findLast((entry) => entry.kind === "intended" && entry.action.id === action);
  return found?.kind === "intended" ? found : undefined;
}

const doing = {
  scale: "scaling",
  restart: "restarting a pod",
  rollback: "rolling back",
  job: "starting a Job",
  restore: "giving back what was scaled",
} as const;

export const done = {
  scale: "scaled",
  restart: "pod restarted",
  rollback: "rolled back",
  job: "Job started",
  restore: "scale given back",
} as const;

function withReason(what: string, because: readonly Reason[]): string {
  const [first] = because;
  return first === undefined ? what : `${what}: ${headline(first)}`;
}

function cut(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
