// What a bad revision cost, as nouns. Like model.ts: imports nothing but nouns, does nothing.
import type { Ms } from "./model.ts";

export interface RequestCounts {
  readonly total: number;
  readonly bad: number;
}

/** By whether the block was over before the rollback; that in which it happened counts as after. */
export interface ServedBy {
  readonly before: RequestCounts;
  readonly after: RequestCounts;
}

/** A revision that was braked or taken back, from the start of its rollout to the end of its guard. */
export interface GuardReport {
  readonly startedAt: Ms;
  /** Beginning of the first block, and end of the last one, in which more than the signal's limit was bad. */
  readonly badSince?: Ms;
  readonly badUntil?: Ms;
  readonly brakedAt?: Ms;
  readonly rolledBackAt?: Ms;
  /** When it was sure that the rollback had helped. */
  readonly verifiedAt?: Ms;
  /** Requests, as one signal counts them; absent where the policy has none that tells revisions apart. */
  readonly served?: {
    readonly signal: string;
    readonly condemned: ServedBy & { readonly revision: number };
    /** The revision before it, which is the restored one after. */
    readonly old: ServedBy & { readonly revision: number | null };
  };
}
