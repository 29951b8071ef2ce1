/**
 * Growth of a counter over the range (start, end], extrapolated to its ends as Prometheus does (promql/functions.go, extrapolatedRate);
 * undefined with fewer than two samples. Times in ms.
 *
 * Samples 0 at 12:00:05 and 10 at 12:00:15 in a range from 12:00:00 to 12:00:20: the counter began at 0, so nothing is added before;
 * 5 s are added after; 10 x 15 / 10 = 15.
 */
export function increase(times: readonly number[], values: readonly number[], start: number, end: number): number | undefined {
  const first = times[0];
  const last = times.at(-1);
  const firstValue = values[0];
  if (first === undefined || last === undefined || firstValue === undefined || times.length < 2) return undefined;

  let grown = (values.at(-1) ?? 0) - firstValue;
  for (const [index, value] of values.entries()) {
    const before = values[index - 1];
    // A reset: what was counted before it is not lost.
    if (before !== undefined && value < before) grown += before;
  }

  const sampled = last - first;
  const between = sampled / (times.length - 1);
  const threshold = between * 1.1;
  let toStart = first - start;
  if (toStart >= threshold) toStart = between / 2;
  // A counter cannot have been below 0.
  if (grown > 0 && firstValue >= 0) toStart = Math.min(toStart, sampled * (firstValue / grown));
  let toEnd = end - last;
  if (toEnd >= threshold) toEnd = between / 2;
  return (grown * (sampled + toStart + toEnd)) / sampled;
}
