import type { EffectReason } from "../reason/effect.ts";

export const scalerNames = { hpa: "HorizontalPodAutoscaler", keda: "ScaledObject" } as const;

/** Why an effect of a remediation was refused, as a clause. */
export function effectSentence(reason: EffectReason): string {
  switch (reason.code) {
    case "at-maximum":
      return `${scalerNames[reason.owner]} ${reason.name} ${maximum(reason)}, and its maximum is not raised`;
    case "disruption-budget":
      return `a PodDisruptionBudget does not let pod ${reason.pod} go: ${reason.detail}`;
  }
}

function maximum({ max, least, wanted }: Extract<EffectReason, { code: "at-maximum" }>): string {
  return least !== null && least >= max ? `already keeps its maximum of ${max} pods` : `allows at most ${max} pods, ${wanted} are wanted`;
}
