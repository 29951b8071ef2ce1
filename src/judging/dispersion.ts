/**
 * Pearson dispersion of bad/total blocks around their common rate, at least 1: of shares against the binomial, of rates over an exposure
 * against Poisson. Fewer than two blocks, or a share of 0 or 1, tell nothing.
 */
export function pearsonDispersion(
  blocks: readonly { readonly total: number; readonly bad: number }[],
  of: "share" | "exposure" = "share",
): number {
  const used = blocks.filter((block) => block.total > 0);
  let total = 0;
  let bad = 0;
  for (const block of used) {
    total += block.total;
    bad += block.bad;
  }
  const rate = bad / total;
  if (used.length < 2 || !(rate > 0 && (rate < 1 || of === "exposure"))) return 1;
  const spread = of === "exposure" ? 1 : 1 - rate;
  let sum = 0;
  for (const block of used) sum += (block.bad - block.total * rate) ** 2 / (block.total * rate * spread);
  return Math.max(1, sum / (used.length - 1));
}
