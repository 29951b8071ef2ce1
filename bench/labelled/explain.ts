import { standingOf } from "../../src/guards/phase.ts";
import { explainReason } from "../../src/explain/reason.ts";
import type { Reason } from "../../src/model.ts";
import type { Replayed } from "./replay.ts";

/** Tiers that a guard of this workload alone cannot see: missing them is no defect. */
export const unseeable: ReadonlySet<string> = new Set(["T4", "T5"]);

export function isWrong({ rollout, rolledBackAt }: Replayed): boolean {
  return rollout.bad ? rolledBackAt === null && !unseeable.has(rollout.tier) : rolledBackAt !== null;
}

/** One line: why a bad rollout was not rolled back, or why a good one was. */
export function explain(replayed: Replayed): string {
  const { rollout } = replayed;
  const who = `${replayed.case} ${rollout.service} (${rollout.tier})`;
  return `${who}: ${rollout.bad ? missed(replayed) : wrong(replayed)}; callers saw ${rollout.inbound}`;
}

function wrong(replayed: Replayed): string {
  const because = standingOf(replayed.guard.entries).attempted?.because ?? [];
  const { counted, worst } = replayed;
  const control = worst?.controlLimit === null ? "too few requests reached old pods for a live control" : "a live control was there";
  return `${said(because)}. Meanwhile old pods ${share(counted.oldBad, counted.oldTotal)}; ${control}`;
}

function missed(replayed: Replayed): string {
  const { counted, worst, guard } = replayed;
  const notes = guard.entries.flatMap((entry) => (entry.kind === "withheld" || entry.kind === "held" ? [said(entry.because)] : []));
  const told = notes.length === 0 ? "" : `; told: ${notes.join("; ")}`;
  if (counted.total === 0) return `its pods answered no request that was measured${told}`;
  const limit = worst === null ? "" : `, limit ${percent(worst.effectiveLimit)} set by ${worst.limitSource}`;
  const evidence = worst === null ? "" : `, evidence at most ${worst.evidence.toFixed(1)}`;
  const baseline = guard.baselines["errors"];
  const before = baseline === undefined ? "" : `, baseline of ${baseline.total} requests`;
  return `new pods ${share(counted.bad, counted.total)}, old ${share(counted.oldBad, counted.oldTotal)}${limit}${before}${evidence}${told}`;
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
