import { remediationLine } from "../../explain/remediation/summary.ts";
import type { GuardSummary } from "../../guards/guard.ts";
import type { RemediationRecord } from "../../guards/remediation/record.ts";
import { type RemedyStanding, remedyStandingOf } from "../../guards/remediation/standing.ts";
import type { Ms } from "../../model.ts";
import type { RemediationEntryBody } from "../../remediation.ts";
import type { Flow } from "../flow.ts";
import { inSharedTurn, inTurn, save } from "../write.ts";
import { appended } from "./run.ts";

export function remediationSummary({ entries }: RemediationRecord, now: Ms): GuardSummary {
  return { phase: remedyStandingOf(entries).phase, braked: false, message: remediationLine(entries), evidence: 1, updatedAt: now };
}

/**
 * Appends an entry and saves. Only a receipt is kept when saving fails; everything else is decided again at the next beat. `holds`: whether
 * the entry is still right when its turn has come, after what was written meanwhile.
 */
export function writeRemedyEntry(
  name: string,
  body: RemediationEntryBody,
  flow: Flow,
  holds: (standing: RemedyStanding) => boolean = () => true,
): Promise<boolean> {
  return inTurn(name, flow, async () => {
    const { book, edges, unsaved } = flow;
    const before = book.remediations.get(name);
    if (before === undefined || !holds(before.standing)) return false;
    const after = appended(before, edges.now(), body);
    const owed = body.kind === "receipt" || unsaved.has(name);
    if (body.kind === "receipt") book.remediations.set(name, after);
    // Before the write: what changes while it is under way is owed again.
    unsaved.delete(name);
    const saved = await saveRemediation(after.record, flow);
    const now = book.remediations.get(name);
    if (now === undefined) return false;
    if (!saved) {
      if (owed) unsaved.add(name);
      return false;
    }
    // Alerts may have come meanwhile: only the entries and what follows from them are replaced.
    book.remediations.set(name, { ...now, record: { ...now.record, entries: after.record.entries }, standing: after.standing });
    return true;
  });
}

/** Writes it down as it stands when it is newer than what is written; true when it is safe. */
export function persistRemediation(name: string, flow: Flow): Promise<boolean> {
  return inSharedTurn(name, flow, async () => {
    const { book, unsaved } = flow;
    const run = book.remediations.get(name);
    if (run === undefined) return false;
    if (!unsaved.has(name)) return true;
    unsaved.delete(name);
    const saved = await saveRemediation(run.record, flow);
    if (!saved && book.remediations.has(name)) unsaved.add(name);
    return saved;
  });
}

/** The same for one that has ended. */
export function persistEndedRemediation(name: string, flow: Flow): Promise<boolean> {
  return inTurn(name, flow, async () => {
    const record = flow.book.endedRemediations.get(name);
    return record !== undefined && (await saveRemediation(record, flow));
  });
}

function saveRemediation(record: RemediationRecord, flow: Flow): Promise<boolean> {
  return save(record, remediationSummary(record, flow.edges.now()), flow);
}
