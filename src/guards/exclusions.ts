import type { Ms, Rollout } from "../model.ts";
import type { Exclusion, GuardRecord } from "./guard.ts";
import { standingOf } from "./phase.ts";

/**
 * Times in which another revision of this workload ran beside the old one and was replaced unfinished, or was found bad: what it broke
 * for both would count as the old revision's own rate (docs/judging.md: the formula). From its rollout on, because harm comes before it is found, to
 * the end of its guard. One that passed, and the old revision's own rollout, are no reason. Oldest first.
 */
export function exclusionsOf(rollout: Rollout, others: readonly GuardRecord[]): readonly Exclusion[] {
  return others.flatMap((other) => exclusionOf(rollout, other) ?? []).toSorted((one, next) => one.from - next.from);
}

/** End of the time before the rollout, moved back past what lies right before it; aligned to the epoch as blocks are. */
export function endBefore(startedAt: Ms, blockMs: Ms, excluded: readonly Exclusion[]): Ms {
  let end = Math.floor(startedAt / blockMs) * blockMs;
  for (const { from, to } of excluded.toReversed()) {
    if (from < end && to > end - blockMs) end = Math.floor(from / blockMs) * blockMs;
  }
  return end;
}

/** Whether the block that ends at `at` overlaps an exclusion. */
export function isExcluded(at: Ms, blockMs: Ms, excluded: readonly Exclusion[]): boolean {
  return excluded.some(({ from, to }) => at > from && at - blockMs < to);
}

function exclusionOf(rollout: Rollout, { name, rollout: other, entries }: GuardRecord): Exclusion | undefined {
  if (other.workload.uid !== rollout.workload.uid || other.startedAt >= rollout.startedAt) return undefined;
  if (other.new.podTemplateHash === rollout.old?.podTemplateHash) return undefined;
  const { finished, completedAt, phase } = standingOf(entries);
  if (phase === "passed") return undefined;
  // A guard that has not said so yet is about to: two revisions cannot both be wanted.
  const isReplaced = completedAt === undefined && (finished === undefined || phase === "superseded");
  const isBad = entries.some(
    (entry) =>
      (entry.kind === "intended" && (entry.action.kind === "brake" || entry.action.kind === "rollback")) ||
      (entry.kind === "withheld" && entry.action === "rollback"),
  );
  if (!isReplaced && !isBad) return undefined;
  const to = Math.min(finished?.at ?? Infinity, rollout.startedAt);
  return { from: other.startedAt, to, guard: name, why: isBad ? "bad-revision" : "superseded" };
}
