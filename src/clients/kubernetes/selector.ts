import { dig, objects, strings, text } from "./raw.ts";

/** A raw LabelSelector in the form of a query: `app=shop,tier in (a,b),!old`. */
export function selectorString(selector: unknown): string {
  const labels = Object.entries(strings(dig(selector, "matchLabels"))).map(([key, value]) => `${key}=${value}`);
  const expressions = objects(dig(selector, "matchExpressions")).map((expression) => {
    const key = text(expression["key"]) ?? "";
    const values = Array.isArray(expression["values"]) ? expression["values"].map(String).join(",") : "";
    switch (expression["operator"]) {
      case "In":
        return `${key} in (${values})`;
      case "NotIn":
        return `${key} notin (${values})`;
      case "DoesNotExist":
        return `!${key}`;
      default:
        return key;
    }
  });
  return [...labels, ...expressions].join(",");
}
