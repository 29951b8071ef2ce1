import { parseError } from "./refusal.ts";
import type { Reader } from "./reader.ts";
import { durationMs, unquoted } from "./tokens.ts";
import type { MatchOperator, Matcher, Selector } from "./tree.ts";

/** `metric{label="value", …}[15s]`, each part but one optional. */
export function parseSelector(reader: Reader): Selector {
  const start = reader.peek();
  const matchers: Matcher[] = [];
  if (start.kind === "name") matchers.push(matcherOf("__name__", "=", reader.next().text, start.column));
  if (reader.accept("{")) {
    while (!reader.accept("}")) {
      matchers.push(parseMatcher(reader));
      if (reader.peek().kind === "end") throw parseError(start.column, "unexpected end of input inside braces");
      if (reader.peek().text !== "}") reader.expect(",");
    }
  }
  if (matchers.every(({ matches }) => matches(""))) {
    throw parseError(start.column, "vector selector must contain at least one non-empty matcher");
  }
  if (!reader.accept("[")) return { kind: "selector", matchers };
  const token = reader.next();
  const rangeMs = token.kind === "duration" ? durationMs(token.text) : undefined;
  if (rangeMs === undefined) throw parseError(token.column, `bad duration ${JSON.stringify(token.text)}`);
  if (rangeMs === 0) throw parseError(token.column, "duration must be greater than 0");
  reader.expect("]");
  return { kind: "selector", matchers, rangeMs };
}

const operators: ReadonlySet<string> = new Set<MatchOperator>(["=", "!=", "=~", "!~"]);

function parseMatcher(reader: Reader): Matcher {
  const label = reader.next();
  if (label.kind !== "name") throw parseError(label.column, `unexpected ${JSON.stringify(label.text)} in label matching`);
  const operator = reader.next();
  if (!operators.has(operator.text)) {
    throw parseError(operator.column, `unexpected ${JSON.stringify(operator.text)} in label matching, expected label matching operator`);
  }
  const value = reader.next();
  if (value.kind !== "string")
    throw parseError(value.column, `unexpected ${JSON.stringify(value.text)} in label matching, expected string`);
  return matcherOf(label.text, operator.text as MatchOperator, unquoted(value), value.column);
}

function matcherOf(label: string, operator: MatchOperator, value: string, column: number): Matcher {
  const shown = { label, operator, value };
  if (operator === "=") return { ...shown, matches: (text) => text === value };
  if (operator === "!=") return { ...shown, matches: (text) => text !== value };
  const pattern = anchored(value, column);
  return { ...shown, matches: (text) => pattern.test(text) === (operator === "=~") };
}

/** Prometheus anchors every expression at both ends, and its dot matches a line break. */
function anchored(expression: string, column: number): RegExp {
  try {
    return new RegExp(`^(?:${expression})$`, "s");
  } catch (error) {
    throw parseError(column, `error parsing regexp: ${error instanceof Error ? error.message : expression}`);
  }
}
