import type { Value, VectorSample } from "./value.ts";
import { keep, textOf, withoutName } from "./labels.ts";
import { QueryRefused } from "./refusal.ts";
import type { Arithmetic, Comparison, Expression } from "./tree.ts";

type Binary = Extract<Expression, { kind: "binary" }>;

/** Arithmetic or a comparison of scalars and vectors; two vectors are matched one to one. @throws QueryRefused execution. */
export function applyBinary(expression: Binary, left: Value, right: Value): Value {
  const { operator, bool } = expression;
  if (left.type === "scalar" && right.type === "scalar") {
    return {
      type: "scalar",
      value: isArithmetic(operator) ? compute(operator, left.value, right.value) : Number(compare(operator, left.value, right.value)),
    };
  }
  if (left.type === "vector" && right.type === "scalar") {
    return collect(left.samples, (sample) => combine(operator, bool, sample, sample.value, right.value, sample.value));
  }
  if (left.type === "scalar" && right.type === "vector") {
    return collect(right.samples, (sample) => combine(operator, bool, sample, left.value, sample.value, sample.value));
  }
  if (left.type === "vector" && right.type === "vector") return matchVectors(expression, left.samples, right.samples);
  return { type: "vector", samples: [] };
}

function matchVectors({ operator, bool, on }: Binary, left: readonly VectorSample[], right: readonly VectorSample[]): Value {
  const partners = new Map<string, VectorSample>();
  for (const sample of right) {
    const key = textOf(keep(sample.labels, on));
    if (partners.has(key)) throw duplicates("right");
    partners.set(key, sample);
  }
  const matched = new Set<string>();
  return collect(left, (sample) => {
    const key = textOf(keep(sample.labels, on));
    const partner = partners.get(key);
    if (!partner) return [];
    if (matched.has(key)) throw duplicates("left");
    matched.add(key);
    const { __name__: name } = sample.labels;
    const kept = keep(sample.labels, on);
    // Only a filter that ignores labels, rather than naming them, keeps the metric's name.
    const labels = on.how === "except" && name !== undefined ? { __name__: name, ...kept } : kept;
    return combine(operator, bool, { ...sample, labels }, sample.value, partner.value, sample.value);
  });
}

function duplicates(side: string): QueryRefused {
  return new QueryRefused(
    "execution",
    `found duplicate series for the match group on the ${side} hand-side of the operation: many-to-many matching not allowed: matching labels must be unique on one side`,
  );
}

/** A comparison keeps the vector's own value and name, or drops the sample. */
function combine(
  operator: Arithmetic | Comparison,
  bool: boolean,
  { labels }: VectorSample,
  a: number,
  b: number,
  kept: number,
): readonly VectorSample[] {
  if (isArithmetic(operator)) return [{ labels: withoutName(labels), value: compute(operator, a, b) }];
  const holds = compare(operator, a, b);
  if (bool) return [{ labels: withoutName(labels), value: Number(holds) }];
  return holds ? [{ labels, value: kept }] : [];
}

function collect(samples: readonly VectorSample[], each: (sample: VectorSample) => readonly VectorSample[]): Value {
  return { type: "vector", samples: samples.flatMap(each) };
}

function isArithmetic(operator: Arithmetic | Comparison): operator is Arithmetic {
  return operator === "+" || operator === "-" || operator === "*" || operator === "/";
}

function compute(operator: Arithmetic, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
  }
}

function compare(operator: Comparison, a: number, b: number): boolean {
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case ">":
      return a > b;
    case "<":
      return a < b;
    case ">=":
      return a >= b;
    case "<=":
      return a <= b;
  }
}
