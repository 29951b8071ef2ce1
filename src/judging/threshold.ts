// The plain rule: above or below a limit for a time. No bound on wrong breaches (judging.md 5.4).
import type { Measurement, Ms, Outcome, SeriesValue, Verdict } from "../model.ts";

const GAP_BLOCKS = 2;

export interface ThresholdRule {
  readonly comparison: "above" | "below";
  readonly limit: number;
  readonly forMs: Ms;
  readonly blockMs: Ms;
}

/** One series and how long it has been beyond the limit without a break; `since` is null while it is not. */
export interface SeriesRun {
  readonly since: Ms | null;
  readonly lastAt: Ms;
  readonly value: number;
}

export interface ThresholdState {
  /** By the labels, sorted and written out. */
  readonly series: ReadonlyMap<string, SeriesRun>;
  readonly outcome: Outcome | null;
  readonly lastAt: Ms | null;
  readonly lastUsableAt: Ms | null;
  readonly silence: { readonly outcome: "no-data" | "error"; readonly since: Ms; readonly detail: string } | null;
}

export const noThreshold: ThresholdState = { series: new Map(), outcome: null, lastAt: null, lastUsableAt: null, silence: null };

/** Folds one sample. Each series is judged on its own. No-data and error neither extend nor heal a run; a gap of over two blocks ends it. */
export function foldThreshold(state: ThresholdState, measurement: Measurement, rule: ThresholdRule): ThresholdState {
  const { at } = measurement;
  if (state.lastAt !== null && at <= state.lastAt) return state;
  if (measurement.kind === "error") return unusable(state, at, "error", measurement.because);
  if (measurement.kind === "no-data") return unusable(state, at, "no-data", measurement.because);
  if (measurement.kind !== "values") return unusable(state, at, "no-data", `${measurement.kind} came where values were asked for`);
  const numbers = measurement.values.filter(({ value }) => !Number.isNaN(value));
  if (numbers.length === 0) {
    return unusable(state, at, "no-data", measurement.values.length === 0 ? "the answer is empty" : "the answer is not a number");
  }
  const series = new Map<string, SeriesRun>();
  for (const [key, run] of state.series) if (at - run.lastAt <= GAP_BLOCKS * rule.blockMs) series.set(key, run);
  let breach = false;
  for (const { labels, value } of numbers) {
    const key = seriesName(labels);
    const beyond = rule.comparison === "above" ? value > rule.limit : value < rule.limit;
    series.set(key, { since: beyond ? (series.get(key)?.since ?? at) : null, lastAt: at, value });
    breach ||= beyond;
  }
  return { series, outcome: breach ? "breach" : "healthy", lastAt: at, lastUsableAt: at, silence: null };
}

/** `breach` while a series has been beyond the limit for `forMs`, `warn` while one is on its way there. */
export function thresholdVerdict(state: ThresholdState, rule: ThresholdRule, signal: string, now: Ms, noDataAfterMs: Ms): Verdict {
  const { comparison, limit } = rule;
  let longest: { readonly name: string; readonly run: SeriesRun; readonly forMs: Ms } | null = null;
  for (const [name, run] of state.series) {
    if (run.since === null || now - run.lastAt > GAP_BLOCKS * rule.blockMs) continue;
    const forMs = run.lastAt - run.since;
    if (longest === null || forMs > longest.forMs) longest = { name, run, forMs };
  }
  if (longest !== null) {
    const { name, run, forMs } = longest;
    const reason = { code: "threshold", signal, value: run.value, comparison, limit, forMs, series: name } as const;
    return { signal, state: forMs >= rule.forMs ? "breach" : "warn", because: [reason] };
  }
  const { silence } = state;
  if (silence !== null && now - silence.since >= noDataAfterMs) {
    const { outcome, detail } = silence;
    return { signal, state: "inconclusive", because: [{ code: "no-usable-data", signal, outcome, detail, forMs: now - silence.since }] };
  }
  return { signal, state: state.lastUsableAt === null ? "inconclusive" : "pass", because: [] };
}

function unusable(state: ThresholdState, at: Ms, outcome: "no-data" | "error", detail: string): ThresholdState {
  // As in signal.ts: nobody answered, so this instant may be asked for again.
  const lastAt = outcome === "error" ? state.lastAt : at;
  return { ...state, outcome, lastAt, silence: { outcome, since: state.silence?.since ?? state.lastUsableAt ?? at, detail } };
}

function seriesName(labels: SeriesValue["labels"]): string {
  const names = Object.keys(labels).toSorted();
  return `{${names.map((name) => `${name}=${JSON.stringify(labels[name])}`).join(", ")}}`;
}
