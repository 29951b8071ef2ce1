// Money on several bets and several start times, with a cap on every block: what all ways of weighing evidence share (docs/judging.md: the formula).

const MOST_WEALTH = 1e15;
const LEAST_EVIDENCE = 1e-250;
/** A bet may gain this much in one block, as a logarithm. More would overflow; the cap has long cut it, and gains may be thrown away. */
const MOST_LOG_GAIN = 300;

/** The whole memory of one process. `e` is the evidence now, `maxE` the most it ever was, `t` the blocks it has seen. */
export interface Evidence {
  /** Money staked on each bet. */
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

export function startMixture(bets: number): Evidence {
  return { wealth: Array.from({ length: bets }, () => 0), cash: 1, scale: 1, e: 1, maxE: 1, t: 0 };
}

/**
 * One block. `factors`: what each bet multiplies its money by, none expected above 1 within the limits; null when the block had no requests.
 * `prior`: shares of the bets in the starting money, which sum to one. Growth of the whole is capped at (alphaE * weight)^(-1/m), so that no
 * fewer than m blocks can decide (docs/judging.md: the formula).
 */
export function stepMixture(
  before: Evidence,
  factors: readonly number[] | null,
  prior: readonly number[],
  { m, alphaE, weight, planned }: EvidenceRule,
): Evidence {
  const stake = startMoney(before.t, planned) * before.scale;
  let cash = Math.max(before.cash - stake, 0);
  let scale = before.scale;
  const wealth: number[] = [];
  let next = cash;
  for (let i = 0; i < prior.length; i++) {
    const grown = ((before.wealth[i] ?? 0) + stake) * (factors?.[i] ?? 1);
    wealth.push(grown);
    next += (prior[i] ?? 0) * grown;
  }
  const cap = Math.pow(alphaE * weight, -1 / m);
  const growth = next / before.e;
  if (growth > cap) {
    const shrink = cap / growth;
    for (let i = 0; i < wealth.length; i++) wealth[i] = (wealth[i] ?? 0) * shrink;
    cash *= shrink;
    scale *= shrink;
    next *= shrink;
  }
  if (next > MOST_WEALTH * 0.1) next = clampWealth(wealth, prior) + cash;
  const e = Math.max(next, LEAST_EVIDENCE);
  return { wealth, cash, scale, e, maxE: Math.max(before.maxE, e), t: before.t + 1 };
}

/** The factor of a bet from its logarithm. */
export function factorOf(log: number): number {
  return Math.exp(Math.min(log, MOST_LOG_GAIN));
}

/** Long after firing the number itself no longer matters, but unclamped it would reach Infinity and then NaN. Returns the mixture. */
function clampWealth(wealth: number[], prior: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < wealth.length; i++) {
    const kept = Math.min(wealth[i] ?? 0, MOST_WEALTH);
    wealth[i] = kept;
    sum += (prior[i] ?? 0) * kept;
  }
  return sum;
}

/** Half of the money starts at once, the rest block by block over the planned guard; nothing is started after it. */
function startMoney(t: number, planned: number): number {
  if (t === 0) return 0.5;
  return t < planned ? 0.5 / (planned - 1) : 0;
}
