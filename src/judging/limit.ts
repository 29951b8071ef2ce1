import type { LimitSource } from "../model.ts";

export interface EffectiveLimit {
  readonly value: number;
  readonly source: LimitSource;
  /** rho * U. */
  readonly baseline: number;
  /** rho * S; null where the old pods served too little to tell. */
  readonly control: number | null;
}

/** docs/judging.md: the formula: D = max(limit, rho * U_base, rho * S_t). On a tie the plainer term is named. */
export function effectiveLimit(limit: number, worseThanOld: number, baselineUpper: number, control: number | null): EffectiveLimit {
  const baseline = worseThanOld * baselineUpper;
  const live = control === null ? null : worseThanOld * control;
  if (live !== null && live > limit && live > baseline) return { value: live, source: "live-control", baseline, control: live };
  if (baseline > limit) return { value: baseline, source: "baseline", baseline, control: live };
  return { value: limit, source: "limit", baseline, control: live };
}
