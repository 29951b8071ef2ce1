import { type Choice, choosePolicy, type Matchable } from "../../policies/match.ts";
import type { PolicySet } from "../../policies/policy-set.ts";
import type { Api } from "./route.ts";
import { policyList } from "./schemas.ts";

export interface PolicyEdges {
  /** In force. */
  policies(): PolicySet;
  /** Of the last edit, a sentence each. */
  policyProblems(): readonly string[];
  workloads(): readonly Matchable[];
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
      const { policies, loaded } = edges.policies();
      const workloads = edges.workloads();
      const guarded = new Map<string, string[]>(policies.map(({ metadata }) => [metadata.name, []]));
      for (const workload of workloads) {
        const choice: Choice = choosePolicy(policies, workload, edges.ownNamespace);
        if (choice.kind !== "policy") continue;
        guarded.get(choice.policy.metadata.name)?.push(`${workload.kind.toLowerCase()} ${workload.namespace}/${workload.name}`);
      }
      const counts = [...guarded.values()].map(({ length }) => length);
      return {
        policies: loaded.map(({ policy, file, line }) => {
          const { metadata, spec } = policy;
          const names = (guarded.get(metadata.name) ?? []).toSorted();
          const whom = { count: names.length, names: names.slice(0, mostNames) };
          return { name: metadata.name, mode: spec.mode, file, line, match: spec.match, workloads: whom };
        }),
        unguarded: workloads.length - counts.reduce((sum, count) => sum + count, 0),
        problems: [...edges.policyProblems()],
      };
    },
  );
}
