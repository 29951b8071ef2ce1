import { isFinished, openRemediation, type RemediationRecord } from "../../guards/remediation/record.ts";
import type { Workload } from "../../model.ts";
import type { Remediation } from "../../policies/remediation.ts";
import type { Trigger } from "../../remediation.ts";
import { digest64 } from "../../watchers/template-digest.ts";
import type { Flow } from "../flow.ts";
import { openRemedyRun } from "./run.ts";
import { tellRemedyNews } from "./tell.ts";
import { remediationSummary } from "./write.ts";

/** After leadership came, or a conflict: as the journal has it. */
export function resumeRemediation(record: RemediationRecord, flow: Flow): void {
  const { book, edges, settings } = flow;
  if (isFinished(record)) {
    book.endedRemediations.set(record.name, record);
    tellRemedyNews(record, flow);
    return;
  }
  if (book.remediations.has(record.name)) return;
  book.remediations.set(record.name, openRemedyRun(record, settings.pace.blockMs));
  edges.log.info({ guard: record.name, namespace: record.namespace }, "guard resumed");
}

/** The same for the same trigger, so that opening twice is a conflict. */
function remediationName(workload: Workload["ref"], policy: string, trigger: Trigger): string {
  const digest = digest64(`${workload.uid}/${policy}/${keyOf(trigger)}`).slice(0, 10);
  const readable = workload.name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, 45)
    .replace(/^-+|-+$/g, "");
  return `${readable === "" ? "guard" : readable}-remedy-${digest}`;
}

function keyOf(trigger: Trigger): string {
  switch (trigger.kind) {
    case "alert":
      return `alert/${trigger.alert.fingerprint}/${trigger.alert.startsAt}`;
    case "schedule":
      return `schedule/${trigger.cron}/${trigger.timeZone}/${trigger.due}`;
    case "manual":
      return `manual/${trigger.by}/${trigger.id ?? trigger.reason}`;
  }
}

export type Opened = "opened" | "exists";

/** Opens a guard for this workload, written down before this resolves. Rejects when it could not be written. */
export async function openForWorkload(
  workload: Workload,
  policy: Remediation,
  trigger: Trigger,
  flow: Flow,
): Promise<{ readonly guard: string; readonly outcome: Opened }> {
  const { book, edges, settings } = flow;
  // As the record keeps it: to the millisecond.
  const now = Math.floor(edges.now());
  const name = remediationName(workload.ref, policy.metadata.name, trigger);
  if (book.remediations.has(name) || book.endedRemediations.has(name)) return { guard: name, outcome: "exists" };
  const record = openRemediation({ name, workload: workload.ref, trigger, policy }, now);
  const outcome = await edges.journal.create(record, remediationSummary(record, now));
  if (outcome === "exists") {
    // Another leader's, or from before a crash: that record is the truth.
    flow.lost.add(name);
    return { guard: name, outcome };
  }
  book.remediations.set(name, openRemedyRun(record, settings.pace.blockMs));
  edges.cluster.follow(workload, []);
  const { namespace, name: called } = workload.ref;
  edges.log.info(
    { guard: name, workload: `${namespace}/${called}`, trigger: trigger.kind, policy: policy.metadata.name },
    "remediation opened",
  );
  return { guard: name, outcome: "opened" };
}
