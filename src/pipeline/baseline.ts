import { baselineFrom } from "../guards/baseline.ts";
import { endBefore, exclusionsOf } from "../guards/exclusions.ts";
import type { Baseline } from "../guards/guard.ts";
import { logBaseline } from "../guards/log-baseline.ts";
import { type CountedSignal, isCounted, isSeenByCallers, judge, type GuardRun, underConfidence, withBaseline } from "../guards/run.ts";
import { ownBaseline } from "../guards/own-bound.ts";
import { nextBaselineWindow } from "../judging/baseline.ts";
import { blockEnds } from "../judging/blocks.ts";
import type { Measurement, Ms, Revision } from "../model.ts";
import { counterAsk } from "../signals/counter-signal.ts";
import { allRecords } from "./book.ts";
import type { Flow } from "./flow.ts";

type LogsSignal = Extract<CountedSignal, { kind: "logs" }>;
type Failed = Extract<Measurement, { kind: "error" }>;

/** True when the old revision's rate before the rollout is known, or known not to exist. A failing source only delays it. */
export async function ensureBaseline(run: GuardRun, signal: string, flow: Flow): Promise<boolean> {
  const { record } = run;
  const kind = run.signals[signal];
  const { old } = record.rollout;
  if (kind === undefined || !isCounted(kind) || old === undefined || record.baselines[signal] !== undefined) return true;
  if (kind.kind === "logs" && flow.settings.pace.logLagMs === undefined) return true;
  const found = kind.kind === "logs" ? await measureLines(run, signal, kind, old, flow) : await measure(run, signal, kind, old, flow);
  const current = flow.book.open.get(record.name);
  if (current === undefined) return false;
  if ("kind" in found) {
    // Remembered as this signal's silence, so that people are told when it lasts.
    flow.book.open.set(record.name, judge(current, signal, found));
    return false;
  }
  flow.book.open.set(record.name, withBaseline(current, signal, found));
  flow.unsaved.add(record.name);
  return true;
}

/**
 * Asks further and further back until there are enough requests or the longest window was asked (docs/judging.md: the formula). Each time only for
 * the part that is missing: no sample is asked for twice.
 */
async function measure(
  { record }: GuardRun,
  signal: string,
  kind: Exclude<CountedSignal, LogsSignal>,
  old: Revision,
  { book, edges, settings }: Flow,
): Promise<Baseline | Failed> {
  const { blockMs } = settings.pace;
  const share = { ...shareOf(record, signal), worseThanOld: kind.worseThanOld };
  const others = allRecords(book).filter((other) => other.name !== record.name);
  const excluded = exclusionsOf(record.rollout, others);
  const to = endBefore(record.rollout.startedAt, blockMs, excluded);
  const query = counterAsk(kind, blockMs, { called: record.rollout.workload });
  // What callers count is compared with what they counted before, never with what the pods say of themselves.
  const prefixes = isSeenByCallers(kind) ? [] : [old.name];
  const ask = { id: `${record.name}/${signal}/baseline`, namespace: record.namespace, prefixes, query };
  let baseline: Baseline = { from: to, to, total: 0, bad: 0, dispersion: 1, upper: 0 };
  let window: Ms | null = null;
  let known: readonly Measurement[] = [];
  let knownFrom = to;
  while ((window = nextBaselineWindow(asked(window, baseline), kind, settings.baselineMs)) !== null) {
    const from = to - window;
    const answer = (await edges.sample([ask], blockEnds(from, knownFrom, blockMs))).get(ask.id) ?? [];
    const failed = answer.find((measurement) => measurement.kind === "error");
    if (failed !== undefined) return failed;
    known = [...answer, ...known];
    knownFrom = from;
    const exclusions = { out: excluded.filter((exclusion) => exclusion.to > from), blockMs };
    const relative = kind.kind === "http-slower" && kind.thresholdMs === null;
    baseline = relative
      ? ownBaseline(known, kind.limit, { from, to }, share, exclusions)
      : baselineFrom(known, { from, to }, { ...share, limit: kind.limit }, exclusions);
  }
  return baseline;
}

/** The same of log lines: each window is counted from its own beginning, so a longer one is asked for as a whole. */
async function measureLines(
  { record }: GuardRun,
  signal: string,
  { index, fields, limit }: LogsSignal,
  old: Revision,
  { book, edges, settings }: Flow,
): Promise<Baseline | Failed> {
  const { blockMs } = settings.pace;
  const others = allRecords(book).filter((other) => other.name !== record.name);
  const excluded = exclusionsOf(record.rollout, others);
  const to = endBefore(record.rollout.startedAt, blockMs, excluded);
  let baseline: Baseline = { from: to, to, total: 0, bad: 0, dispersion: 1, upper: 0 };
  let window: Ms | null = null;
  while ((window = nextBaselineWindow(asked(window, baseline), { limit }, settings.baselineMs)) !== null) {
    const from = to - window;
    const query = { kind: "logs", block: blockMs, index, fields, from } as const;
    const ask = { id: `${record.name}/${signal}/baseline`, namespace: record.namespace, prefixes: [old.name], query };
    const answer = (await edges.sample([ask], blockEnds(from, to, blockMs))).get(ask.id) ?? [];
    const failed = answer.find((measurement) => measurement.kind === "error");
    if (failed !== undefined) return failed;
    const out = excluded.filter((exclusion) => exclusion.to > from);
    baseline = logBaseline(
      answer,
      { from, to },
      { ...shareOf(record, signal), limit },
      { desired: record.rollout.desired, blockMs, excluded: out },
    );
  }
  return baseline;
}

function asked(window: Ms | null, { total, upper }: Baseline) {
  return window === null ? null : { window, total, upper };
}

function shareOf({ policy }: GuardRun["record"], signal: string): { readonly alpha: number; readonly checks: number } {
  const sharing = underConfidence(policy);
  return { alpha: 1 - policy.spec.confidence, checks: sharing.includes(signal) ? sharing.length : 1 };
}
