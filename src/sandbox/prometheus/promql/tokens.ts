import { parseError } from "./refusal.ts";

export interface Token {
  readonly kind: "name" | "number" | "string" | "duration" | "symbol" | "end";
  readonly text: string;
  /** Counted from 1. */
  readonly column: number;
}

const patterns: readonly (readonly [Token["kind"] | "blank", RegExp])[] = [
  ["blank", /(?:\s|#[^\n]*)+/y],
  // Before numbers and names: 15s is neither. Only Prometheus' own order of units.
  ["duration", /(?=\d)(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?(?![\w.])/y],
  ["number", /(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?!\w)/iy],
  ["name", /[a-zA-Z_:][\w:]*/y],
  ["string", /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y],
  ["symbol", /=~|!~|!=|==|>=|<=|[-+*/%^(){}[\],=<>@]/y],
];

/** @throws QueryRefused at the first letter that begins nothing. */
export function tokensOf(query: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const token = tokenAt(query, at);
    if (!token) throw parseError(at + 1, `unexpected character: ${JSON.stringify(query[at])}`);
    if (token.kind !== "blank") tokens.push({ kind: token.kind, text: token.text, column: at + 1 });
    at += token.text.length;
  }
  return [...tokens, { kind: "end", text: "end of input", column: query.length + 1 }];
}

function tokenAt(query: string, at: number): { readonly kind: Token["kind"] | "blank"; readonly text: string } | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(query)?.[0];
    if (text) return { kind, text };
  }
  return undefined;
}

const units = { y: 31_536_000_000, w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Milliseconds of `1m30s`, `1500ms` …; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  if (!/^(\d+(ms|[ywdhms]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[ywdhms])/g)) total += Number(count) * (units[unit as keyof typeof units] ?? 0);
  return total;
}

/** The text between the quotes of a string token. */
export function unquoted(token: Token): string {
  const inner = token.text.slice(1, -1);
  if (token.text.startsWith("`")) return inner;
  const letters: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'" };
  return inner.replaceAll(/\\(.)/g, (whole, letter: string) => {
    const meant = letters[letter];
    if (meant === undefined) throw parseError(token.column, `unknown escape sequence ${whole}`);
    return meant;
  });
}
