// One block of one process, in the way of weighing evidence that the policy asks for. The full process and every one without a pod go through here.
import type { EvidenceMode } from "../model.ts";
import type { BaselineRate } from "./baseline.ts";
import type { RateCounts } from "./counts.ts";
import { burnFactors, BURN_PRIOR } from "./evidence.ts";
import { clumpsAssumed, FAST_PRIOR, fastFactors } from "./fast.ts";
import { INDEPENDENT_PRIOR, independentFactors } from "./independent.ts";
import type { EffectiveLimit } from "./limit.ts";
import { type Evidence, type EvidenceRule, startMixture, stepMixture } from "./mixture.ts";

/** Old pods with a smaller share of the new ones' requests cannot be compared in one block: no evidence could come of it. */
const COMPARABLE_SHARE = 0.1;

export interface ProcessLimits {
  readonly mode?: EvidenceMode;
  readonly limit: number;
  /** rho: how many times worse than the old revision the new one may be. */
  readonly worseThanOld: number;
  readonly baseline: BaselineRate | null;
}

export interface ProcessBlock {
  /** The new revision, or what is left of it without a pod. */
  readonly fresh: RateCounts;
  /** Ready old pods in the same block. */
  readonly old: RateCounts;
  readonly effective: EffectiveLimit;
}

const priors: Readonly<Record<EvidenceMode, readonly number[]>> = {
  burn: BURN_PRIOR,
  fast: FAST_PRIOR,
  independent: INDEPENDENT_PRIOR,
};

export function startProcess(mode: EvidenceMode = "burn"): Evidence {
  return startMixture(priors[mode].length);
}

export function stepProcess(before: Evidence, block: ProcessBlock, limits: ProcessLimits, rule: EvidenceRule): Evidence {
  const factors = block.fresh.total > 0 ? factorsOf(block, limits) : null;
  return stepMixture(before, factors, priors[limits.mode ?? "burn"], rule);
}

function factorsOf({ fresh, old, effective }: ProcessBlock, limits: ProcessLimits): readonly number[] {
  const burn = fresh.bad / fresh.total / effective.value;
  // A likelihood needs a limit that is known before the block: the old pods of the block itself have no part in it.
  const fixed = Math.max(limits.limit, effective.baseline);
  const oldIsWorse = effective.control !== null && effective.control > fixed;
  switch (limits.mode ?? "burn") {
    case "burn":
      return burnFactors(burn);
    case "fast": {
      const { baseline } = limits;
      const known = baseline !== null && baseline.total > 0;
      return fastFactors(burn, fresh, known && !oldIsWorse ? { limit: fixed, phi: clumpsAssumed(baseline.dispersion) } : null);
    }
    case "independent": {
      const comparable = effective.control !== null && old.total > 0 && old.total >= COMPARABLE_SHARE * fresh.total;
      const factors = independentFactors(fresh, fixed, comparable ? old : null, limits.worseThanOld);
      // They were worse in the last two minutes and serve hardly anything now: what they would have done is unknown, so nothing is gained.
      return oldIsWorse && !comparable ? factors.map((factor) => Math.min(factor, 1)) : factors;
    }
  }
}
