/** Full jitter: anything from nothing to 0.5, 1, 2 … 30 s, so that many clients of a server that came back do not come at once. */
export function backoffMs(failures: number, random: () => number): number {
  return Math.round(random() * Math.min(30_000, 500 * 2 ** Math.min(failures, 10)));
}
