/**
 * Byar's upper bound of a rate from `bad` events in `total` (Breslow & Day 1987; docs/judging.md: the formula), never below the exact bound for
 * rates under 10 %. `z` is the normal quantile of the confidence. No events seen at all: infinite.
 */
export function byarUpper(bad: number, total: number, z: number): number {
  if (total <= 0) return Infinity;
  const next = bad + 1;
  return (next * (1 - 1 / (9 * next) + z / (3 * Math.sqrt(next))) ** 3) / total;
}
