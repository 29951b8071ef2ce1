export type MatchOperator = "=" | "!=" | "=~" | "!~";

export interface Matcher {
  readonly label: string;
  readonly operator: MatchOperator;
  readonly value: string;
  readonly matches: (value: string) => boolean;
}

export interface Selector {
  readonly kind: "selector";
  /** The metric's name is among them, as `__name__`. */
  readonly matchers: readonly Matcher[];
  /** Set for a range vector. */
  readonly rangeMs?: number;
}

export type AggregateName = "sum" | "avg" | "max" | "min" | "count";
export type FunctionName = "last_over_time" | "rate" | "increase" | "histogram_quantile";
export type Arithmetic = "+" | "-" | "*" | "/";
export type Comparison = "==" | "!=" | ">" | "<" | ">=" | "<=";

/** How the labels of two sides, or of a group, are compared. */
export interface LabelRule {
  /** only: these labels alone; except: all but these. */
  readonly how: "only" | "except";
  readonly labels: readonly string[];
}

export type Expression =
  | Selector
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "negative"; readonly of: Expression }
  | { readonly kind: "aggregate"; readonly name: AggregateName; readonly by: LabelRule; readonly of: Expression }
  | { readonly kind: "call"; readonly name: FunctionName; readonly arguments: readonly Expression[] }
  | {
      readonly kind: "binary";
      readonly operator: Arithmetic | Comparison;
      readonly left: Expression;
      readonly right: Expression;
      readonly on: LabelRule;
      /** A comparison that answers 0 or 1 instead of filtering. */
      readonly bool: boolean;
    };

export type ValueType = "scalar" | "string" | "instant vector" | "range vector";

export function typeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "selector":
      return expression.rangeMs === undefined ? "instant vector" : "range vector";
    case "negative":
      return typeOf(expression.of);
    case "binary":
      return typeOf(expression.left) === "scalar" && typeOf(expression.right) === "scalar" ? "scalar" : "instant vector";
    case "aggregate":
    case "call":
      return "instant vector";
  }
}
