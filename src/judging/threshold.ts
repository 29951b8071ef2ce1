// The plain rule: above or below a limit for a time. No bound on wrong breaches (docs/judging.md: plain rules).
import type { Measurement, Ms } from "../model.ts";
import type { Verdict } from "../reason.ts";
import { calmVerdict, foldValues, GAP_BLOCKS, noValues, type ValueLimit, type ValuesState } from "./values.ts";

export interface ThresholdRule extends ValueLimit {
  readonly forMs: Ms;
}

/** One series and how long it has been beyond the limit without a break; `since` is null while it is not. */
export interface SeriesRun {
  readonly since: Ms | null;
  readonly lastAt: Ms;
  readonly value: number;
}

export type ThresholdState = ValuesState<SeriesRun>;

export const noThreshold: ThresholdState = noValues();

/** Folds one sample. Each series is judged on its own. No-data and error neither extend nor heal a run; a gap of over two blocks ends it. */
export function foldThreshold(state: ThresholdState, measurement: Measurement, rule: ThresholdRule): ThresholdState {
  return foldValues(state, measurement, { ...rule, forgetMs: GAP_BLOCKS * rule.blockMs }, (run, { at, value, beyond }) => ({
    since: beyond ? (run?.since ?? at) : null,
    lastAt: at,
    value,
  }));
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
  if (longest === null) return calmVerdict(state, signal, now, noDataAfterMs);
  const { name, run, forMs } = longest;
  const reason = { code: "threshold", signal, value: run.value, comparison, limit, forMs, series: name } as const;
  return { signal, state: forMs >= rule.forMs ? "breach" : "warn", because: [reason] };
}
