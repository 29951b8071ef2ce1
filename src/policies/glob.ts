// Globs know one wildcard: * stands for any text, also for none.

/** Whether `text` is of the form `pattern`; linear in both, so that no pattern can stall a beat. */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let retry = 0;
  while (at < text.length) {
    if (pattern[inPattern] === "*") {
      star = inPattern;
      retry = at;
      inPattern += 1;
    } else if (pattern[inPattern] === text[at]) {
      inPattern += 1;
      at += 1;
    } else if (star >= 0) {
      inPattern = star + 1;
      retry += 1;
      at = retry;
    } else return false;
  }
  while (pattern[inPattern] === "*") inPattern += 1;
  return inPattern === pattern.length;
}

/** How much a pattern says: more letters are more specific, a full name is more specific than any glob. */
export function globWeight(pattern: string): number {
  return pattern.includes("*") ? 1 + pattern.replaceAll("*", "").length : 1000;
}

/** Whether some text is of both forms. */
export function globsOverlap(a: string, b: string): boolean {
  // Row i, column j: the first i letters of `a` and the first j of `b` can stand for one text.
  let last: boolean[] = [];
  for (let i = 0; i <= a.length; i += 1) {
    const row: boolean[] = [];
    for (let j = 0; j <= b.length; j += 1) {
      const [x, y] = [a[i - 1], b[j - 1]];
      const letters = x === y || x === "*" || y === "*";
      row.push(
        (i === 0 && j === 0) ||
          (i > 0 && j > 0 && letters && last[j - 1] === true) ||
          (i > 0 && (x === "*" || y === "*") && last[j] === true) ||
          (j > 0 && (y === "*" || x === "*") && row[j - 1] === true),
      );
    }
    last = row;
  }
  return last[b.length] === true;
}
