import { foldFailures } from "../../judging/failures.ts";
import { foldThreshold } from "../../judging/threshold.ts";
import { GAP_BLOCKS } from "../../judging/values.ts";
import type { Measurement, Ms, ProbeFinding } from "../../model.ts";
import type { Reason } from "../../reason.ts";
import { type Condition, conditionOf } from "../../policies/remediation-conditions.ts";
import type { Remediation } from "../../policies/remediation.ts";
import { openRule, type RuleState, ruleVerdict } from "../rule.ts";

type ValueRule = Extract<RuleState, { kind: "threshold" | "failures" }>;

/** What was asked of a condition so far; never written down, since the newest samples alone decide. */
export type ConditionState =
  | { readonly kind: "promql"; readonly rule: ValueRule; readonly through: Ms | null; readonly failedAt: Ms | null }
  | { readonly kind: "certificate"; readonly finding: ProbeFinding | null; readonly at: Ms | null };

/** `soon`: beyond its limit, but not for long enough yet. `unknown`: nobody could say, which never counts as holding. */
export interface ConditionVerdict {
  readonly condition: string;
  readonly state: "holds" | "soon" | "not" | "unknown";
  readonly because: readonly Reason[];
}

/** A certificate does not run out in a minute. */
const CERTIFICATE_EVERY: Ms = 300_000;
const CERTIFICATE_AGAIN: Ms = 30_000;

export function conditionsOf(policy: Remediation): Readonly<Record<string, Condition>> {
  return Object.fromEntries(Object.entries(policy.spec.when ?? {}).map(([name, written]) => [name, conditionOf(written)]));
}

export function openCondition(condition: Condition, blockMs: Ms): ConditionState {
  if (condition.kind === "certificate") return { kind: "certificate", finding: null, at: null };
  const rule = openRule(condition, { blockMs });
  if (rule?.kind !== "threshold" && rule?.kind !== "failures") throw new TypeError("a condition of promql has a rule on values");
  return { kind: "promql", rule, through: null, failedAt: null };
}

/** From where a condition has to be asked so that all is known that it looks at: what is older decides nothing. */
export function askedFrom(condition: Condition, now: Ms, blockMs: Ms): Ms {
  if (condition.kind === "certificate") return now;
  const needed = condition.failures === undefined ? condition.forMs : condition.failures.of * blockMs;
  return now - needed - (GAP_BLOCKS + 1) * blockMs;
}

export function isCertificateDue({ finding, at }: Extract<ConditionState, { kind: "certificate" }>, now: Ms): boolean {
  if (at === null) return true;
  return now - at >= (finding?.certificate === undefined ? CERTIFICATE_AGAIN : CERTIFICATE_EVERY);
}

/** Samples in their order; an error leaves its instant to be asked again. */
export function foldCondition(state: ConditionState, measurement: Measurement): ConditionState {
  if (state.kind === "certificate") {
    return measurement.kind === "probe" ? { ...state, finding: measurement.finding, at: measurement.at } : state;
  }
  const rule = foldValueRule(state.rule, measurement);
  if (measurement.kind === "error") return { ...state, rule, failedAt: measurement.at };
  return { ...state, rule, through: measurement.at, failedAt: null };
}

function foldValueRule(of: ValueRule, measurement: Measurement): ValueRule {
  return of.kind === "threshold"
    ? { ...of, state: foldThreshold(of.state, measurement, of.rule) }
    : { ...of, state: foldFailures(of.state, measurement, of.rule) };
}

export function conditionVerdict(name: string, condition: Condition, state: ConditionState, now: Ms, blockMs: Ms): ConditionVerdict {
  if (condition.kind === "certificate") return certificateVerdict(name, condition.days, state);
  if (state.kind !== "promql") return unasked(name);
  if (state.through === null) return unknownOr(name, silenceOf(state.rule), unasked(name));
  // What was heard last is too old to say how it is now.
  if (now - state.through > (GAP_BLOCKS + 2) * blockMs)
    return unknownOr(name, silenceOf(state.rule), unknown(name, "nothing was heard of it lately"));
  const silence = silenceOf(state.rule);
  if (silence !== undefined) return unknown(name, silence);
  // As the newest sample has it: that it is a block or two old must not read as calm.
  const verdict = ruleVerdict(state.rule, name, state.through, 0);
  if (verdict.state === "breach") return { condition: name, state: "holds", because: verdict.because };
  if (verdict.state === "warn") return { condition: name, state: "soon", because: verdict.because };
  if (verdict.state !== "pass") return unknown(name, "too few of its samples were answered");
  return not(name, `it is not ${condition.comparison} ${condition.limit}${valueOf(state.rule)}`);
}

function certificateVerdict(name: string, limit: number, state: ConditionState): ConditionVerdict {
  if (state.kind !== "certificate" || state.finding === null) return unasked(name);
  const { certificate, detail } = state.finding;
  if (certificate === undefined) return unknown(name, detail === "" ? "no certificate was shown" : detail);
  const { host, days } = certificate;
  if (days >= limit) return not(name, `the certificate of ${host} is good for ${days} more days`);
  return { condition: name, state: "holds", because: [{ code: "certificate", signal: name, host, days, limit }] };
}

function silenceOf({ state: { silence } }: ValueRule): string | undefined {
  if (silence === null) return undefined;
  return `${silence.outcome === "error" ? "its source does not answer properly" : "its source has no data"}: ${silence.detail}`;
}

function valueOf(rule: ValueRule): string {
  if (rule.kind !== "threshold") return "";
  const values = [...rule.state.series.values()].map(({ value }) => Number(value.toPrecision(4)));
  return values.length === 0 ? "" : ` (${values.slice(0, 3).join(", ")}${values.length > 3 ? ", …" : ""})`;
}

function not(signal: string, detail: string): ConditionVerdict {
  return { condition: signal, state: "not", because: [{ code: "condition", signal, state: "not", detail }] };
}

/** It will be known in a moment: nobody's news. */
function unasked(condition: string): ConditionVerdict {
  return { condition, state: "unknown", because: [] };
}

function unknownOr(signal: string, silence: string | undefined, otherwise: ConditionVerdict): ConditionVerdict {
  return silence === undefined ? otherwise : unknown(signal, silence);
}

function unknown(signal: string, detail: string): ConditionVerdict {
  return { condition: signal, state: "unknown", because: [{ code: "condition", signal, state: "unknown", detail }] };
}
