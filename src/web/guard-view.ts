import { summaryLine } from "../explain/summary.ts";
import type { GuardRecord } from "../guards/guard.ts";
import { foldedRuleOf, judgementOf } from "../guards/judgement.ts";
import { standingOf } from "../guards/phase.ts";
import type { GuardRun } from "../guards/run.ts";
import { linksOf } from "../explain/quotes.ts";
import { reportSentences } from "../explain/report.ts";
import { explainReason } from "../explain/reason.ts";
import type { RemediationEntry } from "../remediation.ts";
import type { Entry, Phase } from "../entry.ts";
import type { EvidenceMode, Ms } from "../model.ts";

/** What the API shows of guards: the list line, and the whole with the arithmetic of every block. */
export interface GuardLine {
  readonly name: string;
  readonly namespace: string;
  readonly workload: string;
  readonly revision: number;
  readonly oldRevision: number | null;
  readonly policy: string;
  readonly mode: string;
  readonly phase: Phase;
  readonly braked: boolean;
  readonly message: string;
  readonly evidence: number | null;
  readonly evidenceNeeded: number;
  /** How evidence is weighed; other than burn, the bound is approximate. */
  readonly evidenceMode: EvidenceMode;
  readonly openedAt: string;
}

export function lineOf(record: GuardRecord, run: GuardRun | undefined, now: Ms): GuardLine {
  const standing = run?.standing ?? standingOf(record.entries);
  const { workload, new: revision, old } = record.rollout;
  return {
    name: record.name,
    namespace: record.namespace,
    workload: `${workload.kind.toLowerCase()}/${workload.name}`,
    revision: revision.number,
    oldRevision: old?.number ?? null,
    policy: record.policy.metadata.name,
    mode: record.policy.spec.mode,
    phase: standing.phase,
    braked: standing.braked,
    message: summaryLine(record.entries),
    evidence: run === undefined ? null : Math.min(judgementOf(run, now).guard.evidence, Number.MAX_VALUE),
    evidenceNeeded: 1 / (0.9 * (1 - record.policy.spec.confidence)),
    evidenceMode: record.policy.spec.evidence,
    openedAt: new Date(record.openedAt).toISOString(),
  };
}

/** One entry as people read it: where the guard stood after it, and its line. */
export interface HistoryLine {
  readonly seq: number;
  readonly at: string;
  readonly kind: Entry["kind"] | RemediationEntry["kind"];
  readonly phase: Phase;
  readonly braked: boolean;
  readonly message: string;
  readonly words: readonly string[];
}

/** The whole of a guard, beside what the list shows: its record and, while it is open, every signal with its blocks. */
export interface WholeGuard extends GuardLine {
  readonly record: GuardRecord;
  readonly signals: Readonly<Record<string, object>>;
  readonly verdicts: readonly object[];
  readonly history: readonly HistoryLine[];
}

export function historyLine(through: readonly Entry[], entry: Entry): HistoryLine {
  const { phase, braked } = standingOf(through);
  const words = "because" in entry ? [...entry.because.map(explainReason), ...linksOf(entry.because)] : [];
  if (entry.kind === "finished" && entry.report !== undefined) words.push(reportSentences(entry.report));
  return { seq: entry.seq, at: new Date(entry.at).toISOString(), kind: entry.kind, phase, braked, message: summaryLine(through), words };
}

/** Everything a person needs to redo the decision by hand. An ended guard shows the blocks that its record kept. */
export function wholeOf(record: GuardRecord, run: GuardRun | undefined, now: Ms): WholeGuard {
  const judgement = run === undefined ? undefined : judgementOf(run, now);
  const signals = Object.entries(run?.counted ?? {}).map(([name, state]) => [
    name,
    {
      total: state.total,
      bad: state.bad,
      evidence: state.evidence.e,
      pValue: Math.min(1, 1 / state.evidence.maxE),
      evidenceFor: state.early?.e ?? null,
      limits: state.limits,
      outcome: state.outcome,
      silence: state.silence,
      notes: state.notes,
      blocks: state.audit,
    },
  ]);
  // The state of the pods is in the record; what their rule says of it depends on the workload as it is now.
  const rules = run === undefined ? [] : Object.keys(run.rules).flatMap((name) => foldedRuleOf(run, name, now) ?? []);
  const byRule = Object.entries(run?.rules ?? {}).map(([name, { state }]) => [name, { outcome: state.outcome, silence: state.silence }]);
  return {
    ...lineOf(record, run, now),
    record,
    signals: Object.fromEntries([...signals, ...byRule]),
    verdicts: [...Object.values(judgement?.verdicts ?? {}), ...rules].map((verdict) => ({
      ...verdict,
      words: verdict.because.map(explainReason),
    })),
    history: record.entries.map((entry, index) => historyLine(record.entries.slice(0, index + 1), entry)),
  };
}
