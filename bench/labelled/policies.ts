// The policies of the sets: what somebody who tunes nothing would write.
import { formatDuration } from "../../src/policies/duration.ts";
import type { Policy } from "../../src/policies/policy.ts";
import { policySetOf } from "../../src/policies/policy-set.ts";
import { slowerThan, standardBounds } from "./latencies.ts";
import type { ServiceValue } from "./cut.ts";

/** Share of requests that may be slower than what the service kept before. */
const SLOW = 0.05;

/** For pods whose own and whose callers' requests are known: errors by limit and by comparison, as both count them, and the state of the pods. */
export function labelledPolicy(): Policy {
  return policyOf([
    "errors: { http: { preset: istio, errors: { limit: 1%, worseThanOld: 1.5x } } }",
    "called: { http: { preset: istio, seenBy: callers, errors: { limit: 1%, worseThanOld: 1.5x } } }",
    "pods: { pods: {} }",
  ]);
}

/**
 * For a service of which only its own series is known: at most 1 % errors where the data knows errors, and a p95 that the service kept
 * before: the smallest standard bucket that at most 5 % of its requests exceeded. `before` must end with the rollout's start. Without one
 * request before there is no limit and no such signal.
 */
export function servicePolicy(before: readonly ServiceValue[]): Policy {
  const p95 = usualBound(before);
  const errors = before.some(({ success }) => success !== null);
  return policyOf([
    "pods: { pods: {} }",
    ...(errors ? ["errors: { http: { preset: istio, errors: { limit: 1% } } }"] : []),
    ...(p95 === undefined ? [] : [`latency: { http: { preset: istio, slower: { p95: ${formatDuration(p95 * 1000)} } } }`]),
  ]);
}

function usualBound(before: readonly ServiceValue[]): number | undefined {
  return standardBounds.find((bound) => {
    // Limits of a policy are whole milliseconds.
    if (!Number.isInteger(bound * 1000)) return false;
    let total = 0;
    let slow = 0;
    for (const { requests, quantiles } of before) {
      const share = slowerThan(bound, quantiles);
      if (share === undefined) continue;
      total += requests;
      slow += requests * share;
    }
    return total > 0 && slow / total <= SLOW;
  });
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
