// Bad together with others, the old pods or the environment: docs/judging.md: the formula.
import { brakes } from "./combine.ts";
import type { RateCounts } from "./counts.ts";
import { startEvidence, stepEvidence } from "./evidence.ts";
import type { EffectiveLimit } from "./limit.ts";
import type { Evidence, EvidenceRule } from "./mixture.ts";

const LASTING_BLOCKS = 4;

/** What the new pods have suffered together with others. */
export interface Shared {
  /** With whom, while it lasts or grows: the old pods of the same block, or, where none are left, other workloads. */
  readonly with: "old-pods" | "others";
  /**
   * Blocks with requests in a row in which both were bad alike: over what was usual, and the new ones no worse than the old ones allow.
   * While it lasts, all such blocks since it began.
   */
  readonly blocks: number;
  /** Counts of these blocks. */
  readonly fresh: RateCounts;
  readonly old: RateCounts;
  /** Evidence against the new revision as if there were no old pods: only what would have braked it is worth a hold. */
  readonly alone: Evidence;
  /** Blocks with requests in a row in which the new revision was good. */
  readonly calm: number;
  /**
   * They were bad alike for four blocks, by more than chance, and the new revision was not good for four blocks since. While it lasts only the old pods can
   * tell what is the new revision's fault: a block without them proves nothing.
   */
  readonly lasting: boolean;
  /** Counts of the new revision since the last time that this lasted; null while it never did. Only these may pass it. */
  readonly since: RateCounts | null;
}

const none: RateCounts = { total: 0, bad: 0 };
export const nothingShared: Shared = {
  with: "old-pods",
  blocks: 0,
  fresh: none,
  old: none,
  alone: startEvidence(),
  calm: 0,
  lasting: false,
  since: null,
};

/** Other workloads suffered in the blocks that spoke against the new revision. */
export function sharedWithOthers(): Shared {
  return { ...nothingShared, with: "others", lasting: true, since: none };
}

export interface SharedBlock {
  readonly fresh: RateCounts;
  readonly old: RateCounts;
  readonly limit: EffectiveLimit;
}

/**
 * One block of both revisions. `usual` is max(limit, rho U): what was so before the rollout is no shock that the two share now. A block
 * without new requests tells nothing.
 */
export function sharedAfter(before: Shared, { fresh, old, limit }: SharedBlock, usual: number, rule: EvidenceRule): Shared {
  if (fresh.total === 0) return before;
  const ratio = fresh.bad / fresh.total;
  const isBad = ratio > usual;
  const isAlike = isBad && limit.source === "live-control" && ratio <= limit.value;
  const alone = stepEvidence(before.alone, ratio / usual, rule);
  const calm = isBad ? 0 : before.calm + 1;
  const begins = isAlike && before.blocks + 1 >= LASTING_BLOCKS && brakes(alone.e);
  const lasting = begins || (before.lasting && calm < LASTING_BLOCKS);
  const kept = lasting || isAlike ? before : nothingShared;
  const since = before.since ?? (lasting ? none : null);
  return {
    with: kept.with,
    alone: before.lasting && !lasting ? startEvidence() : alone,
    blocks: kept.blocks + (isAlike ? 1 : 0),
    fresh: isAlike ? sum(kept.fresh, fresh) : kept.fresh,
    old: isAlike ? sum(kept.old, old) : kept.old,
    calm,
    lasting,
    since: since === null || lasting ? since && none : sum(since, fresh),
  };
}

/** Nothing can be read from a block without old pods while the two were last seen to suffer together. A ratio ends at `mostControl`. */
export function isAttributable(before: Shared, limit: EffectiveLimit, mostControl = 1): boolean {
  return !before.lasting || (limit.control !== null && limit.control < mostControl);
}

function sum(one: RateCounts, other: RateCounts): RateCounts {
  return { total: one.total + other.total, bad: one.bad + other.bad };
}
