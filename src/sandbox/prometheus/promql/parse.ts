import { parseSelector } from "./parse-selector.ts";
import { notUnderstood, parseError } from "./refusal.ts";
import { createReader } from "./reader.ts";
import type { Reader } from "./reader.ts";
import { unquoted } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { typeOf } from "./tree.ts";
import type { AggregateName, Arithmetic, Comparison, Expression, FunctionName, LabelRule, ValueType } from "./tree.ts";

const functions: Readonly<Record<FunctionName, readonly ValueType[]>> = {
  last_over_time: ["range vector"],
  rate: ["range vector"],
  increase: ["range vector"],
  histogram_quantile: ["scalar", "instant vector"],
};
const aggregates: ReadonlySet<string> = new Set<AggregateName>(["sum", "avg", "max", "min", "count"]);
const comparisons: ReadonlySet<string> = new Set<Comparison>(["==", "!=", ">", "<", ">=", "<="]);

// From loosest to tightest; all of them bind to the left.
const levels: readonly ReadonlySet<string>[] = [comparisons, new Set<Arithmetic>(["+", "-"]), new Set<Arithmetic>(["*", "/"])];

const wholeLabels: LabelRule = { how: "except", labels: [] };

/** @throws QueryRefused bad_data, with the place and what is understood. */
export function parse(query: string): Expression {
  const reader = createReader(query);
  if (reader.peek().kind === "end") throw parseError(1, "no expression found in input");
  const expression = parseBinary(reader, 0);
  const rest = reader.peek();
  if (rest.kind !== "end") throw unexpected(rest);
  return expression;
}

function unexpected(token: Token): Error {
  if (token.kind === "name" || token.text === "%" || token.text === "^" || token.text === "@" || token.text === "[") {
    return notUnderstood(token.column, JSON.stringify(token.text));
  }
  return parseError(token.column, `unexpected ${JSON.stringify(token.text)}`);
}

function parseBinary(reader: Reader, level: number): Expression {
  const operators = levels[level];
  if (!operators) return parseUnary(reader);
  let left = parseBinary(reader, level + 1);
  for (let token = reader.peek(); operators.has(token.text) && token.kind === "symbol"; token = reader.peek()) {
    reader.next();
    const isComparison = comparisons.has(token.text);
    const bool = isComparison && reader.accept("bool");
    const on = parseMatching(reader);
    const right = parseBinary(reader, level + 1);
    for (const side of [left, right]) refuseOperand(side, token);
    const operator = token.text as Arithmetic | Comparison;
    if (isComparison && !bool && typeOf(left) === "scalar" && typeOf(right) === "scalar") {
      throw parseError(token.column, "comparisons between scalars must use BOOL modifier");
    }
    left = { kind: "binary", operator, left, right, on, bool };
  }
  return left;
}

function refuseOperand(side: Expression, operator: Token): void {
  const type = typeOf(side);
  if (type === "scalar" || type === "instant vector") return;
  throw parseError(operator.column, `binary expression must contain only scalar and instant vector types, not ${type}`);
}

function parseMatching(reader: Reader): LabelRule {
  if (reader.accept("on")) return { how: "only", labels: parseLabels(reader) };
  if (reader.accept("ignoring")) return { how: "except", labels: parseLabels(reader) };
  return wholeLabels;
}

function parseUnary(reader: Reader): Expression {
  if (reader.accept("+")) return parseUnary(reader);
  if (!reader.accept("-")) return parsePrimary(reader);
  const of = parseUnary(reader);
  return of.kind === "number" ? { kind: "number", value: -of.value } : { kind: "negative", of };
}

function parsePrimary(reader: Reader): Expression {
  const token = reader.peek();
  if (token.text === "(" && token.kind === "symbol") {
    reader.next();
    const inner = parseBinary(reader, 0);
    if (reader.peek().kind === "end") throw parseError(token.column, "unclosed left parenthesis");
    reader.expect(")");
    return inner;
  }
  if (token.kind === "number") return { kind: "number", value: Number(reader.next().text) };
  if (token.kind === "string") return { kind: "string", value: unquoted(reader.next()) };
  if (token.kind === "name") return parseNamed(reader);
  if (token.text === "{" && token.kind === "symbol") return parseSelector(reader);
  throw unexpected(token);
}

function parseNamed(reader: Reader): Expression {
  const token = reader.peek();
  const after = reader.peek(1);
  const number = { inf: Infinity, nan: NaN }[token.text.toLowerCase()];
  if (number !== undefined) {
    reader.next();
    return { kind: "number", value: number };
  }
  if (aggregates.has(token.text) && (after.text === "(" || after.text === "by" || after.text === "without")) return parseAggregate(reader);
  if (after.text !== "(" || after.kind !== "symbol") return parseSelector(reader);
  if (!isFunction(token.text)) throw notUnderstood(token.column, `function "${token.text}"`);
  return parseCall(reader, token.text);
}

function isFunction(name: string): name is FunctionName {
  return Object.hasOwn(functions, name);
}

function parseAggregate(reader: Reader): Expression {
  const name = reader.next().text as AggregateName;
  const before = parseGrouping(reader);
  const open = reader.expect("(");
  const of = parseBinary(reader, 0);
  if (reader.peek().kind === "end") throw parseError(open.column, "unclosed left parenthesis");
  reader.expect(")");
  const by = before ?? parseGrouping(reader) ?? { how: "only", labels: [] };
  if (typeOf(of) !== "instant vector") {
    throw parseError(open.column, `expected type instant vector in aggregation expression, got ${typeOf(of)}`);
  }
  return { kind: "aggregate", name, by, of };
}

function parseGrouping(reader: Reader): LabelRule | undefined {
  if (reader.accept("by")) return { how: "only", labels: parseLabels(reader) };
  if (reader.accept("without")) return { how: "except", labels: parseLabels(reader) };
  return undefined;
}

function parseLabels(reader: Reader): readonly string[] {
  reader.expect("(");
  const labels: string[] = [];
  while (!reader.accept(")")) {
    const token = reader.next();
    if (token.kind !== "name") throw unexpected(token);
    labels.push(token.text);
    if (reader.peek().text !== ")") reader.expect(",");
  }
  return labels;
}

function parseCall(reader: Reader, name: FunctionName): Expression {
  const start = reader.next();
  const open = reader.expect("(");
  const found: Expression[] = [];
  while (!reader.accept(")")) {
    if (reader.peek().kind === "end") throw parseError(open.column, "unclosed left parenthesis");
    found.push(parseBinary(reader, 0));
    if (reader.peek().kind === "end") throw parseError(open.column, "unclosed left parenthesis");
    if (reader.peek().text !== ")") reader.expect(",");
  }
  const wanted = functions[name];
  if (found.length !== wanted.length) {
    throw parseError(start.column, `expected ${wanted.length} argument(s) in call to "${name}", got ${found.length}`);
  }
  for (const [index, type] of wanted.entries()) {
    const given = found[index];
    if (given && typeOf(given) !== type) {
      throw parseError(start.column, `expected type ${type} in call to function "${name}", got ${typeOf(given)}`);
    }
  }
  return { kind: "call", name, arguments: found };
}
