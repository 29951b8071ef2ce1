import type { Ms } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { RequestCounts } from "../report.ts";
import { type GuardRun, isSeenByCallers } from "./run.ts";

/** Lately: the last five minutes. */
const LATELY_MS: Ms = 300_000;

/** A guard that acts, would act or has acted, and is not over: since when, why, and how requests fare. Undefined where all is well so far. */
export function troubleOf(
  run: GuardRun,
  now: Ms,
): { readonly since: Ms; readonly because: readonly Reason[]; readonly lately?: RequestCounts & { readonly overMs: Ms } } | undefined {
  const { standing, record } = run;
  const isBad = standing.braked || standing.phase === "breached" || standing.phase === "acting" || standing.phase === "verifying";
  if (standing.finished !== undefined || !isBad) return undefined;
  const first = record.entries.find((entry) => entry.kind === "intended" || entry.kind === "withheld" || entry.kind === "held");
  const because = standing.rollback?.because ?? (first !== undefined && "because" in first ? first.because : []);
  const lately = latelyOf(run, now);
  return { since: first?.at ?? record.openedAt, because, ...(lately === undefined ? {} : { lately: { ...lately, overMs: LATELY_MS } }) };
}

/** By the signal of errors that saw most requests; of new and old pods together. */
function latelyOf(run: GuardRun, now: Ms): RequestCounts | undefined {
  const counts = Object.entries(run.counted).flatMap(([name, { audit }]) => {
    const signal = run.signals[name];
    if (signal?.kind !== "http-errors" || isSeenByCallers(signal)) return [];
    const blocks = audit.filter(({ at }) => at > now - LATELY_MS);
    return [
      {
        total: blocks.reduce((sum, block) => sum + block.newTotal + block.oldTotal, 0),
        bad: blocks.reduce((sum, block) => sum + block.newBad + block.oldBad, 0),
      },
    ];
  });
  return counts.filter(({ total }) => total > 0).toSorted((one, other) => other.total - one.total)[0];
}
