import { globsOverlap, globWeight } from "./glob.ts";
import type { LoadedPolicy } from "./parse.ts";
import type { Policy } from "./policy.ts";
import type { Problem } from "./problem.ts";

type Match = Policy["spec"]["match"];

/** Pairs of policies between which nothing would decide: equally specific for some workload, or of one name. */
export function findTies(policies: readonly LoadedPolicy[]): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [at, later] of policies.entries()) {
    for (const earlier of policies.slice(0, at)) {
      const { file, line, column, policy } = later;
      const other = `${earlier.file}:${earlier.line}:${earlier.column}`;
      if (earlier.policy.metadata.name === policy.metadata.name) {
        const what = `the name "${policy.metadata.name}" is taken by ${other}`;
        problems.push({ file, line, column, path: "metadata.name", what, allowed: "one name for each policy" });
      } else if (canTie(earlier.policy.spec.match, policy.spec.match)) {
        const what = `"${policy.metadata.name}" and "${earlier.policy.metadata.name}" (${other}) can match the same workload and are equally specific`;
        const cause = "make one of them more specific: names, then labels, then namespaces, then kinds decide";
        problems.push({ file, line, column, path: "spec.match", what, cause });
      }
    }
  }
  return problems;
}

/** Whether some workload is matched by both with equal weights (see match.ts). */
function canTie(a: Match, b: Match): boolean {
  const [ofA, ofB] = [Object.entries(a.labels ?? {}), Object.entries(b.labels ?? {})];
  if (ofA.length !== ofB.length) return false;
  // Labels exclude each other only where both ask for one key with different values.
  if (ofA.some(([key, value]) => b.labels?.[key] !== undefined && b.labels[key] !== value)) return false;
  if ((a.kinds === undefined) !== (b.kinds === undefined)) return false;
  if (a.kinds && b.kinds && !a.kinds.some((kind) => b.kinds?.includes(kind))) return false;
  return patternsTie(a.names, b.names) && patternsTie(a.namespaces, b.namespaces);
}

function patternsTie(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.some((one) => b.some((other) => globWeight(one) === globWeight(other) && globsOverlap(one, other)));
}
