import type { Entry, Message, Receipt } from "../entry.ts";
import type { Reason } from "../reason.ts";
import type { GuardRecord } from "../guards/guard.ts";
import { isHold } from "../guards/phase.ts";
import { announcedTold, notDoneTold } from "./announcement.ts";
import { endSeverity, phaseWords, shortName } from "./names.ts";
import { reportSentences } from "./report.ts";
import { count } from "./numbers.ts";
import { causesOf } from "./summary.ts";

/** What there is to tell of one entry. */
export type Told = {
  readonly kind: Message["kind"];
  readonly severity: Message["severity"];
  /** Completes "shop/web on prod-eu: …". */
  readonly head: string;
  /** One sentence: what happened or was done. */
  readonly what: string;
  readonly because: readonly Reason[];
};

/** The news in an entry; undefined for what is nobody's news. `braked`: our brake lies on the workload after this entry. */
export function tell(record: GuardRecord, entry: Entry, braked: boolean): Told | undefined {
  const name = `${record.rollout.workload.kind} ${shortName(record.rollout.workload)}`;
  const revision = `revision ${record.rollout.new.number}`;
  switch (entry.kind) {
    case "completed":
    case "intended":
    case "commanded":
      return undefined;
    case "announced":
      return announcedTold(entry, capital(`${revision} of ${name}`));
    case "opened": {
      const { old } = record.rollout;
      const isFirst = record.rollout.new.number <= 1;
      const over = old === undefined ? (isFirst ? " (its first)" : "") : ` over revision ${old.number}`;
      const what = `${name} is rolling out ${revision}${over}; policy ${record.policy.metadata.name} watches it.`;
      return { kind: "opened", severity: "info", head: `is rolling out ${revision}`, what, because: entry.because };
    }
    case "noted":
      return notedTold(entry.because, record, name, revision);
    case "receipt":
      return receiptTold(record, entry.receipt, name);
    case "withheld": {
      const notDone = notDoneTold(entry, `${revision} of ${name}`);
      if (notDone !== undefined) return notDone;
      const severity = entry.action === "rollback" && !entry.because.some(isByPolicy) ? "critical" : "warning";
      const what = `${revision} of ${name} would have been ${undone[entry.action]}, but Rearguard does not do it.`;
      return { kind: "withheld", severity, head: `${entry.action} withheld`, what: capital(what), because: entry.because };
    }
    case "held":
      if (entry.because.every((reason) => reason.code === "window-extended")) {
        const what = `The guard of ${name} watches ${revision} for longer, because it could not judge for a while.`;
        return { kind: "held", severity: "info", head: "is watched for longer", what, because: entry.because };
      }
      // Under a hold nobody but a person takes the brake off.
      return {
        kind: "held",
        severity: braked ? "critical" : "warning",
        head: heldHead(entry.because),
        what: `${heldWords(entry.because, name, revision)} Nothing is rolled back.`,
        because: entry.because,
      };
    case "finished":
      return finishedTold(entry, name, revision);
  }
}

function notedTold(because: readonly Reason[], record: GuardRecord, name: string, revision: string): Told {
  const told = (severity: Told["severity"], head: string, what: string): Told => ({ kind: "noted", severity, head, what, because });
  const all = (...codes: readonly Reason["code"][]) => because.every(({ code }) => codes.includes(code));
  const news = logNews(because, name, revision);
  if (news !== undefined) return news;
  if (all("preset")) {
    return told(
      "info",
      "knows its metrics",
      `What the guard of ${revision} of ${name} judges by, as its policy leaves it to what the pods expose.`,
    );
  }
  if (because.some(({ code }) => code === "diagnosis")) {
    return told("warning", "has pods that do not start", `What keeps new pods of ${name} (${revision}) from starting.`);
  }
  if (all("no-limit", "not-judged")) {
    const what = `Not all that policy ${record.policy.metadata.name} asks of ${revision} of ${name} can be judged.`;
    return told("warning", "can be judged only in part", what);
  }
  const blind = because.some((reason) => reason.code === "feasibility" && (reason.smallest ?? 1) >= 0.99);
  const what = `What the guard of ${revision} of ${name} can see at the traffic of the time before the rollout.`;
  return told(blind ? "warning" : "info", blind ? "can hardly be judged" : "can be judged", what);
}

/** Undefined where it is not the log lines that there is news of. */
function logNews(because: readonly Reason[], name: string, revision: string): Told | undefined {
  const patterns = because.filter(({ code }) => code === "new-pattern").length;
  if (patterns > 0) {
    const what = `New pods of ${name} (${revision}) log errors unlike those of its old pods. That alone is no reason to act.`;
    return { kind: "noted", severity: "warning", head: patterns === 1 ? "logs a new error" : "logs new errors", what, because };
  }
  if (!because.some(({ code }) => code === "lines-without-pod")) return undefined;
  const what = `Not all log lines can be counted for the guard of ${revision} of ${name}.`;
  return { kind: "noted", severity: "info", head: "logs lines that name no pod", what, because };
}

