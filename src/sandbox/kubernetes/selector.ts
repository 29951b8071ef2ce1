import type { KubeObject, LabelSelector, Labels } from "./object.ts";
import { badRequest } from "./status.ts";

/** Whether an object is among those asked for. */
export type Matcher = (object: KubeObject) => boolean;

interface Requirement {
  readonly key: string;
  readonly operator: "in" | "notin" | "exists" | "absent";
  readonly values: readonly string[];
}

const keySyntax = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws 400 as the server does. */
export function parseLabelSelector(text: string): Matcher {
  const requirements = splitRequirements(text).map(parseRequirement);
  return (object) => requirements.every((requirement) => isMet(requirement, object.metadata.labels ?? {}));
}

/** Commas inside parentheses separate values, not requirements. */
function splitRequirements(text: string): string[] {
  return text.split(/,(?![^(]*\))/).filter((part) => part.trim() !== "");
}

function parseRequirement(text: string): Requirement {
  const part = text.trim();
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part);
  if (set) {
    const values = (set[3] ?? "").split(",").map((value) => value.trim());
    return { key: checkedKey(set[1] ?? ""), operator: set[2] === "in" ? "in" : "notin", values };
  }
  const equal = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/.exec(part);
  if (equal) return { key: checkedKey(equal[1] ?? ""), operator: equal[2] === "!=" ? "notin" : "in", values: [equal[3] ?? ""] };
  if (part.startsWith("!")) return { key: checkedKey(part.slice(1).trim()), operator: "absent", values: [] };
  return { key: checkedKey(part), operator: "exists", values: [] };
}

function checkedKey(key: string): string {
  if (!keySyntax.test(key)) throw badRequest(`unable to parse requirement: found '${key}', expected: identifier`);
  return key;
}

function isMet(requirement: Requirement, labels: Labels): boolean {
  const value = labels[requirement.key];
  switch (requirement.operator) {
    case "in":
      return value !== undefined && requirement.values.includes(value);
    case "notin":
      return value === undefined || !requirement.values.includes(value);
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
  }
}

const operators: Record<string, Requirement["operator"]> = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "absent" };

/** `spec.selector` of a workload; an empty one matches nothing here, as controllers treat it. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels = {}): boolean {
  const equal = Object.entries(selector?.matchLabels ?? {});
  const expressions = selector?.matchExpressions ?? [];
  if (equal.length + expressions.length === 0) return false;
  const requirements = expressions.map(({ key, operator, values = [] }) => ({ key, operator: operators[operator] ?? "absent", values }));
  return equal.every(([key, value]) => labels[key] === value) && requirements.every((requirement) => isMet(requirement, labels));
}

/** As in `status.selector` of a Scale. */
export function selectorText(selector: LabelSelector | undefined): string {
  const equal = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const sets = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${[...values].sort().join(",")})`;
  });
  return [...equal, ...sets].sort().join(",");
}
