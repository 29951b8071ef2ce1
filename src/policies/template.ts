import { told } from "./told.ts";

/** What a query may ask about the workload, and about the rollout where it judges one. */
export interface TemplateValues {
  readonly namespace: string;
  readonly name: string;
  readonly pods?: readonly string[];
  readonly newPods?: readonly string[];
  readonly oldPods?: readonly string[];
}

/** Placeholders of a query about a rollout, and of one about a workload. */
export const ofRollout = ["namespace", "name", "pods.new", "pods.old"];
export const ofWorkload = ["namespace", "name", "pods"];

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** The query with its placeholders filled in, safe inside a quoted PromQL string: a value can neither end the string nor widen a match. */
export function fillTemplate(query: string, values: TemplateValues): string {
  return query.replaceAll(placeholder, (whole: string, name: string, at: number) => {
    const literal = isRegex(query.slice(0, at)) ? (value: string) => inString(inRegex(value)) : inString;
    if (name === "namespace") return literal(values.namespace);
    if (name === "name") return literal(values.name);
    const pods = { pods: values.pods, "pods.new": values.newPods, "pods.old": values.oldPods }[name];
    return pods === undefined ? whole : alternation(pods);
  });
}

/** What is wrong with the placeholders of `query` (see told.ts), or undefined. They must stand inside a quoted string. */
export function templateProblem(query: string, known: readonly string[] = ofRollout): string | undefined {
  for (const match of query.matchAll(placeholder)) {
    const [whole, name = ""] = match;
    const before = query.slice(0, match.index);
    if (!known.includes(name)) return told(`unknown placeholder ${whole}`, known.map((one) => `{{${one}}}`).join(", "));
    const quote = openQuote(before);
    if (quote === undefined) return told(`${whole} stands outside of quotes`, `a label matcher such as pod=~"${whole}"`);
    if (quote === "`") return told(`${whole} stands between back quotes`, "double or single quotes, in which values can be escaped");
    if (name.startsWith("pods") && !isRegex(before)) {
      return told(`${whole} is a regular expression`, `=~ or !~ before it, as in pod=~"${whole}"`, "with = it would match no pod");
    }
  }
  return undefined;
}

// Without pods nothing may match: "-" is no pod's name, while an empty expression would match every series that has no pod label.
function alternation(names: readonly string[]): string {
  return names.length === 0 ? "-" : `(${names.map((name) => inString(inRegex(name))).join("|")})`;
}

function inRegex(value: string): string {
  return value.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

// PromQL refuses \' inside "…", but reads \xNN inside both kinds of quotes.
function inString(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll(/["'`\p{Cc}]/gu, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function isRegex(before: string): boolean {
  return /[=!]~\s*(?:"(?:[^"\\]|\\.)*|'(?:[^'\\]|\\.)*)$/.test(before);
}

function openQuote(text: string): string | undefined {
  let open: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (open === undefined) {
      if (letter === '"' || letter === "'" || letter === "`") open = letter;
    } else if (letter === "\\" && open !== "`") at += 1;
    else if (letter === open) open = undefined;
  }
  return open;
}
