import { named, told } from "./told.ts";

/** A metric with its label matchers, each as PromQL: what a counter query adds its own matchers to. */
export interface MetricSelector {
  readonly metric: string;
  readonly matchers: readonly string[];
}

const allowed = 'a metric name, with label matchers in braces where needed: orders_total{kind="paid"}';
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const matcher = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)\s*/;
const badEscape = /\\(?!["'\\abfnrtv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})./;

/**
 * `orders_total{kind="paid"}` in its parts, or what is wrong with it (see told.ts). `added` are the labels that every query adds by
 * itself: a matcher on one of them would take pods away from the comparison.
 */
export function parseSelector(text: string, added: readonly string[]): MetricSelector | { readonly problem: string } {
  const refuse = (what: string, cause = "") => ({ problem: told(what, allowed, cause) });
  const written = text.trim();
  const metric = metricName.exec(written)?.[0];
  if (metric === undefined) return refuse(`${named(text)} begins with no metric name`);
  let rest = written.slice(metric.length).trimStart();
  if (rest === "") return { metric, matchers: [] };
  if (!rest.startsWith("{")) return refuse(`${named(text)} is more than a metric`, likelyCause(rest));
  rest = rest.slice(1);
  const matchers: string[] = [];
  while (!rest.trimStart().startsWith("}")) {
    const [whole, label = "", operator = "", value = ""] = matcher.exec(rest) ?? [];
    if (whole === undefined) return refuse(`${named(text)} has a matcher that cannot be read`, braceCause(rest));
    if (label === "__name__" || added.includes(label)) {
      return refuse(`${named(text)} has a matcher of its own for ${label}`, "each guard's namespace and pods are added to the query");
    }
    if (!value.startsWith("`") && badEscape.test(value.slice(1, -1).replaceAll("\\\\", ""))) {
      return refuse(`${named(text)} has an escape that PromQL does not know`, "in a regular expression write \\\\. for a dot");
    }
    matchers.push(`${label}${operator}${value}`);
    rest = rest.slice(whole.length);
    if (rest.startsWith(",")) rest = rest.slice(1);
    else if (!rest.startsWith("}")) return refuse(`${named(text)} has a matcher that cannot be read`, braceCause(rest));
  }
  rest = rest.trimStart().slice(1).trim();
  return rest === "" ? { metric, matchers } : refuse(`${named(text)} goes on behind its braces`, likelyCause(rest));
}

function likelyCause(rest: string): string {
  if (rest.startsWith("(")) return "no functions: counters are differenced as they are, block by block";
  if (rest.startsWith("[")) return "no range: the block is added to the query";
  if (/^(offset\b|@)/i.test(rest)) return "no offset: bad and total must come from the same scrape";
  if (/^[-+*/%^<>=!]|^(and|or|unless)\b/i.test(rest))
    return "no arithmetic: what must be added up needs one metric or one regular expression";
  return "";
}

function braceCause(rest: string): string {
  return rest.trim() === ""
    ? "the closing brace is missing"
    : 'a matcher is a label, one of = != =~ !~, and a value in quotes: kind="paid"';
}
