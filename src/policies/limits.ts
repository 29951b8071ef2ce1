import type { Ms } from "../model.ts";
import { formatDuration } from "./duration.ts";
import type { Policy } from "./policy.ts";
import { formatTimes } from "./ratio.ts";
import type { MetricSelector } from "./selector.ts";
import { seenForMs } from "./resources-signal.ts";
import { type Signal, signalOf } from "./signal.ts";

/** What a policy asks that will be answered less sharply than it reads; one sentence each. Facts of the presets only, no cluster asked. */
export function limitWarnings(policy: Policy): readonly string[] {
  const warnings: string[] = [];
  const { window, sustain, passEarly, signals } = policy.spec;
  if (sustain >= window)
    warnings.push(`sustain ${formatDuration(sustain)} is not shorter than window ${formatDuration(window)}: nothing can ever breach`);
  if (
    passEarly !== undefined &&
    Object.values(signals).every(({ http, ratio, logs }) => http === undefined && ratio === undefined && logs === undefined)
  )
    warnings.push("passEarly: no signal counts requests, so nothing can pass early");
  for (const [name, written] of Object.entries(signals)) {
    const signal = signalOf(written);
    if (passEarly !== undefined && signal.kind === "logs")
      warnings.push(`${name}: passEarly: log lines never show enough, so the guard runs its whole window`);
    if ((signal.kind === "http-errors" || signal.kind === "http-slower") && signal.service !== undefined)
      warnings.push(`${name}: ${signal.preset?.name} counts whole Services: old and new pods cannot be told apart, only before and after`);
    const found = signal.kind === "http-slower" ? [bucketWarning(signal)] : signal.kind === "ratio" ? counterWarnings(signal) : [];
    for (const warning of found) if (warning !== undefined) warnings.push(`${name}: ${warning}`);
    for (const warning of outsideWarnings(signal, policy)) warnings.push(`${name}: ${warning}`);
    if (signal.kind === "resources") for (const late of comesLate(signal, window)) warnings.push(`${name}: ${late}`);
    const never = neverBreaches(signal, window);
    if (never !== undefined) warnings.push(`${name}: ${never}: it can never breach`);
  }
  return warnings;
}

/** Of what is asked of the service itself, and not of what was counted. */
function outsideWarnings(signal: Signal, { spec: { mode, window } }: Policy): readonly string[] {
  const warnings: string[] = [];
  if (signal.kind === "job" && mode === "observe") warnings.push("mode observe creates no Job: a guard with it never passes");
  if (signal.kind === "job" && signal.timeoutMs >= window) {
    warnings.push(`timeout ${formatDuration(signal.timeoutMs)} is not shorter than window: the guard may end before its Job`);
  }
  if (signal.kind === "probe" && signal.expect.withinMs > signal.everyMs) {
    warnings.push(`within ${formatDuration(signal.expect.withinMs)} is longer than every: calls that are due meanwhile are not made`);
  }
  return warnings;
}

function neverBreaches(signal: Signal, window: Ms): string | undefined {
  if (signal.kind === "job" || signal.kind === "resources") return undefined;
  if (signal.kind === "probe") {
    const needed = (signal.failures.failures - 1) * signal.everyMs;
    return needed < window
      ? undefined
      : `${signal.failures.failures} calls, one every ${formatDuration(signal.everyMs)}, take longer than window`;
  }
  if (signal.kind === "alert") return signal.forMs < window ? undefined : `for ${formatDuration(signal.forMs)} is not shorter than window`;
  const rule = signal.kind === "http-errors" || signal.kind === "http-slower" ? signal.rule : undefined;
  const forMs = signal.kind === "promql" ? signal.forMs : rule?.kind === "rate" ? rule.forMs : 0;
  if (forMs >= window) return `for ${formatDuration(forMs)} is not shorter than window`;
  if (rule?.kind !== "burn-rate" || signal.kind === "pods") return undefined;
  if (rule.shortMs >= window) return `short ${formatDuration(rule.shortMs)} is not shorter than window`;
  return rule.factor * signal.limit < 1 ? undefined : `${formatTimes(rule.factor)} the limit is more than all requests`;
}

/** Each of the things that are asked needs its own time of a new pod; only pods that were ready long before the rollout was complete have more than the window. */
function comesLate({ cpu, memory, fullWithinMs, forMs, warmUpMs }: Signal & { kind: "resources" }, window: Ms): readonly string[] {
  const [forTold, warmUp] = [`for ${formatDuration(forMs)}`, `warmUp ${formatDuration(warmUpMs)}`];
  const asked = [
    { isAsked: cpu !== null, what: "cpu", leastMs: warmUpMs + forMs, why: `${warmUp} and ${forTold}` },
    { isAsked: memory !== null, what: "memory", leastMs: forMs, why: forTold },
    {
      isAsked: fullWithinMs !== null,
      what: `memoryFullWithin ${formatDuration(fullWithinMs ?? 0)}`,
      leastMs: warmUpMs + seenForMs(fullWithinMs ?? 0),
      why: `${warmUp} and a fifth of it`,
    },
  ];
  return asked
    .filter(({ isAsked, leastMs }) => isAsked && leastMs >= window)
    .map(({ what, leastMs, why }) => {
      const [least, within] = [formatDuration(leastMs), formatDuration(window)];
      return `${what} needs ${least} of a new pod (${why}), and the window is ${within}: it can hardly ever be judged`;
    });
}

/** By their names alone: a gauge has no increments, and of a histogram's buckets every one counts the same request. */
function counterWarnings({ bad, total }: Signal & { kind: "ratio" }): readonly string[] {
  const warnings: string[] = [];
  for (const [key, { metric, matchers }] of [["bad", bad] as const, ["total", total] as const]) {
    if (metric.endsWith("_bucket") && !matchers.some((matcher) => matcher.startsWith("le="))) {
      warnings.push(`${key} ${metric} counts each event once per bucket; name one, as in ${metric}{le="+Inf"}, or take _count`);
    } else if (!/_(total|count|bucket)$/.test(metric)) {
      warnings.push(`${key} ${metric} is not named like a counter (_total, _count); only what grows from 0 can be counted`);
    }
  }
  if (textOf(bad) === textOf(total)) warnings.push(`bad and total are the same counter: everything would be bad`);
  return warnings;
}

function textOf({ metric, matchers }: MetricSelector): string {
  return `${metric}{${matchers.toSorted().join(",")}}`;
}

function bucketWarning({ preset, quantile, thresholdMs }: Signal & { kind: "http-slower" }): string | undefined {
  if (preset === null) return undefined;
  const limit = `p${Math.round(quantile * 100)} ${thresholdMs === null ? "old" : formatDuration(thresholdMs)}`;
  const bounds = preset.defaultBuckets;
  if (bounds.length === 0) {
    return preset.withoutBuckets === undefined ? undefined : `${limit}: ${preset.withoutBuckets}`;
  }
  // The old revision's own bound is always one of the buckets'.
  if (thresholdMs === null) return undefined;
  const threshold = thresholdMs / 1000;
  if (bounds.includes(threshold)) return undefined;
  const above = bounds.find((bound) => bound > threshold);
  const below = bounds.findLast((bound) => bound < threshold) ?? 0;
  if (above === undefined) return `${limit}: ${preset.name}'s default buckets end at ${below} s; nothing slower can be told apart`;
  return `${limit}: ${preset.name}'s default buckets have no bound at ${threshold} s; judged between ${below} and ${above} s`;
}
