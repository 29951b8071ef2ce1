import { type Alert, type AlertOutcome, ownAlertName } from "../alert.ts";
import { askingFor, hasAlert, isAbout, type Subject, subjectOf, withAlert } from "../guards/alert.ts";
import { sentence } from "../errors.ts";
import type { Flow } from "./flow.ts";
import { answerAlert, type Answered, keepWhereKnown } from "./remediation/alerts.ts";
import { persistRemediation } from "./remediation/write.ts";
import { persist } from "./write.ts";

/** What became of one alert. */
export interface AlertReceipt {
  readonly outcome: AlertOutcome;
  readonly detail: string;
}

export type AlertsTaken =
  | {
      readonly taken: true;
      readonly receipts: readonly AlertReceipt[];
      /** Whose record has something new. */
      readonly guards: readonly string[];
    }
  /** Nothing may be relied on: the same is to be posted again. */
  | { readonly taken: false; readonly because: string };

/**
 * Gives each alert to the open guards of its workload that ask for it; one that none asks for is for the remediations. `taken` only when
 * all of it is written down. Many posts at once are written together: a write takes along whatever came while the one before it was
 * under way.
 */
export async function takeAlerts(alerts: readonly Alert[], flow: Flow): Promise<AlertsTaken> {
  const { book, edges } = flow;
  const reached = new Set<string>();
  const news = new Set<string>();
  const told = alerts.map((alert) => {
    const receipt = takeOne(alert, flow, reached, news);
    if (receipt !== undefined) reach(keepWhereKnown(alert, flow), flow, reached, news);
    return { alert, receipt };
  });
  let receipts: readonly AlertReceipt[];
  try {
    receipts = await Promise.all(told.map(async ({ alert, receipt }) => receipt ?? otherwise(alert, flow, reached, news)));
  } catch (error) {
    return { taken: false, because: `the alerts could not be written down: ${sentence(error)}` };
  }
  const written = await Promise.all(
    [...reached].map((guard) => (book.open.has(guard) ? persist(guard, flow) : persistRemediation(guard, flow))),
  );
  if (written.includes(false)) return { taken: false, because: "the alerts could not be written down" };
  // Its end was being written as they came: nobody would act on them. Posted again they find it closed.
  if ([...news].some((guard) => hasEnded(guard, flow))) return { taken: false, because: "a guard of theirs has just ended" };
  for (const { outcome } of receipts) edges.observe.alerted(outcome);
  return { taken: true, receipts, guards: [...news] };
}

async function otherwise(alert: Alert, flow: Flow, reached: Set<string>, news: Set<string>): Promise<AlertReceipt> {
  const answered = await answerAlert(alert, flow);
  if (answered === undefined) return unasked(alert, flow);
  reach(answered, flow, reached, news);
  return { outcome: answered.outcome, detail: `${words[answered.outcome]} ${answered.guards.join(", ")}` };
}

function hasEnded(guard: string, { book }: Flow): boolean {
  return book.remediations.get(guard)?.standing.finished !== undefined || book.endedRemediations.has(guard);
}

function reach(answered: Answered | undefined, { book }: Flow, reached: Set<string>, news: Set<string>): void {
  for (const guard of answered?.guards ?? []) {
    if (book.remediations.has(guard)) reached.add(guard);
    if (answered?.outcome === "opened" || answered?.outcome === "recorded") news.add(guard);
  }
}

/** Undefined where no guard of a rollout asks for it. */
function takeOne(alert: Alert, { book, unsaved }: Flow, reached: Set<string>, news: Set<string>): AlertReceipt | undefined {
  if (alert.labels["alertname"] === ownAlertName)
    return { outcome: "own", detail: "it is of Rearguard itself, which never judges by its own words" };
  const told: { readonly guard: string; readonly outcome: AlertOutcome }[] = [];
  for (const [guard, before] of book.open) {
    for (const [name, signal] of askingFor(before, alert)) {
      const run = book.open.get(guard) ?? before;
      const after = withAlert(run, name, signal, alert);
      // Also where nothing is new: what another post brought may not be written yet.
      reached.add(guard);
      if (after === run) {
        told.push({ guard, outcome: hasAlert(run, name, alert) ? "known" : "collapsed" });
        continue;
      }
      book.open.set(guard, after);
      unsaved.add(guard);
      news.add(guard);
      told.push({ guard, outcome: "recorded" });
    }
  }
  const best = (["recorded", "known", "collapsed"] as const).find((outcome) => told.some((one) => one.outcome === outcome));
  if (best === undefined) return undefined;
  const guards = [...new Set(told.filter(({ outcome }) => outcome === best).map(({ guard }) => guard))];
  return { outcome: best, detail: `${words[best]} ${guards.join(", ")}` };
}

const words = {
  opened: "opened guard",
  recorded: "recorded in guard",
  known: "nothing new for guard",
  collapsed: "older than the firings that are kept of its signal in guard",
} as const;

function unasked(alert: Alert, { book, edges }: Flow): AlertReceipt {
  const subject = subjectOf(alert);
  if (subject === undefined) {
    const detail = "its labels name no workload: namespace beside deployment, statefulset, daemonset, workload or pod";
    return { outcome: "no-workload", detail };
  }
  const name = alert.labels["alertname"] ?? "";
  const guard = [...book.open.values()].find(({ record }) => isAbout(subject, record))?.record;
  if (guard !== undefined) {
    const policy = guard.policy.metadata.name;
    return {
      outcome: "not-asked",
      detail: `guard ${guard.name} is of ${nameOf(subject)}, but policy ${policy} has no alert signal for ${name} with these labels, and no remediation answers it`,
    };
  }
  if (!isWatched(subject, edges.cluster)) return { outcome: "no-guard", detail: `no ${nameOf(subject)} is watched` };
  const why = alert.endsAt === undefined ? `no remediation answers ${name} with these labels` : "it is over";
  return { outcome: "no-guard", detail: `${nameOf(subject)} has no open guard, and ${why}` };
}

/** A look each, however large the cluster: storms come through here. Of a pod alone nobody knows it. */
function isWatched({ namespace, workloads }: Subject, cluster: Flow["edges"]["cluster"]): boolean {
  return (
    workloads.length === 0 ||
    workloads.some(({ name, kind = "Deployment" }) => {
      const found = cluster.get(cluster.keyOf({ namespace, kind: "Deployment", name, uid: "" }));
      return found?.ref.kind === kind;
    })
  );
}

function nameOf({ namespace, workloads, pod = "" }: Subject): string {
  const [workload] = workloads;
  if (workload === undefined) return `pod ${namespace}/${pod}`;
  return `${workload.kind?.toLowerCase() ?? "workload"} ${namespace}/${workload.name}`;
}
