import type { Reason } from "../../reason.ts";
import type { Scaling } from "../../remediation.ts";
import type { Step } from "../../policies/remediation-steps.ts";

type ScaleStep = Extract<Step, { kind: "scale" }>;

/** What to write, or why nothing. `to` is never below what there is. */
export type ScalePlan = { readonly to: number; readonly because: Reason } | { readonly why: Reason };

/**
 * More pods, as many as the policy wants and no more than it and the owner of the count allow. 3 pods, `by: 2`, `most: 4`: 4. An HPA
 * keeps at least `minReplicas`, so that is what is raised: 6 pods and `by: 2` make it 8, at most its own maximum.
 */
export function planScale(step: ScaleStep, { owner, replicas, least }: Scaling): ScalePlan {
  const wanted = step.to ?? replicas + (step.by ?? 0);
  const most = owner.kind === "workload" ? step.most : Math.min(step.most, owner.max);
  const to = Math.min(wanted, most);
  const name = owner.kind === "workload" ? "" : owner.name;
  if (to <= Math.max(replicas, least ?? 0)) {
    const by = owner.kind !== "workload" && owner.max <= step.most ? owner.kind : "most";
    return { why: { code: "scale-limit", replicas, wanted, limit: most, by, name } };
  }
  return { to, because: { code: "plan-scale", from: least ?? replicas, to, replicas, owner: owner.kind, name } };
}
