import type { Ms } from "../model.ts";
import { sumOf } from "./counts.ts";
import { effectiveLimit } from "./limit.ts";
import type { SignalLimits, SignalState } from "./signal.ts";

export interface Recovery {
  /** "waiting": fewer than the wanted blocks with requests since then. */
  readonly state: "recovered" | "waiting" | "still-bad";
  /** Blocks with requests that were looked at, and their common ratio; null without any. */
  readonly blocks: number;
  readonly badRatio: number | null;
  readonly limit: number;
}

/** The restored revision's blocks and the limit they are held to. */
export interface Recovering {
  readonly limits: Pick<SignalLimits, "limit" | "worseThanOld" | "baseline">;
  readonly oldBlocks: SignalState["oldBlocks"];
}

/**
 * Did the restored revision's last `wanted` blocks with requests after `since` lie within the limit? Their requests are taken together:
 * at 10 requests a minute one error in a block of two is no relapse.
 */
export function recoveryOf(state: Recovering, since: Ms, wanted: number): Recovery {
  const { limits } = state;
  const limit = effectiveLimit(limits.limit, limits.worseThanOld, limits.baseline?.upper ?? 0, null).value;
  const blocks = state.oldBlocks.filter((block) => block.at > since && block.total > 0).slice(-wanted);
  const { total, bad } = sumOf(blocks);
  const badRatio = total > 0 ? bad / total : null;
  if (badRatio === null || blocks.length < wanted) return { state: "waiting", blocks: blocks.length, badRatio, limit };
  return { state: badRatio <= limit ? "recovered" : "still-bad", blocks: blocks.length, badRatio, limit };
}
