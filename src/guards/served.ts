import type { BlockCounts } from "../judging/control.ts";
import type { RateCounts } from "../judging/counts.ts";
import type { Ms } from "../model.ts";
import type { RequestCounts, ServedBy } from "../report.ts";

/** Requests of one signal so far, by the revision that answered them. Folded from the same blocks as everything else. */
export interface Served {
  readonly condemned: ServedBy;
  readonly old: ServedBy;
  readonly badSince?: Ms;
  readonly badUntil?: Ms;
}

/** What a counted signal and a plain rule on requests both keep. */
export interface Counting extends RateCounts {
  readonly oldBlocks: readonly BlockCounts[];
}

const LEAST_BAD = 3;

const none: ServedBy = { before: { total: 0, bad: 0 }, after: { total: 0, bad: 0 } };

/** Adds the block that made `after` of `before`; the same again where it made none. */
export function served(
  so: Served | undefined,
  before: Counting,
  after: Counting,
  past: { readonly limit: number; readonly blockMs: Ms; readonly rolledBackAt: Ms | undefined },
): Served | undefined {
  const block = after.oldBlocks.at(-1);
  if (block === undefined || block.at === before.oldBlocks.at(-1)?.at) return so;
  const { condemned, old, badSince, badUntil } = so ?? { condemned: none, old: none };
  const fresh = { total: after.total - before.total, bad: after.bad - before.bad };
  const isAfter = past.rolledBackAt !== undefined && block.at > past.rolledBackAt;
  // One error of the pods that were restored is not yet trouble.
  const isBad = isOver(fresh, past.limit) || (isAfter && block.bad >= LEAST_BAD && isOver(block, past.limit));
  const since = badSince ?? (isBad ? block.at - past.blockMs : undefined);
  const until = isBad ? block.at : badUntil;
  return {
    condemned: plus(condemned, fresh, isAfter),
    old: plus(old, block, isAfter),
    ...(since === undefined ? {} : { badSince: since }),
    ...(until === undefined ? {} : { badUntil: until }),
  };
}

function isOver({ total, bad }: RequestCounts, limit: number): boolean {
  return total > 0 && bad / total > limit;
}

function plus({ before, after }: ServedBy, { total, bad }: RequestCounts, isAfter: boolean): ServedBy {
  const add = (to: RequestCounts) => ({ total: to.total + total, bad: to.bad + bad });
  return isAfter ? { before, after: add(after) } : { before: add(before), after };
}
