import { type LoadedPolicy, type LoadedRemediation, parsePolicies } from "./parse.ts";
import type { Policy } from "./policy.ts";
import { inReadingOrder, type Problem } from "./problem.ts";
import type { Remediation } from "./remediation.ts";
import { findRemediationTies, findTies } from "./ties.ts";

/** All policies in force together: no two of one kind and name, no two that tie. */
export interface PolicySet {
  readonly policies: readonly Policy[];
  readonly loaded: readonly LoadedPolicy[];
  readonly remediations: readonly Remediation[];
  readonly loadedRemediations: readonly LoadedRemediation[];
}

export const noPolicies: PolicySet = { policies: [], loaded: [], remediations: [], loadedRemediations: [] };

/** The set of some files, and every problem of them. With a problem the set is what could be read, for messages only: it must not come into force. */
export function policySetOf(files: readonly { readonly file: string; readonly text: string }[]): {
  readonly set: PolicySet;
  readonly problems: readonly Problem[];
} {
  const parsed = files.map(({ file, text }) => parsePolicies(text, file));
  const loaded = parsed.flatMap(({ policies }) => policies);
  const loadedRemediations = parsed.flatMap(({ remediations }) => remediations);
  const problems = [...parsed.flatMap((one) => one.problems), ...findTies(loaded), ...findRemediationTies(loadedRemediations)];
  const set = {
    policies: loaded.map(({ policy }) => policy),
    loaded,
    remediations: loadedRemediations.map(({ remediation }) => remediation),
    loadedRemediations,
  };
  return { set, problems: inReadingOrder(problems) };
}
