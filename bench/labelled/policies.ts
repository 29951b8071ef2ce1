// The policies of the sets that are cut from a service's own series: what somebody who tunes nothing would write.
import { formatDuration } from "../../src/policies/duration.ts";
import type { Policy } from "../../src/policies/policy.ts";
import { slowerThan, standardBounds } from "./latencies.ts";
import type { ServiceValue } from "./cut.ts";
import { policyOf } from "./settings.ts";

const limit = 0.05;

/**
 * At most 1 % errors where the data knows errors, and a p95 that the service kept before: the smallest standard bucket that at most 5 % of
 * its requests exceeded. `before` must end with the rollout's start. Without one request before there is no limit and no such signal.
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
    return total > 0 && slow / total <= limit;
  });
}
