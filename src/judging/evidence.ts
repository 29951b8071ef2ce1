// Betting on the burn rate: the core of docs/judging.md: the formula. Plain arithmetic, about 0.1 us a step.
import { type Evidence, type EvidenceRule, startMixture, stepMixture } from "./mixture.ts";

const BETS = [0.05, 0.15, 0.4, 0.7, 0.9, 0.98] as const;
/** Shares of the six bet sizes in the starting money. */
export const BURN_PRIOR = [0.1, 0.1, 0.15, 0.15, 0.2, 0.3] as const;

export function startEvidence(): Evidence {
  return startMixture(BETS.length);
}

/**
 * One block. `burn` = bad fraction / effective limit, null when the block had no requests.
 * Worked example, alphaE = 1e-3, m = 3, from the start: burn 20 three times gives E = 7.26, 72.6, 726; the fourth fires.
 */
export function stepEvidence(evidence: Evidence, burn: number | null, rule: EvidenceRule): Evidence {
  return stepMixture(evidence, burn === null ? null : burnFactors(burn), BURN_PRIOR, rule);
}

/** What each bet size multiplies its money by. */
export function burnFactors(burn: number): number[] {
  return BETS.map((bet) => 1 - bet + bet * burn);
}
