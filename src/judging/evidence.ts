// Betting on the burn rate: the core of judging.md 2.2. Plain arithmetic, about 0.1 us a step.

const BETS = [0.05, 0.15, 0.4, 0.7, 0.9, 0.98] as const;
const PRIOR = [0.1, 0.1, 0.15, 0.15, 0.2, 0.3] as const;
const MOST_WEALTH = 1e15;
const LEAST_EVIDENCE = 1e-250;

/** The whole memory of one process. `e` is the evidence now, `maxE` the most it ever was, `t` the blocks it has seen. */
export interface Evidence {
  /** Money staked on each of the six bet sizes. */
  readonly wealth: readonly number[];
  /** Money kept back for regressions that begin later. */
  readonly cash: number;
  readonly scale: number;
  readonly e: number;
  readonly maxE: number;
  readonly t: number;
}

/** `m`: blocks that must agree (sustain). `planned`: blocks of the guard, over which the starting money is spread. */
export interface EvidenceRule {
  readonly m: number;
  readonly alphaE: number;
  /** Share of this signal in the guard, 1 if alone. */
  readonly weight: number;
  readonly planned: number;
}

export function startEvidence(): Evidence {
  return { wealth: [0, 0, 0, 0, 0, 0], cash: 1, scale: 1, e: 1, maxE: 1, t: 0 };
}

/**
 * One block. `burn` = bad fraction / effective limit, null when the block had no requests.
 * Growth of a block is capped at (alphaE * weight)^(-1/m), so that no fewer than m blocks can decide (judging.md 2.4).
 * Worked example, alphaE = 1e-3, m = 3, from the start: burn 20 three times gives E = 7.26, 72.6, 726; the fourth fires.
 */
export function stepEvidence(evidence: Evidence, burn: number | null, rule: EvidenceRule): Evidence {
  const stake = startMoney(evidence.t, rule.planned) * evidence.scale;
  let cash = Math.max(evidence.cash - stake, 0);
  let scale = evidence.scale;
  const wealth: number[] = [0, 0, 0, 0, 0, 0];
  let next = cash;
  for (let i = 0; i < 6; i++) {
    const bet = BETS[i] ?? 0;
    const staked = (evidence.wealth[i] ?? 0) + stake;
    const grown = burn === null ? staked : staked * (1 - bet + bet * burn);
    wealth[i] = grown;
    next += (PRIOR[i] ?? 0) * grown;
  }
  const cap = Math.pow(rule.alphaE * rule.weight, -1 / rule.m);
  const growth = next / evidence.e;
  if (growth > cap) {
    const shrink = cap / growth;
    for (let i = 0; i < 6; i++) wealth[i] = (wealth[i] ?? 0) * shrink;
    cash *= shrink;
    scale *= shrink;
    next *= shrink;
  }
  if (next > MOST_WEALTH * 0.1) next = clampWealth(wealth) + cash;
  const e = Math.max(next, LEAST_EVIDENCE);
  return { wealth, cash, scale, e, maxE: Math.max(evidence.maxE, e), t: evidence.t + 1 };
}

/** Long after firing the number itself no longer matters, but unclamped it would reach Infinity and then NaN. Returns the mixture. */
function clampWealth(wealth: number[]): number {
  let sum = 0;
  for (let i = 0; i < 6; i++) {
    const kept = Math.min(wealth[i] ?? 0, MOST_WEALTH);
    wealth[i] = kept;
    sum += (PRIOR[i] ?? 0) * kept;
  }
  return sum;
}

/** Half of the money starts at once, the rest block by block over the planned guard; nothing is started after it. */
function startMoney(t: number, planned: number): number {
  if (t === 0) return 0.5;
  return t < planned ? 0.5 / (planned - 1) : 0;
}
