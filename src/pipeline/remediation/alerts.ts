import type { Alert, AlertOutcome } from "../../alert.ts";
import { isAskedFor, keptAlert, sinceFirstHeard, subjectOf } from "../../guards/alert.ts";
import { isAboutWorkload } from "../../guards/remediation/subject.ts";
import { foldAlerts } from "../../judging/alert.ts";
import type { Workload } from "../../model.ts";
import type { AlertWanted } from "../../policies/alert-signal.ts";
import type { Remediation } from "../../policies/remediation.ts";
import { alertOf } from "../../policies/remediation-trigger.ts";
import type { Flow } from "../flow.ts";
import { openForWorkload } from "./open.ts";
import type { RemedyRun } from "./run.ts";

export interface Answered {
  readonly outcome: Extract<AlertOutcome, "recorded" | "known" | "collapsed" | "opened">;
  readonly guards: readonly string[];
}

interface Wanted {
  readonly workload: Workload;
  readonly policy: Remediation;
  readonly alert: AlertWanted;
}

/**
 * An alert that no guard of a rollout asks for: an open remediation that answers it keeps it, else one opens. Undefined where no
 * remediation is for it. What opens is written down before this resolves; what is kept has to be (`unsaved`). Rejects when it could not be.
 */
export async function answerAlert(alert: Alert, flow: Flow): Promise<Answered | undefined> {
  const kept = keepInOpen(alert, flow);
  if (kept !== undefined) return kept;
  const wanted = wantedFor(alert, flow);
  if (wanted.length === 0) return undefined;
  const answers = await Promise.all(wanted.map((one) => openOrJoin(alert, one, flow)));
  const best = (["opened", "recorded", "known", "collapsed"] as const).find((outcome) => answers.some((one) => one?.outcome === outcome));
  if (best === undefined) return undefined;
  return { outcome: best, guards: answers.flatMap((one) => (one?.outcome === best ? one.guards : [])) };
}

/** Two posts at once must not open two guards for one workload and policy: the second one waits and joins. */
async function openOrJoin(alert: Alert, { workload, policy, alert: { from } }: Wanted, flow: Flow): Promise<Answered | undefined> {
  const key = `${workload.ref.uid}/${policy.metadata.name}`;
  const other = flow.opening.get(key);
  if (other !== undefined) {
    await other;
    return keepInOpen(alert, flow);
  }
  // One that is over needs nothing; only a guard that is open wants to know.
  if (alert.endsAt !== undefined) return undefined;
  const before = alert.startIsFirstHeard === true ? lastGuardOf(alert, workload, policy, flow) : undefined;
  if (before !== undefined) return { outcome: "known", guards: [before] };
  const opening = openForWorkload(workload, policy, { kind: "alert", alert: keptAlert(alert, from) }, flow);
  flow.opening.set(key, opening);
  try {
    const { guard, outcome } = await opening;
    return { outcome: outcome === "opened" ? "opened" : "known", guards: [guard] };
  } finally {
    flow.opening.delete(key);
  }
}

/** Of an alert whose start its sender does not tell: the guard that ended while it fired, for the same is no new one. */
function lastGuardOf({ fingerprint }: Alert, { ref }: Workload, { metadata }: Remediation, { book }: Flow): string | undefined {
  const mine = [...book.endedRemediations.values()].filter(
    (record) => record.workload.uid === ref.uid && record.policy.metadata.name === metadata.name,
  );
  return mine.find(({ alerts }) => alerts.some((one) => one.fingerprint === fingerprint && one.endsAt === undefined))?.name;
}

function keepInOpen(alert: Alert, { book, unsaved }: Flow): Answered | undefined {
  const answers: { readonly guard: string; readonly outcome: "recorded" | "known" | "collapsed" }[] = [];
  for (const [guard, run] of book.remediations) {
    const wanted = alertOf(run.record.policy.spec.on);
    if (wanted === undefined || !isAskedFor(wanted, alert) || !isAboutGuard(alert, wanted, run)) continue;
    const known = run.record.alerts;
    const told = sinceFirstHeard(alert, known);
    const alerts = foldAlerts(known, [keptAlert(told, wanted.from)]);
    if (alerts === known) {
      const isThere = known.some((one) => one.fingerprint === told.fingerprint && one.startsAt === told.startsAt);
      answers.push({ guard, outcome: isThere ? "known" : "collapsed" });
      continue;
    }
    book.remediations.set(guard, { ...run, record: { ...run.record, alerts } });
    unsaved.add(guard);
    answers.push({ guard, outcome: "recorded" });
  }
  const best = (["recorded", "known", "collapsed"] as const).find((outcome) => answers.some((one) => one.outcome === outcome));
  return best === undefined ? undefined : { outcome: best, guards: answers.flatMap((one) => (one.outcome === best ? [one.guard] : [])) };

  function isAboutGuard(one: Alert, { from }: AlertWanted, { record }: RemedyRun): boolean {
    // An alert that the guard knows is its own, whatever its labels say by now.
    if (record.alerts.some(({ fingerprint }) => fingerprint === one.fingerprint)) return true;
    const subject = subjectOf(one, from);
    return subject !== undefined && isAboutWorkload(subject, record.workload, []);
  }
}

/** The workloads that the alert is about, each with the most specific remediation that asks for it. */
function wantedFor(alert: Alert, { edges }: Flow): readonly Wanted[] {
  const { remedies, cluster } = edges;
  if (remedies === undefined) return [];
  const asking = remedies.policies().flatMap((policy) => {
    const wanted = alertOf(policy.spec.on);
    const subject = wanted === undefined || !isAskedFor(wanted, alert) ? undefined : subjectOf(alert, wanted.from);
    return wanted === undefined || subject === undefined ? [] : [{ policy, alert: wanted, subject }];
  });
  if (asking.length === 0) return [];
  return cluster.list().flatMap((workload) => {
    const { ref, labels, annotations, revisions, deleting } = workload;
    // Alerts come in storms, and there may be thousands of workloads.
    const near = asking.filter(({ subject }) => subject.namespace === ref.namespace);
    if (near.length === 0 || deleting) return [];
    const about = near.filter(({ subject }) => isAboutWorkload(subject, ref, revisions));
    const chosen = remedies.choose(
      about.map(({ policy }) => policy),
      { ...ref, labels, annotations },
    );
    const wanted = about.find(({ policy }) => policy === chosen);
    return wanted === undefined ? [] : [{ workload, policy: wanted.policy, alert: wanted.alert }];
  });
}
