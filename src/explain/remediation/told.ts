import type { RemediationRecord } from "../../guards/remediation/record.ts";
import { changesAnything } from "../../guards/remediation/trouble.ts";
import type { Reason } from "../../reason.ts";
import type { RemediationEntry, RemedyReceipt, Trigger } from "../../remediation.ts";
import { endSeverity, phaseWords, shortName } from "../names.ts";
import type { Told } from "../told.ts";
import { done, intentOf, notedWords, verbOf } from "./summary.ts";

/** The news in an entry of a remediation; undefined for what is nobody's news. */
export function tellRemediation(record: RemediationRecord, entry: RemediationEntry): Told | undefined {
  const name = `${record.workload.kind} ${shortName(record.workload)}`;
  const policy = record.policy.metadata.name;
  switch (entry.kind) {
    case "intended":
    case "commanded":
      return undefined;
    case "opened": {
      // What is looked at every day is news only when something is found.
      if (record.trigger.kind === "schedule") return undefined;
      const what = `${name} is looked after by remediation ${policy}: ${opened(record.trigger)}.`;
      return { kind: "opened", severity: "info", head: "is looked after", what, because: entry.because };
    }
    case "receipt":
      return receiptTold(record, entry.receipt, name);
    case "withheld": {
      const observed = entry.because.some(({ code }) => code === "observe-mode");
      const what = `${name} ${would[entry.action]}, but Rearguard does not do it.`;
      return {
        kind: "withheld",
        severity: "warning",
        head: `${entry.action} withheld`,
        what: observed ? `${what} The policy only observes.` : what,
        because: entry.because,
      };
    }
    case "held": {
      const isPage = entry.because.some(({ code }) => code === "ladder-over");
      const what = isPage
        ? `All that remediation ${policy} can do for ${name} is done, and it is still in trouble: somebody has to look at it now. What was scaled stays until it is over.`
        : `Remediation ${policy} of ${name} waits before it does anything.`;
      return {
        kind: "held",
        severity: isPage ? "critical" : "info",
        head: isPage ? "is NOT resolved" : "waits",
        what,
        because: isPage ? withTried(record, entry.because) : entry.because,
      };
    }
    case "noted":
      return notedTold(record, entry, name);
    case "escalated": {
      const next = record.policy.spec.do[entry.step + 1] === undefined ? "There is no further step." : "The next step is up.";
      return {
        kind: "escalated",
        severity: "warning",
        head: `step ${entry.step + 1} is over`,
        what: `${name} is still in trouble. ${next}`,
        because: entry.because,
      };
    }
    case "finished":
      return finishedTold(record, entry, name);
  }
}

function opened(trigger: Trigger): string {
  if (trigger.kind === "alert") return `alert ${trigger.alert.labels["alertname"] ?? ""} fires`;
  return trigger.kind === "schedule" ? "its time has come" : `${trigger.by} ordered it`;
}

const would = {
  scale: "would have been scaled",
  restart: "would have had a pod restarted",
  rollback: "would have been rolled back",
  job: "would have had a Job run",
} as const;

function notedTold(record: RemediationRecord, entry: Extract<RemediationEntry, { kind: "noted" }>, name: string): Told {
  const { because, step } = entry;
  const words = notedWords(because);
  if (step === undefined && words !== "told") {
    const sentences = {
      "over for now": `The trouble of ${name} is over for now.`,
      "in trouble again": `${name} is in trouble again.`,
      "Job ended": `A Job for ${name} has ended.`,
    } as const;
    const isBack = words === "in trouble again";
    return { kind: "noted", severity: isBack ? "warning" : "info", head: isBack ? `is ${words}` : words, what: sentences[words], because };
  }
  const what = `Remediation ${record.policy.metadata.name} tells of ${name}, as its policy says; nothing was changed by that.`;
  // A step that tells is the news that was asked for.
  return { kind: "escalated", severity: "warning", head: "needs a look", what, because };
}

function receiptTold(record: RemediationRecord, receipt: RemedyReceipt, name: string): Told | undefined {
  const intended = intentOf(record.entries, receipt.action);
  if (intended === undefined) return undefined;
  const { action, because } = intended;
  const verb = verbOf(action);
  if (receipt.outcome === "applied" || receipt.outcome === "unchanged") {
    const kind = verb === "rollback" ? "rolled-back" : "remediated";
    const severity = verb === "restore" ? "info" : verb === "rollback" ? "critical" : "warning";
    return { kind, severity, head: done[verb], what: `${name}: ${done[verb]}: ${receipt.detail}.`, because };
  }
  const what = `Rearguard wanted to ${wants[verb]} ${name} and could not: ${receipt.detail}.`;
  return {
    kind: "failed",
    severity: "warning",
    head: `${verb} ${receipt.outcome}`,
    what,
    because: receipt.because === undefined ? because : [receipt.because, ...because],
  };
}

const wants = {
  scale: "scale",
  restart: "restart a pod of",
  rollback: "roll back",
  job: "run a Job for",
  restore: "give back what was scaled of",
} as const;

function finishedTold(
  record: RemediationRecord,
  { phase, because }: Extract<RemediationEntry, { kind: "finished" }>,
  name: string,
): Told | undefined {
  // A look that found nothing.
  if (record.trigger.kind === "schedule" && phase === "passed") return undefined;
  const tells = !changesAnything(record.policy);
  const sentences = {
    passed: `${name} is well: there was nothing to do.`,
    restored: `${name} is out of trouble.`,
    unresolved: tells
      ? `${name} is still in trouble; its remediation only tells.`
      : `${name} is NOT resolved: somebody has to look at it now.`,
    inconclusive: `The remediation of ${name} ends, and nobody can tell whether it is well.`,
    superseded: `The remediation of ${name} ends, because a newer one took its place.`,
    aborted: `The remediation of ${name} was ended early.`,
  } as const;
  // Nobody is paged by what only tells.
  const severity = phase === "unresolved" && tells ? "warning" : endSeverity[phase];
  const all = phase === "unresolved" ? withTried(record, because) : because;
  return { kind: "finished", severity, head: phaseWords[phase], what: sentences[phase], because: all };
}

/** Whoever is paged reads what came of each step, and not only how many there were. */
function withTried({ entries }: RemediationRecord, because: readonly Reason[]): readonly Reason[] {
  const tried = entries.flatMap((entry) => (entry.kind === "escalated" ? entry.because.slice(-1) : []));
  return because.some(({ code }) => code === "ladder-over") ? [...because.slice(0, -1), ...tried, ...because.slice(-1)] : because;
}
