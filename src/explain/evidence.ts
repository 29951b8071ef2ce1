import type { OwnBound, Reason } from "../reason.ts";
import { POD_MINUTES } from "../judging/unit.ts";
import { count, counted, evidenceOf, milliseconds, plain, times } from "./numbers.ts";
import { shareOf } from "./share.ts";

type Evidence = Extract<Reason, { code: "evidence" }>;

/**
 * The explain line of docs/judging.md: reading the audit, which redoes the arithmetic for the reader:
 * `errors 20.1 % = 20x the limit (limit 1 %; old pods 0.33 %) in 3 blocks, 181 of 903 requests; evidence 1998 of 1111 needed`.
 */
export function evidenceSentence(reason: Evidence): string {
  const sample = `in ${counted(reason.blocks, "block")}, ${countsOf(reason)}`;
  const bound = reason.mode === undefined ? "" : ` (${reason.mode}: the bound is approximate)`;
  const evidence = `evidence ${evidenceOf(reason.evidence)} of ${evidenceOf(reason.needed)} needed${bound}`;
  return `${measured(reason)} = ${times(reason.burn)} the limit (${limitBasis(reason).full}) ${sample}; ${evidence}`;
}

/** "errors 20.1 %", "errors as callers see them 20.1 %", "latency 20.1 % slower than 500 ms", or "latency 20.1 % slower than 250 ms (the old revision's own p95 bound)". */
export function measured(reason: Evidence | Extract<Reason, { code: "within-limits" }>): string {
  const { signal, badRatio, ownBound, slowerThanMs } = reason;
  const view = "seenBy" in reason && reason.seenBy !== undefined ? views[reason.seenBy] : "";
  const than = ownBound?.thresholdMs ?? slowerThanMs;
  const own = ownBound === undefined ? "" : ` (${whose(ownBound)})`;
  const slower = than === undefined ? "" : ` slower than ${milliseconds(than)}${own}`;
  return `${signal}${view} ${shareOf(badRatio, reason.unit)}${slower}`;
}

const views = { callers: " as callers see them", service: " of the whole Service" } as const;

function countsOf({ bad, total, unit }: Evidence): string {
  if (unit === POD_MINUTES) return `${counted(bad, "log line")} in ${plain(Number(total.toPrecision(3)))} ${unit}`;
  return `${count(bad)} of ${count(total)} ${unit}`;
}

function whose({ quantile }: OwnBound): string {
  return `the old revision's own p${Math.round(quantile * 100)} bound`;
}

/** What set the limit. `max of` names both candidates, as the larger one binds (docs/judging.md: the formula). */
export function limitBasis(reason: Evidence): { readonly short: string; readonly full: string } {
  const short = shareOf(reason.effectiveLimit, reason.unit);
  switch (reason.limitSource) {
    case "limit":
      return { short, full: `limit ${short}; ${comparedTo(reason)}` };
    case "live-control":
      return { short, full: `max of ${shareOf(reason.limit, reason.unit)} limit, ${allowed(reason, reason.oldRatio, "old pods")}` };
    case "baseline":
      return {
        short,
        full: `max of ${shareOf(reason.limit, reason.unit)} limit, ${allowed(reason, reason.baselineRatio, "the time before the rollout")}`,
      };
  }
}

function comparedTo(reason: Evidence): string {
  if (reason.oldRatio !== null) return `old pods ${shareOf(reason.oldRatio, reason.unit)}`;
  if (reason.baselineRatio !== null) return `before the rollout ${shareOf(reason.baselineRatio, reason.unit)}`;
  return "nothing older to compare with";
}

/** Their ratio is what was seen; what they allow is worseThanOld times what it may have been at most. */
function allowed(reason: Evidence, ratio: number | null, by: string): string {
  return `${shareOf(reason.effectiveLimit, reason.unit)} by ${by}${ratio === null ? "" : ` (${shareOf(ratio, reason.unit)})`}`;
}
