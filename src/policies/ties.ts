import { globsOverlap, globWeight } from "./glob.ts";
import type { LoadedPolicy, LoadedRemediation } from "./parse.ts";
import type { Policy } from "./policy.ts";
import type { Problem } from "./problem.ts";
import type { Remediation } from "./remediation.ts";

type Match = Policy["spec"]["match"];

/** Pairs of policies between which nothing would decide: equally specific for some workload, or of one name. */
export function findTies(policies: readonly LoadedPolicy[]): readonly Problem[] {
  return pairProblems(
    policies,
    ({ policy }) => policy,
    "policy",
    (one, other) => canTie(one.spec.match, other.spec.match) && "workload",
  );
}

/** The same of remediations. Several may be for one workload, but not for one alert of it. */
export function findRemediationTies(remediations: readonly LoadedRemediation[]): readonly Problem[] {
  return pairProblems(
    remediations,
    ({ remediation }) => remediation,
    "remediation",
    (one, other) =>
      canTie(one.spec.match, other.spec.match) && canShareAlert(one.spec.on.alert, other.spec.on.alert) && "alert of a workload",
  );
}

interface Matching {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly match: Match };
}

/** `tie` names what both can match. */
function pairProblems<L extends { readonly file: string; readonly line: number; readonly column: number }, P extends Matching>(
  loaded: readonly L[],
  policyOf: (one: L) => P,
  kind: string,
  tie: (one: P, other: P) => string | false,
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [at, later] of loaded.entries()) {
    for (const earlier of loaded.slice(0, at)) {
      const { file, line, column } = later;
      const place = { file, line, column };
      const [{ name }, { name: otherName }] = [policyOf(later).metadata, policyOf(earlier).metadata];
      const other = `${earlier.file}:${earlier.line}:${earlier.column}`;
      if (otherName === name) {
        const what = `the name "${name}" is taken by ${other}`;
        problems.push({ ...place, path: "metadata.name", what, allowed: `one name for each ${kind}` });
        continue;
      }
      const tied = tie(policyOf(earlier), policyOf(later));
      if (tied === false) continue;
      const what = `"${name}" and "${otherName}" (${other}) can match the same ${tied} and are equally specific`;
      const cause = "make one of them more specific: names, then labels, then namespaces, then kinds decide";
      problems.push({ ...place, path: "spec.match", what, cause });
    }
  }
  return problems;
}

type WrittenAlert = NonNullable<Remediation["spec"]["on"]["alert"]>;

/** Whether some alert is asked for by both. */
function canShareAlert(a: WrittenAlert | undefined, b: WrittenAlert | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (!a.names.some((one) => b.names.some((other) => globsOverlap(one, other)))) return false;
  return Object.entries(a.labels ?? {}).every(([label, value]) => {
    const other = b.labels?.[label];
    return other === undefined || globsOverlap(value, other);
  });
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
