import type { SignalState } from "../judging/signal.ts";
import type { Ms } from "../model.ts";

const QUIET_BELOW = 10;

/**
 * Trailing blocks with requests after `since` in which the evidence of all signals together stayed below 10 (docs/judging.md: the formula):
 * the weighted sum at each block's end, as it was then. A signal that was not judged in a block stands there as it stood before.
 * Two signals of weight 1/2 at 12 each are loud together (12), one at 12 beside one at 0 is quiet (6). Infinity without signals.
 */
export function quietBlocksOf(signals: readonly SignalState[], since: Ms | null): number {
  if (signals.length === 0) return Infinity;
  const ends = new Set(signals.flatMap((state) => state.audit.filter((block) => block.newTotal > 0).map((block) => block.at)));
  let quiet = 0;
  for (const at of [...ends].toSorted((one, other) => other - one)) {
    if (since !== null && at <= since) break;
    const evidence = signals.reduce((sum, state) => sum + state.limits.weight * evidenceAt(state, at), 0);
    if (evidence >= QUIET_BELOW) break;
    quiet++;
  }
  return quiet;
}

/** Before the oldest block that is kept it is unknown: then it counts as loud. */
function evidenceAt({ audit, limits }: SignalState, at: Ms): number {
  const block = audit.findLast((candidate) => candidate.at <= at);
  if (block !== undefined) return block.evidence;
  return audit.length === 0 || audit.length < (limits.auditBlocks ?? 0) ? 1 : Infinity;
}
