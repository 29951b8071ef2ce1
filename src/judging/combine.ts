// Several signals, one confidence: docs/judging.md: the formula.

/** Rounding may leave E a hair below the mark it reached (docs/judging.md: the formula). */
const TOLERANCE = 1 - 1e-9;
/** Share of alpha that the process may spend; the rest pays for the baseline bounds (docs/judging.md: the formula). */
const PROCESS_SHARE = 0.9;
const BRAKE_AT = 100;

/** What one signal that can lead to a rollback brings into the guard. Weights of a guard sum to one. */
export interface SignalShare {
  readonly signal: string;
  readonly weight: number;
  readonly evidence: number;
  /** Least evidence when any one new pod is left out (docs/judging.md: the formula). */
  readonly withoutOnePod: number;
}

export interface GuardEvidence {
  /** Weighted sum over the signals. */
  readonly evidence: number;
  readonly withoutOnePod: number;
  /** Evidence at which a rollback is due: 1/(0.9 alpha). */
  readonly needed: number;
  /** Signal with the largest weighted evidence: names the cause and chooses the branch. Null without signals. */
  readonly leading: string | null;
  readonly firesBrake: boolean;
  /** The full process says rollback. */
  readonly firesFull: boolean;
  /** The full process and every leave-one-out process say rollback: only this is acted on. */
  readonly firesRollback: boolean;
}

export function alphaOfEvidence(alpha: number): number {
  return PROCESS_SHARE * alpha;
}

export function reaches(evidence: number, mark: number): boolean {
  return evidence >= mark * TOLERANCE;
}

/** Evidence at which a rollout is paused. */
export function brakes(evidence: number): boolean {
  return reaches(evidence, BRAKE_AT);
}

/** `alpha` = 1 - confidence. Any dependence between signals is allowed: a weighted mean of e-values is an e-value. */
export function combineEvidence(shares: readonly SignalShare[], alpha: number): GuardEvidence {
  let evidence = 0;
  let withoutOnePod = 0;
  let most = -Infinity;
  let leading: string | null = null;
  for (const share of shares) {
    const weighted = share.weight * share.evidence;
    evidence += weighted;
    withoutOnePod += share.weight * share.withoutOnePod;
    if (weighted <= most) continue;
    most = weighted;
    leading = share.signal;
  }
  const needed = 1 / alphaOfEvidence(alpha);
  const firesFull = reaches(evidence, needed);
  return {
    evidence,
    withoutOnePod,
    needed,
    leading,
    firesBrake: brakes(evidence),
    firesFull,
    firesRollback: firesFull && reaches(withoutOnePod, needed),
  };
}
