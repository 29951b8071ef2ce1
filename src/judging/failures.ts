// The plain rule "3 of 5": so many of the last samples of a series beyond the limit. No bound on wrong breaches (docs/judging.md: plain rules).
import type { Measurement, Ms } from "../model.ts";
import type { Verdict } from "../reason.ts";
import { calmVerdict, foldValues, GAP_BLOCKS, noValues, type ValueLimit, type ValuesState } from "./values.ts";

/** Breach when `failures` of the last `of` answered samples are beyond the limit; 1 <= failures <= of. */
export interface FailuresRule extends ValueLimit {
  readonly failures: number;
  readonly of: number;
}

/** The last answered samples of one series, oldest first: true is beyond the limit. `value` is the newest one that was, null without any. */
export interface SeriesMarks {
  readonly marks: readonly boolean[];
  readonly value: number | null;
  readonly lastAt: Ms;
}

export type FailuresState = ValuesState<SeriesMarks>;

export const noFailures: FailuresState = noValues();

/**
 * Folds one sample. Each series has a window of its own. No-data and error are no samples: they do not move it, and neither fail nor
 * are good. After a gap of over `of` blocks it begins anew.
 */
export function foldFailures(state: FailuresState, measurement: Measurement, rule: FailuresRule): FailuresState {
  return foldValues(state, measurement, { ...rule, forgetMs: rule.of * rule.blockMs }, (before, { at, value, beyond }) => ({
    marks: [...(before?.marks ?? []), beyond].slice(-rule.of),
    value: beyond ? value : (before?.value ?? null),
    lastAt: at,
  }));
}

/**
 * `breach` while a series has enough failures in its window, `warn` while one has some. A series that was not heard for over two blocks
 * keeps its window but says nothing about now. Fewer answers than the window is long are too little for a pass.
 */
export function failuresVerdict(state: FailuresState, rule: FailuresRule, signal: string, now: Ms, noDataAfterMs: Ms): Verdict {
  const { comparison, limit, failures, of } = rule;
  let worst: { readonly series: string; readonly value: number; readonly failed: number } | null = null;
  for (const [series, { marks, value, lastAt }] of state.series) {
    const failed = marks.filter(Boolean).length;
    if (value === null || failed === 0 || now - lastAt > GAP_BLOCKS * rule.blockMs) continue;
    if (worst === null || failed > worst.failed) worst = { series, value, failed };
  }
  if (worst !== null) {
    const reason = { code: "failures", signal, comparison, limit, of, ...worst } as const;
    return { signal, state: worst.failed >= failures ? "breach" : "warn", because: [reason] };
  }
  const calm = calmVerdict(state, signal, now, noDataAfterMs);
  if (calm.state !== "pass" || state.answers >= of) return calm;
  return { signal, state: "inconclusive", because: [{ code: "rule-blind", signal, seen: state.answers, needed: of, overMs: null }] };
}
