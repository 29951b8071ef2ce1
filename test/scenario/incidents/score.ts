import type { Expected } from "./incident.ts";
import type { Played } from "./play.ts";

const mustBeRight = 0.95;

/** What came of one case with many seeds. */
export interface Score {
  readonly right: number;
  readonly of: number;
  /** Plays in which happened what must never happen. */
  readonly violated: number;
  /** Of those that were taken back; from the onset. */
  readonly slowestS: number | undefined;
  /** Right in 19 of 20 (in both of 2), and what must never happen never happened. */
  readonly met: boolean;
}

export function scoreOf(plays: readonly Played[]): Score {
  const right = plays.filter(({ wrong }) => wrong === undefined).length;
  const violated = plays.filter((played) => played.violated).length;
  const seconds = plays.flatMap(({ seconds: each }) => (each === undefined ? [] : [each]));
  return {
    right,
    of: plays.length,
    violated,
    slowestS: seconds.length === 0 ? undefined : Math.max(...seconds),
    met: plays.length > 0 && violated === 0 && right >= Math.ceil(mustBeRight * plays.length),
  };
}

/** "taken back within 120 s of the first ready new pod". */
export function wordsOf(expected: Expected): string {
  if (expected.action === "rollback") return `taken back within ${expected.withinS} s of ${expected.onset.what}`;
  return `left alone${expected.insteadOf === undefined ? "" : `, ${expected.insteadOf} is taken back`}`;
}
