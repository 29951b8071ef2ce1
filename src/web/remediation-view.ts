import { remediationLine } from "../explain/remediation/summary.ts";
import { linksOf } from "../explain/quotes.ts";
import { explainReason } from "../explain/reason.ts";
import { conditionsOf, conditionVerdict, type ConditionVerdict } from "../guards/remediation/conditions.ts";
import type { RemediationRecord } from "../guards/remediation/record.ts";
import { remedyStandingOf } from "../guards/remediation/standing.ts";
import type { Phase } from "../entry.ts";
import type { Ms } from "../model.ts";
import type { RemedyRun } from "../pipeline/remediation/run.ts";
import { stepsOf } from "../policies/remediation.ts";
import type { RemediationEntry, Trigger } from "../remediation.ts";
import type { HistoryLine } from "./guard-view.ts";

/** What the API lists of a guard without a rollout. */
export interface RemediationLine {
  readonly name: string;
  readonly namespace: string;
  readonly workload: string;
  readonly trigger: Trigger["kind"];
  readonly policy: string;
  readonly mode: string;
  readonly phase: Phase;
  readonly message: string;
  readonly openedAt: string;
  /** Which step of how many is up, from 1. */
  readonly step: number;
  readonly steps: readonly string[];
}

export interface WholeRemediation extends RemediationLine {
  readonly record: RemediationRecord;
  /** As they stand now; none of a guard that has ended. */
  readonly conditions: readonly {
    readonly condition: string;
    readonly state: ConditionVerdict["state"];
    readonly words: readonly string[];
  }[];
  readonly history: readonly HistoryLine[];
}

export function remediationLineOf(record: RemediationRecord): RemediationLine {
  const { workload, policy, entries, trigger } = record;
  const { phase, step } = remedyStandingOf(entries);
  const steps = stepsOf(policy).map(({ kind }) => kind);
  return {
    name: record.name,
    namespace: record.namespace,
    workload: `${workload.kind.toLowerCase()}/${workload.name}`,
    trigger: trigger.kind,
    policy: policy.metadata.name,
    mode: policy.spec.mode,
    phase,
    message: remediationLine(entries),
    openedAt: new Date(record.openedAt).toISOString(),
    step: Math.min(step + 1, steps.length),
    steps,
  };
}

export function wholeRemediationOf(record: RemediationRecord, run: RemedyRun | undefined, now: Ms): WholeRemediation {
  const conditions = Object.entries(conditionsOf(record.policy)).flatMap(([name, condition]) => {
    const state = run?.conditions[name];
    if (run === undefined || state === undefined) return [];
    const verdict = conditionVerdict(name, condition, state, now, run.blockMs);
    return [{ condition: name, state: verdict.state, words: verdict.because.map(explainReason) }];
  });
  const history = record.entries.flatMap(({ seq }) => remedyHistoryLine(record.entries, seq) ?? []);
  return { ...remediationLineOf(record), record, conditions, history };
}

export function remedyHistoryLine(entries: readonly RemediationEntry[], seq: number): HistoryLine | undefined {
  const entry = entries[seq];
  if (entry === undefined) return undefined;
  const through = entries.slice(0, seq + 1);
  const words = "because" in entry ? [...entry.because.map(explainReason), ...linksOf(entry.because)] : [];
  const { phase } = remedyStandingOf(through);
  return { seq, at: new Date(entry.at).toISOString(), kind: entry.kind, phase, braked: false, message: remediationLine(through), words };
}
