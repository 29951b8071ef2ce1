/** Pearson dispersion of bad/total blocks around their common rate, at least 1. Fewer than two blocks, or a rate of 0 or 1, tell nothing. */
export function pearsonDispersion(blocks: readonly { readonly total: number; readonly bad: number }[]): number {
  const used = blocks.filter((block) => block.total > 0);
  let total = 0;
  let bad = 0;
  for (const block of used) {
    total += block.total;
    bad += block.bad;
  }
  const rate = bad / total;
  if (used.length < 2 || !(rate > 0 && rate < 1)) return 1;
  let sum = 0;
  for (const block of used) sum += (block.bad - block.total * rate) ** 2 / (block.total * rate * (1 - rate));
  return Math.max(1, sum / (used.length - 1));
}