/** Where the policy itself asks for words only, the person who wrote it expects no page. */
function isByPolicy(reason: Reason): boolean {
  return reason.code === "observe-mode" || reason.code === "policy-only-notifies";
}

function heldHead(because: readonly Reason[]): string {
  if (because.every(isCertificate)) return "shows a certificate that runs out";
  return because.every(isTraffic) ? "misses requests" : "is on hold";
}

function heldWords(because: readonly Reason[], name: string, revision: string): string {
  if (because.every(isCertificate)) return `The probes of ${name} are shown a certificate that has to be renewed.`;
  if (because.every(isTraffic)) return `The new pods of ${name} are ready, but hardly any requests reach them or are answered well.`;
  const why = because.some(isElsewhere) ? `something is wrong, but it does not point at ${revision}` : "it cannot tell good from bad now";
  return `The guard of ${name} is on hold: ${why}.`;
}

function isTraffic(reason: Reason): boolean {
  return reason.code === "traffic-missing";
}

function isCertificate(reason: Reason): boolean {
  return reason.code === "certificate";
}

function isElsewhere(reason: Reason): boolean {
  return reason.code === "resources" || reason.code === "alert" ? reason.held !== undefined : isHold(reason);
}

const undone = { brake: "paused", release: "resumed", rollback: "rolled back", drain: "scaled down" } as const;

function receiptTold(record: GuardRecord, receipt: Receipt, name: string): Told | undefined {
  const { rollout } = record;
  const causes = causesOf(record.entries, receipt.action);
  if (receipt.outcome === "refused" || receipt.outcome === "failed") {
    const what = `Rearguard wanted to ${wants[receipt.kind]} ${name} and could not: ${receipt.detail}.`;
    const because = receipt.because === undefined ? causes : [receipt.because, ...causes];
    const severity = receipt.kind === "rollback" && receipt.because?.code !== "conflict" ? "critical" : "warning";
    return { kind: "failed", severity, head: `${receipt.kind} ${receipt.outcome}`, what, because };
  }
  if (receipt.outcome === "dry-run") {
    const what = `${name} would have been ${undone[receipt.kind]}; this was a dry run, nothing was changed.`;
    return { kind: "withheld", severity: "warning", head: `${receipt.kind} (dry run)`, what, because: causes };
  }
  switch (receipt.kind) {
    case "brake": {
      const what = `The rollout of revision ${rollout.new.number} of ${name} is paused on early evidence; no further pods are replaced.`;
      return { kind: "braked", severity: "warning", head: "is braked", what, because: causes };
    }
    case "release": {
      const what = `The rollout of revision ${rollout.new.number} of ${name} goes on; the brake is released.`;
      return { kind: "released", severity: "info", head: "goes on", what, because: causes };
    }
    case "rollback": {
      const to = targetNumber(record, receipt);
      const head = `rolled back${to === undefined ? "" : ` to revision ${to}`}`;
      const what = `Revision ${rollout.new.number} of ${name} was taken back${to === undefined ? "" : ` to revision ${to}`}: ${receipt.detail}.`;
      return { kind: "rolled-back", severity: "critical", head, what, because: causes };
    }
    case "drain":
      return undefined;
  }
}

const wants = { brake: "pause", release: "resume", rollback: "roll back", drain: "scale down the bad pods of" } as const;

function targetNumber(record: GuardRecord, receipt: Receipt): number | undefined {
  const intended = record.entries.findLast((entry) => entry.kind === "intended" && entry.action.id === receipt.action);
  return intended?.kind === "intended" && intended.action.kind === "rollback" ? intended.action.target.number : record.rollout.old?.number;
}

function finishedTold(entry: Extract<Entry, { kind: "finished" }>, name: string, revision: string): Told {
  const { phase, because } = entry;
  const counted = entry.report === undefined ? "" : ` ${reportSentences(entry.report)}`;
  const served =
    entry.report?.served === undefined && entry.badServed > 0 ? ` The guarded revision served ${count(entry.badServed)} bad requests.` : "";
  const sentences = {
    passed: `${capital(revision)} of ${name} passed and counts as good from now on.`,
    restored: `${name} is restored: the old revision is back and the trouble is over.`,
    unresolved: `${name} is NOT resolved: somebody has to look at it now.`,
    inconclusive: `The guard of ${name} ends without a verdict on ${revision}: there was too little to judge by.`,
    superseded: `The guard of ${revision} of ${name} ends, because a newer one arrived.`,
    aborted: `The guard of ${revision} of ${name} was ended early.`,
  } as const;
  return { kind: "finished", severity: endSeverity[phase], head: phaseWords[phase], what: sentences[phase] + served + counted, because };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
