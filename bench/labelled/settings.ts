import { pipelineSettingsOf } from "../../src/daemon/edges.ts";
import type { PipelineSettings } from "../../src/pipeline/edges.ts";
import type { Policy } from "../../src/policies/policy.ts";
import { policySetOf } from "../../src/policies/policy-set.ts";
import { settingsSchema } from "../../src/settings-schema.ts";

const signals = [
  "errors: { http: { preset: istio, errors: { limit: 1%, worseThanOld: 1.5x } } }",
  "called: { http: { preset: istio, seenBy: callers, errors: { limit: 1%, worseThanOld: 1.5x } } }",
  "pods: { pods: {} }",
];

/** What somebody who tunes nothing would run: errors by limit and by comparison, as the pods and as their callers count them, and the state of the pods. */
export function labelledPolicy(): Policy {
  return policyOf(signals);
}

/** The daemon's settings, all at their defaults. */
export async function labelledSettings(): Promise<PipelineSettings> {
  return pipelineSettingsOf(await settingsSchema(".").parseAsync({ prometheus: { url: "http://prometheus.invalid" } }));
}

/** A policy that acts on every workload by these signals, a line of YAML each. */
export function policyOf(lines: readonly string[]): Policy {
  const text = `apiVersion: rearguard.dev/v1alpha1
kind: Policy
metadata: { name: labelled }
spec: { match: {}, mode: enforce, signals: { ${lines.join(", ")} } }
`;
  const { set, problems } = policySetOf([{ file: "labelled.yaml", text }]);
  const [policy] = set.policies;
  if (policy === undefined || problems.length > 0) throw new Error("the policy of the benchmark is not a policy");
  return policy;
}
