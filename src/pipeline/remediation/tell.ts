import { remediationMessageOf } from "../../explain/remediation/message.ts";
import type { RemediationRecord } from "../../guards/remediation/record.ts";
import { remedyStandingOf } from "../../guards/remediation/standing.ts";
import type { Flow } from "../flow.ts";
import { handOver, type Shelf } from "../hand-over.ts";
import type { RemedyRun } from "./run.ts";
import { persistEndedRemediation, persistRemediation } from "./write.ts";

export function remediationsIn({ book }: Flow): Shelf<RemediationRecord, RemedyRun> {
  return { open: book.remediations, ended: book.endedRemediations, persist: persistRemediation, persistEnded: persistEndedRemediation };
}

/** Tells people every entry of a remediation that they do not know yet. */
export function tellRemedyNews(record: RemediationRecord, flow: Flow): void {
  const { cluster, externalUrl } = flow.settings;
  const messagesFrom = (from: number) =>
    record.entries.slice(from).flatMap((entry) => {
      const { phase } = remedyStandingOf(record.entries.slice(0, entry.seq + 1));
      return remediationMessageOf(record, entry, phase, cluster, externalUrl) ?? [];
    });
  handOver(record, messagesFrom, remediationsIn(flow), flow);
}
