import { standingOf } from "../../src/guards/phase.ts";
import { explainReason } from "../../src/explain/reason.ts";
import type { Reason } from "../../src/reason.ts";
import { formatDuration } from "../../src/policies/duration.ts";
import { signalOf } from "../../src/policies/signal.ts";
import type { Counted, Replayed } from "./replay.ts";

/** Tiers that a guard of this workload alone cannot see: missing them is no defect. */
const unseeable: ReadonlySet<string> = new Set(["T4", "T5"]);

export function isWrong({ rollout, rolledBackAt }: Replayed): boolean {
  return rollout.bad ? rolledBackAt === null && !unseeable.has(rollout.tier) : rolledBackAt !== null;
}

/** One line: why a bad rollout was not rolled back, or why a good one was. */
export function explain(replayed: Replayed): string {
  const { rollout } = replayed;
  const who = `${replayed.case} ${rollout.service} (${rollout.tier})`;
  const callers = rollout.inbound === "" ? "" : `; callers saw ${rollout.inbound}`;
  const about = rollout.about === undefined ? "" : `; ${rollout.about}`;
  return `${who}: ${rollout.bad ? missed(replayed) : wrong(replayed)}${callers}${about}`;
}

function wrong(replayed: Replayed): string {
  const because = standingOf(replayed.guard.entries).attempted?.because ?? [];
  const meanwhile = Object.entries(replayed.counted).map(([signal, { oldBad, oldTotal, worst }]) => {
    const control = worst?.controlLimit === null ? "too few requests reached old pods for a live control" : "a live control was there";
    const old = oldTotal === 0 ? "no old pods beside them" : `old pods ${share(oldBad, oldTotal)}; ${control}`;
    return `${named(replayed, signal)}: ${old}${limitOf(replayed, signal)}`;
  });
  return [said(because), ...(meanwhile.length === 0 ? [] : [`Meanwhile ${meanwhile.join("; ")}`])].join(". ");
}

function missed(replayed: Replayed): string {
  const { guard, counted } = replayed;
  const notes = guard.entries.flatMap((entry) => (entry.kind === "withheld" || entry.kind === "held" ? [said(entry.because)] : []));
  const told = notes.length === 0 ? "" : `; told: ${notes.join("; ")}`;
  const signals = Object.entries(counted).map(([signal, counts]) => `${named(replayed, signal)}: ${toldOf(replayed, signal, counts)}`);
  return `${signals.length === 0 ? "no plain rule was broken for long enough" : signals.join("; ")}${told}`;
}

function toldOf(replayed: Replayed, signal: string, counts: Counted): string {
  const { total, bad, oldTotal, oldBad, worst } = counts;
  if (total === 0) return "no request was measured";
  const evidence = worst === null ? "" : `, evidence at most ${worst.evidence.toFixed(1)}${tooFew(replayed, counts)}`;
  const old = oldTotal === 0 ? "" : `, old ${share(oldBad, oldTotal)}`;
  return `new pods ${share(bad, total)}${old}${limitOf(replayed, signal)}${evidence}`;
}

function limitOf({ guard, counted }: Replayed, signal: string): string {
  const worst = counted[signal]?.worst ?? null;
  const limit = worst === null ? "" : `, limit ${percent(worst.effectiveLimit)} set by ${worst.limitSource}`;
  const baseline = guard.baselines[signal];
  const before = baseline === undefined ? "" : `, before ${share(baseline.bad, baseline.total)}`;
  return `${limit}${before}`;
}

/**
 * What was bad until the evidence was largest, and what a rollback takes at that share. Requests, with perfect knowledge: ln(1/alpha) over the
 * divergence of the two shares; 2 % at a limit of 1 %, alpha 0.001: 1790. Blocks, if everything were staked in each: ln(1/alpha) over ln(burn): 10.
 */
function tooFew({ guard }: Replayed, { worst, worstTotal, worstBad, worstBlocks }: Counted): string {
  if (worst === null || worst.evidence <= 1 || worstTotal === 0) return "";
  const share = worstBad / worstTotal;
  const limit = worst.effectiveLimit;
  const untilThen = ` when ${percent(share)} of ${worstTotal} requests in ${worstBlocks} blocks were bad`;
  if (share <= limit) return untilThen;
  const divergence = share * Math.log(share / limit) + (share === 1 ? 0 : (1 - share) * Math.log((1 - share) / (1 - limit)));
  const certain = Math.log(1 / (1 - guard.policy.spec.confidence));
  const [requests, blocks] = [Math.ceil(certain / divergence), Math.ceil(certain / Math.log(share / limit))];
  return `${untilThen} (at that share a rollback takes at least ${requests} requests and ${blocks} blocks)`;
}

/** A latency signal with what it counts as slow. */
function named({ guard }: Replayed, signal: string): string {
  const written = guard.policy.spec.signals[signal];
  const known = written === undefined ? undefined : signalOf(written);
  return known?.kind === "http-slower"
    ? `${signal} (p${known.quantile * 100} ${known.thresholdMs === null ? "old" : formatDuration(known.thresholdMs)})`
    : signal;
}

function said(because: readonly Reason[]): string {
  return because.map(explainReason).join(", ");
}

function share(bad: number, total: number): string {
  return total === 0 ? "answered nothing" : `${percent(bad / total)} bad (${bad} of ${total})`;
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(3))} %`;
}
