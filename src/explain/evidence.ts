import type { Reason } from "../model.ts";
import { count, counted, evidenceOf, percent, times } from "./numbers.ts";

type Evidence = Extract<Reason, { code: "evidence" }>;

/**
 * The explain line of judging.md 4.3, which redoes the arithmetic for the reader:
 * `errors 20.1 % = 20x the limit (limit 1 %; old pods 0.33 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed`.
 */
export function evidenceSentence(reason: Evidence): string {
  const sample = `in ${counted(reason.blocks, "block")}, ${count(reason.bad)} of ${count(reason.total)} ${reason.unit}`;
  const bound = reason.mode === undefined ? "" : ` (${reason.mode}: the bound is approximate)`;
  const evidence = `evidence ${evidenceOf(reason.evidence)} of ${evidenceOf(reason.needed)} needed${bound}`;
  return `${subject(reason)} ${percent(reason.badRatio)} = ${times(reason.burn)} the limit (${limitBasis(reason).full}) ${sample}; ${evidence}`;
}

/** What was judged: `errors`, `errors as callers see them`. */
export function subject({ signal, seenBy }: Evidence): string {
  return seenBy === "callers" ? `${signal} as callers see them` : signal;
}

/** What set the limit. `max of` names both candidates, as the larger one binds (judging.md 3.1). */
export function limitBasis(reason: Evidence): { readonly short: string; readonly full: string } {
  const short = percent(reason.effectiveLimit);
  switch (reason.limitSource) {
    case "limit":
      return { short, full: `limit ${short}; ${comparedTo(reason)}` };
    case "live-control":
      return { short, full: `max of ${percent(reason.limit)} limit, ${allowed(reason, reason.oldRatio, "old pods")}` };
    case "baseline":
      return {
        short,
        full: `max of ${percent(reason.limit)} limit, ${allowed(reason, reason.baselineRatio, "the time before the rollout")}`,
      };
  }
}

function comparedTo(reason: Evidence): string {
  if (reason.oldRatio !== null) return `old pods ${percent(reason.oldRatio)}`;
  if (reason.baselineRatio !== null) return `before the rollout ${percent(reason.baselineRatio)}`;
  return "nothing older to compare with";
}

/** Their ratio is what was seen; what they allow is worseThanOld times what it may have been at most. */
function allowed(reason: Evidence, ratio: number | null, by: string): string {
  return `${percent(reason.effectiveLimit)} by ${by}${ratio === null ? "" : ` (${percent(ratio)})`}`;
}
