import { parseError } from "./refusal.ts";
import { tokensOf } from "./tokens.ts";
import type { Token } from "./tokens.ts";

/** Walks through the tokens of one query. */
export interface Reader {
  peek(ahead?: number): Token;
  next(): Token;
  /** Takes the next token if it is this word or symbol. */
  accept(text: string): boolean;
  /** @throws QueryRefused when the next token is another one. */
  expect(symbol: string): Token;
}

export function createReader(query: string): Reader {
  const tokens = tokensOf(query);
  const end: Token = { kind: "end", text: "end of input", column: query.length + 1 };
  let at = 0;
  const reader: Reader = {
    peek: (ahead = 0) => tokens[at + ahead] ?? end,
    next() {
      const token = reader.peek();
      at += 1;
      return token;
    },
    accept(text) {
      const { kind, text: found } = reader.peek();
      if (found !== text || (kind !== "name" && kind !== "symbol")) return false;
      at += 1;
      return true;
    },
    expect(symbol) {
      const token = reader.next();
      if (token.kind === "symbol" && token.text === symbol) return token;
      throw parseError(token.column, `unexpected ${JSON.stringify(token.text)}, expected ${JSON.stringify(symbol)}`);
    },
  };
  return reader;
}
