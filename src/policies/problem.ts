import { redact } from "../redact.ts";

/** One fault of a policy or settings file. Line and column count from 1; line 0 means the file as a whole. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Key path inside the document, such as `spec.signals.latency`; empty for the document as a whole. */
  readonly path: string;
  readonly what: string;
  readonly allowed?: string;
  readonly cause?: string;
}

/** `file:line:column path: what; allowed: …; likely cause`, on one line, without secrets. */
export function renderProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const allowed = problem.allowed ? `; allowed: ${problem.allowed}` : "";
  const cause = problem.cause ? `; ${problem.cause}` : "";
  return redact(`${place}${problem.path && ` ${problem.path}`}: ${problem.what}${allowed}${cause}`);
}

/** As read in a file: top to bottom, file by file. */
export function inReadingOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.what, b.what));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
