import type { Alert, GuardAlert } from "../alert.ts";
import { alertVerdict, foldAlerts } from "../judging/alert.ts";
import type { Ms } from "../model.ts";
import type { Verdict } from "../reason.ts";
import type { AlertLabels, AlertSignal, AlertWanted } from "../policies/alert-signal.ts";
import { globMatches } from "../policies/glob.ts";
import type { GuardRecord } from "./guard.ts";
import type { GuardRun } from "./run.ts";

/** What is kept of an alert: enough to know it by, whatever its rule attaches. */
const MOST_LABELS = 20;
const LONGEST_LABEL = 120;
const LONGEST_SUMMARY = 300;

const usualLabels: AlertLabels = { namespace: "namespace", pod: "pod" };

const usualWorkloadLabels = { deployment: "Deployment", statefulset: "StatefulSet", daemonset: "DaemonSet", workload: undefined } as const;

/** Whom an alert is about, as far as its labels say. */
export interface Subject {
  readonly namespace: string;
  /** Names of the workload, with its kind where the label says it. More than one: any of them. */
  readonly workloads: readonly { readonly name: string; readonly kind?: string }[];
  readonly pod?: string;
}

/** Undefined where the labels name neither a workload nor a pod in a namespace. */
export function subjectOf({ labels }: Alert, from: AlertLabels = usualLabels): Subject | undefined {
  const namespace = labels[from.namespace];
  const pod = labels[from.pod];
  const workloads = workloadsIn(labels, from);
  if (!namespace || (workloads.length === 0 && !pod)) return undefined;
  return { namespace, workloads, ...(pod ? { pod } : {}) };
}

function workloadsIn(labels: Alert["labels"], from: AlertLabels): Subject["workloads"] {
  const keys = from.workload === undefined ? usualWorkloadLabels : { [from.workload]: undefined };
  return Object.entries(keys).flatMap(([label, kind]) => {
    const name = labels[label];
    return name ? [{ name, ...(kind === undefined ? {} : { kind }) }] : [];
  });
}

/** The workload's own label decides; only where there is none, the pod that this guard has seen does. */
export function isAbout({ namespace, workloads, pod }: Subject, { rollout, pods }: GuardRecord): boolean {
  const { workload } = rollout;
  if (namespace !== workload.namespace) return false;
  if (workloads.length > 0) return workloads.some(({ name, kind }) => name === workload.name && (kind ?? workload.kind) === workload.kind);
  return pods.some(({ name }) => name === pod);
}

/** The signals of this guard that ask for this alert. */
export function askingFor({ record, signals }: GuardRun, alert: Alert): readonly (readonly [string, AlertSignal])[] {
  return Object.entries(signals).flatMap(([name, signal]) => {
    if (signal.kind !== "alert" || !isAskedFor(signal, alert)) return [];
    const subject = subjectOf(alert, signal.from);
    return subject !== undefined && isAbout(subject, record) ? [[name, signal] as const] : [];
  });
}

export function isAskedFor({ names, labels }: AlertWanted, alert: Alert): boolean {
  const name = alert.labels["alertname"] ?? "";
  if (!names.some((pattern) => globMatches(pattern, name))) return false;
  return Object.entries(labels).every(([label, pattern]) => globMatches(pattern, alert.labels[label] ?? ""));
}

/** The guard with this alert in its record; the same guard when that says nothing new. */
export function withAlert(run: GuardRun, name: string, { from }: AlertSignal, alert: Alert): GuardRun {
  const known = run.record.alerts?.[name] ?? [];
  const alerts = foldAlerts(known, [keptAlert(sinceFirstHeard(alert, known), from)]);
  return alerts === known ? run : { ...run, record: { ...run.record, alerts: { ...run.record.alerts, [name]: alerts } } };
}

/** The same alert with the start under which it is known, where its sender does not tell it. */
export function sinceFirstHeard(alert: Alert, known: readonly Pick<Alert, "fingerprint" | "startsAt">[]): Alert {
  if (alert.startIsFirstHeard !== true) return alert;
  const first = known.find(({ fingerprint }) => fingerprint === alert.fingerprint);
  return first === undefined ? alert : { ...alert, startsAt: first.startsAt };
}

/** This very firing is in the record. */
export function hasAlert({ record }: GuardRun, name: string, told: Alert): boolean {
  const known = record.alerts?.[name] ?? [];
  const { fingerprint, startsAt } = sinceFirstHeard(told, known);
  return known.some((alert) => alert.fingerprint === fingerprint && alert.startsAt === startsAt);
}

export function alertVerdictOf({ record, signals }: GuardRun, signal: string, { forMs, afterMs }: AlertSignal, now: Ms): Verdict {
  const { rollout, pods } = record;
  return alertVerdict(
    record.alerts?.[signal] ?? [],
    { forMs, afterMs },
    {
      signal,
      now,
      startedAt: rollout.startedAt,
      isOld(name) {
        const called = pods.filter((pod) => pod.name === name);
        return called.length > 0 && called.every((pod) => pod.podTemplateHash !== rollout.new.podTemplateHash);
      },
      alone: Object.values(signals).every(({ kind }) => kind === "alert"),
    },
  );
}

/** The subject's own labels go: the guard says whom it is about. */
export function keptAlert({ fingerprint, startsAt, endsAt, labels, summary }: Alert, from: AlertLabels): GuardAlert {
  const { alertname = "", ...others } = labels;
  const pod = labels[from.pod];
  const said = new Set([from.namespace, from.workload ?? "", ...Object.keys(usualWorkloadLabels)]);
  const rest = Object.entries(others).filter(([label]) => !said.has(label));
  const few = rest.toSorted(([one], [other]) => (one < other ? -1 : 1)).slice(0, MOST_LABELS);
  return {
    fingerprint,
    startsAt,
    ...(endsAt === undefined ? {} : { endsAt }),
    labels: Object.fromEntries([["alertname", alertname], ...few].map(([label = "", value = ""]) => [label, cut(value, LONGEST_LABEL)])),
    summary: cut(summary, LONGEST_SUMMARY),
    ...(pod ? { pod } : {}),
  };
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
