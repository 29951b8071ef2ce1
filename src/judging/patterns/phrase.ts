/** The longest part of a pattern in which nothing is masked, in whole words: what the lines themselves say too. Empty where there is none. */
export function phraseOf(pattern: string): string {
  let best: readonly string[] = [];
  let current: readonly string[] = [];
  for (const word of pattern.replace(/\s*\S*…$/, "").split(" ")) {
    current = word.includes("*") ? [] : [...current, word];
    if (current.join(" ").length > best.join(" ").length) best = current;
  }
  return best.join(" ");
}
