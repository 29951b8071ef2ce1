// Values of a query, series by series: what the plain rules on them have in common (docs/judging.md: plain rules).
import type { Measurement, Ms, Outcome, SeriesValue } from "../model.ts";
import type { Verdict } from "../reason.ts";

/** A series that was last heard this many blocks ago says nothing about now. */
export const GAP_BLOCKS = 2;

export interface ValueLimit {
  readonly comparison: "above" | "below";
  readonly limit: number;
  readonly blockMs: Ms;
}

/** What a rule remembers of every series, by the labels, sorted and written out. */
export interface ValuesState<Run> {
  readonly series: ReadonlyMap<string, Run>;
  /** Samples that held a number so far. */
  readonly answers: number;
  readonly outcome: Outcome | null;
  readonly lastAt: Ms | null;
  readonly lastUsableAt: Ms | null;
  readonly silence: { readonly outcome: "no-data" | "error"; readonly since: Ms; readonly detail: string } | null;
}

export function noValues<Run>(): ValuesState<Run> {
  return { series: new Map(), answers: 0, outcome: null, lastAt: null, lastUsableAt: null, silence: null };
}

/** One series at one instant. */
export interface ValueSample {
  readonly at: Ms;
  readonly value: number;
  readonly beyond: boolean;
}

/**
 * Folds one sample of all series, each on its own by `step`. No-data and error leave every series as it is; one that was not heard for
 * longer than `forgetMs` is forgotten.
 */
export function foldValues<Run extends { readonly lastAt: Ms }>(
  state: ValuesState<Run>,
  measurement: Measurement,
  rule: ValueLimit & { readonly forgetMs: Ms },
  step: (run: Run | undefined, sample: ValueSample) => Run,
): ValuesState<Run> {
  const { at } = measurement;
  if (state.lastAt !== null && at <= state.lastAt) return state;
  if (measurement.kind === "error") return unusable(state, at, "error", measurement.because);
  if (measurement.kind === "no-data") return unusable(state, at, "no-data", measurement.because);
  if (measurement.kind !== "values") return unusable(state, at, "no-data", `${measurement.kind} came where values were asked for`);
  const numbers = measurement.values.filter(({ value }) => !Number.isNaN(value));
  if (numbers.length === 0) {
    return unusable(state, at, "no-data", measurement.values.length === 0 ? "the answer is empty" : "the answer is not a number");
  }
  const series = new Map<string, Run>();
  for (const [key, run] of state.series) if (at - run.lastAt <= rule.forgetMs) series.set(key, run);
  let breach = false;
  for (const { labels, value } of numbers) {
    const key = seriesName(labels);
    const beyond = rule.comparison === "above" ? value > rule.limit : value < rule.limit;
    series.set(key, step(series.get(key), { at, value, beyond }));
    breach ||= beyond;
  }
  return { series, answers: state.answers + 1, outcome: breach ? "breach" : "healthy", lastAt: at, lastUsableAt: at, silence: null };
}

/** The verdict while no series is beyond its limit. */
export function calmVerdict(
  state: Pick<ValuesState<unknown>, "silence" | "lastUsableAt">,
  signal: string,
  now: Ms,
  noDataAfterMs: Ms,
): Verdict {
  const { silence } = state;
  if (silence !== null && now - silence.since >= noDataAfterMs) {
    const { outcome, detail } = silence;
    return { signal, state: "inconclusive", because: [{ code: "no-usable-data", signal, outcome, detail, forMs: now - silence.since }] };
  }
  return { signal, state: state.lastUsableAt === null ? "inconclusive" : "pass", because: [] };
}

function unusable<Run>(state: ValuesState<Run>, at: Ms, outcome: "no-data" | "error", detail: string): ValuesState<Run> {
  // As in signal.ts: nobody answered, so this instant may be asked for again.
  const lastAt = outcome === "error" ? state.lastAt : at;
  return { ...state, outcome, lastAt, silence: { outcome, since: state.silence?.since ?? state.lastUsableAt ?? at, detail } };
}

function seriesName(labels: SeriesValue["labels"]): string {
  const names = Object.keys(labels).toSorted();
  return `{${names.map((name) => `${name}=${JSON.stringify(labels[name])}`).join(", ")}}`;
}
