// The plain rule of a smoke test: its Job failed. No bound on wrong breaches (docs/judging.md: plain rules).
import type { JobFinding, Measurement, Ms, Outcome } from "../model.ts";
import type { Verdict } from "../reason.ts";

/** What came of it in the end; nothing changes it any more. */
export type JobEnd = Exclude<JobFinding, { outcome: "running" }> & { readonly at: Ms };

/** What is written down of a smoke test. */
export interface JobMemory {
  /** That it is to be created was written then, before it was. */
  readonly startedAt: Ms;
  /** Absent while it is not known to be created. */
  readonly job?: { readonly uid: string; readonly createdAt: Ms };
  readonly finding?: JobEnd;
}

export interface JobState {
  readonly end: JobEnd | null;
  readonly outcome: Outcome | null;
  readonly lastAt: Ms | null;
  readonly silence: { readonly outcome: "error"; readonly since: Ms; readonly detail: string } | null;
  /** What kept its pod from running when it was looked at last. */
  readonly waiting?: string;
}

export function openJob(memory?: JobMemory): JobState {
  const nothing: JobState = { end: null, outcome: null, lastAt: null, silence: null };
  return memory?.finding === undefined ? nothing : ended(nothing, memory.finding);
}

/** Folds one look at the Job. What is final stays. */
export function foldJob(state: JobState, measurement: Measurement): JobState {
  if (measurement.kind !== "job" || state.end !== null) return state;
  const { at, finding } = measurement;
  if (finding.outcome === "running") {
    const { waiting: _, ...rest } = state;
    return { ...rest, outcome: null, lastAt: at, silence: null, ...(finding.waiting === undefined ? {} : { waiting: finding.waiting }) };
  }
  if (finding.outcome !== "error") return ended(state, { ...finding, at });
  const detail = state.waiting === undefined ? finding.detail : `${finding.detail}; its pod waited: ${state.waiting}`;
  return finding.final ? ended(state, { ...finding, detail, at }) : silent(state, at, detail);
}

/** `breach` when the Job failed, `pass` when it completed. One that could not test, or has not finished, says nothing. */
export function jobVerdict({ end, silence }: JobState, signal: string, now: Ms): Verdict {
  if (end?.outcome === "passed") return { signal, state: "pass", because: [] };
  if (end?.outcome === "failed") return { signal, state: "breach", because: [{ code: "job", signal, detail: end.detail, log: end.log }] };
  if (silence !== null) {
    const { outcome, since, detail } = silence;
    return { signal, state: "inconclusive", because: [{ code: "no-usable-data", signal, outcome, detail, forMs: now - since }] };
  }
  return { signal, state: "inconclusive", because: [{ code: "limitation", detail: `${signal}: its Job has not finished` }] };
}

function ended(state: JobState, end: JobEnd): JobState {
  // From the end alone, so that a restart says the same.
  if (end.outcome === "error") return { ...silent({ ...state, silence: null }, end.at, end.detail), end };
  return { ...state, end, outcome: end.outcome === "passed" ? "healthy" : "breach", lastAt: end.at, silence: null };
}

function silent(state: JobState, at: Ms, detail: string): JobState {
  return { ...state, outcome: "error", lastAt: at, silence: { outcome: "error", since: state.silence?.since ?? at, detail } };
}
