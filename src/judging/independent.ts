// evidence: independent. Likelihood ratios request by request; sound only where requests fail independently (docs/judging.md: ways of weighing evidence).
import type { RateCounts } from "./counts.ts";
import { factorOf } from "./mixture.ts";

/** What each bet takes the new revision to be: odds of failing against those at the limit, and how many times worse than rho times the old. */
const BETS = [
  { odds: 1.3, worse: 1.3 },
  { odds: 1.7, worse: 1.7 },
  { odds: 2.5, worse: 2.5 },
  { odds: 4, worse: 4 },
  { odds: 8, worse: 8 },
  { odds: 16, worse: 20 },
  { odds: 40, worse: 1000 },
  { odds: 150, worse: 1000 },
].map((bet) => ({ ...bet, logOdds: Math.log(bet.odds), logWorse: Math.log(bet.worse) }));
type Bet = (typeof BETS)[number];

export const INDEPENDENT_PRIOR: readonly number[] = BETS.map(() => 1 / BETS.length);

/**
 * Each bet takes the lesser of two factors: against the limit and, where the old pods give data in this block (`old`), against rho times
 * theirs. The lesser of two is not expected above 1 as soon as either one is not, so every single block may be excused by the limit or by
 * the old pods. Two whole processes and the lesser of those would not do: a revision above rho times its old one but within its limit,
 * and then hit by an outage that both share, would drive up first the one and then the other. It also lets the old pods go without
 * letting loose what was held back while they were there.
 */
export function independentFactors(fresh: RateCounts, limit: number, old: RateCounts | null, rho: number): number[] {
  return BETS.map((bet) => {
    const byLimit = logAgainstLimit(fresh, limit, bet);
    return factorOf(old === null ? byLimit : Math.min(byLimit, logAgainstOld(fresh, old, rho, bet)));
  });
}

/**
 * ln of (p1/p0)^k ((1-p1)/(1-p0))^(n-k), where p1 has `odds` times the odds of p0: k ln(odds) - n ln(1 + p0 (odds - 1)).
 * Not expected above 0 for any rate of at most p0, also one that changes. Example: the mean over the grid is ln 19.47 for 15 of 150 at 1 %.
 */
function logAgainstLimit({ total, bad }: RateCounts, p0: number, { odds, logOdds }: Pick<Bet, "odds" | "logOdds">): number {
  return bad * logOdds - total * Math.log1p(p0 * (odds - 1));
}

/**
 * ln of (pi1/pi0)^k1 ((1-pi1)/(1-pi0))^k0 with pi = R n1 / (R n1 + n0): of all bad requests, the share that the new ones have when they
 * fail R times as often as the old. Whatever moves both alike cancels. Example: 10 of 100 new, 5 of 500 old, rho 1.5, R 6: 5.9715.
 */
export function logAgainstOld(
  fresh: RateCounts,
  old: RateCounts,
  rho: number,
  { worse, logWorse }: Pick<Bet, "worse" | "logWorse">,
): number {
  const even = rho * fresh.total;
  return fresh.bad * logWorse + (fresh.bad + old.bad) * Math.log((even + old.total) / (worse * even + old.total));
}
