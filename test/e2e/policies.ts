export type PolicyText = {
  readonly name: string;
  readonly namespaces: readonly string[];
  readonly mode?: "enforce" | "observe";
  /** `8s` unless told. */
  readonly window?: string;
  /** `2s` unless told. */
  readonly sustain?: string;
  /** `10s` unless told. */
  readonly noDataAfter?: string;
  /** YAML of the signals; errors above 2 % and the pods unless told. */
  readonly signals?: string;
};

/** A policy; on the clock of these tests unless told otherwise: 1 s blocks, a breach of 2 s may decide. */
export function policyText(policy: PolicyText): string {
  const { name, namespaces, mode = "enforce", window = "8s", sustain = "2s", noDataAfter = "10s" } = policy;
  return `apiVersion: rearguard.dev/v1alpha1
kind: Policy
metadata: { name: ${name} }
spec:
  match: { namespaces: [${namespaces.join(", ")}] }
  mode: ${mode}
  window: ${window}
  sustain: ${sustain}
  noData: { after: ${noDataAfter} }
  sourceError: { after: ${noDataAfter} }
  tooFew: { after: ${noDataAfter}, then: alert }
  signals: ${policy.signals ?? defaultSignals}
`;
}

const errorSignal = "errors: { http: { preset: prom-client, errors: { limit: 2% } } }";
export const podSignal = "pods: { pods: { restarts: 2, stuckFor: 2s } }";
const defaultSignals = `{ ${errorSignal}, ${podSignal} }`;
