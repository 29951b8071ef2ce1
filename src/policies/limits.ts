import type { Ms } from "../model.ts";
import { formatDuration } from "./duration.ts";
import type { Policy } from "./policy.ts";
import { formatTimes } from "./ratio.ts";
import { type Signal, signalOf } from "./signal.ts";

/** What a policy asks that will be answered less sharply than it reads; one sentence each. Facts of the presets only, no cluster asked. */
export function limitWarnings(policy: Policy): readonly string[] {
  const warnings: string[] = [];
  const { window, sustain, passEarly, signals } = policy.spec;
  if (sustain >= window)
    warnings.push(`sustain ${formatDuration(sustain)} is not shorter than window ${formatDuration(window)}: nothing can ever breach`);
  if (passEarly !== undefined && Object.values(signals).every(({ pods, promql }) => pods !== undefined || promql !== undefined))
    warnings.push("passEarly: no signal counts requests, so nothing can pass early");
  for (const [name, written] of Object.entries(signals)) {
    const signal = signalOf(written);
    const warning = signal.kind === "http-slower" ? bucketWarning(signal) : undefined;
    if (warning !== undefined) warnings.push(`${name}: ${warning}`);
    const never = neverBreaches(signal, window);
    if (never !== undefined) warnings.push(`${name}: ${never}: it can never breach`);
  }
  return warnings;
}

function neverBreaches(signal: Signal, window: Ms): string | undefined {
  const rule = signal.kind === "http-errors" || signal.kind === "http-slower" ? signal.rule : undefined;
  const forMs = signal.kind === "promql" ? signal.forMs : rule?.kind === "rate" ? rule.forMs : 0;
  if (forMs >= window) return `for ${formatDuration(forMs)} is not shorter than window`;
  if (rule?.kind !== "burn-rate" || signal.kind === "pods") return undefined;
  if (rule.shortMs >= window) return `short ${formatDuration(rule.shortMs)} is not shorter than window`;
  return rule.factor * signal.limit < 1 ? undefined : `${formatTimes(rule.factor)} the limit is more than all requests`;
}

function bucketWarning({ preset, quantile, thresholdMs }: Signal & { kind: "http-slower" }): string | undefined {
  const limit = `p${Math.round(quantile * 100)} ${formatDuration(thresholdMs)}`;
  const bounds = preset.defaultBuckets;
  const threshold = thresholdMs / 1000;
  if (bounds.length === 0) {
    return preset.name === "micrometer" ? `${limit}: micrometer exports no buckets unless percentiles-histogram is set` : undefined;
  }
  if (bounds.includes(threshold)) return undefined;
  const above = bounds.find((bound) => bound > threshold);
  const below = bounds.findLast((bound) => bound < threshold) ?? 0;
  if (above === undefined) return `${limit}: ${preset.name}'s default buckets end at ${below} s; nothing slower can be told apart`;
  return `${limit}: ${preset.name}'s default buckets have no bound at ${threshold} s; judged between ${below} and ${above} s`;
}
