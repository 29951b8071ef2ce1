import type { WorkloadRef } from "../../model.ts";
import { type Choice, choosePolicy, type Matchable, mostSpecific } from "../../policies/match.ts";
import type { Policy } from "../../policies/policy.ts";
import type { PolicySet } from "../../policies/policy-set.ts";
import type { Api } from "./route.ts";
import { policyList } from "./schemas.ts";

export interface PolicyEdges {
  /** In force. */
  policies(): PolicySet;
  /** Of the last edit, a sentence each. */
  policyProblems(): readonly string[];
  workloads(): readonly (Matchable & WorkloadRef)[];
  readonly ownNamespace: string;
}

const mostNames = 100;

export function servePolicies(api: Api, edges: PolicyEdges): void {
  api.get(
    "/api/v1/policies",
    {
      schema: { response: { 200: policyList } },
      config: { role: "read", id: "listPolicies", summary: "Policies in force, whom each guards, and what is wrong with the last edit" },
    },
    () => {
      const { policies, loaded, loadedRemediations } = edges.policies();
      const workloads = edges.workloads();
      const guarded = new Map<string, string[]>(policies.map(({ metadata }) => [metadata.name, []]));
      for (const workload of workloads) {
        const choice: Choice = choosePolicy(policies, workload, edges.ownNamespace);
        if (choice.kind === "policy") guarded.get(choice.policy.metadata.name)?.push(nameOf(workload));
      }
      const counts = [...guarded.values()].map(({ length }) => length);
      return {
        policies: loaded.map(({ policy, file, line }) => lineOf(policy, { file, line }, guarded.get(policy.metadata.name) ?? [])),
        remediations: loadedRemediations.map(({ remediation, file, line }) => {
          const matched = workloads.filter((workload) => mostSpecific([remediation], workload, edges.ownNamespace) !== undefined);
          return lineOf(remediation, { file, line }, matched.map(nameOf));
        }),
        unguarded: workloads.length - counts.reduce((sum, count) => sum + count, 0),
        problems: [...edges.policyProblems()],
      };
    },
  );
}

function nameOf({ kind, namespace, name }: Matchable): string {
  return `${kind.toLowerCase()} ${namespace}/${name}`;
}

function lineOf(
  { metadata, spec }: Pick<Policy, "metadata"> & { readonly spec: Pick<Policy["spec"], "mode" | "match"> },
  place: { readonly file: string; readonly line: number },
  workloads: readonly string[],
) {
  const names = workloads.toSorted().slice(0, mostNames);
  return { name: metadata.name, mode: spec.mode, ...place, match: spec.match, workloads: { count: workloads.length, names } };
}
