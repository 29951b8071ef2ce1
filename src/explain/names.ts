import type { FinalPhase, Message } from "../entry.ts";
import type { OwnerKind, WorkloadRef } from "../model.ts";
import type { PodTrouble } from "../reason.ts";

export const ownerNames: Readonly<Record<OwnerKind, string>> = {
  argocd: "Argo CD application",
  "flux-kustomization": "Flux Kustomization",
  "flux-helm": "Flux HelmRelease",
  helm: "Helm release",
  "argo-rollouts": "Argo Rollout",
  flagger: "Flagger canary",
  controller: "controller",
};

/** Completes "1 of 4 new pods …" and "2 of 4 new pods …". */
export const troubleWords: Readonly<Record<PodTrouble, readonly [one: string, several: string]>> = {
  "crash-loop": ["keeps crashing", "keep crashing"],
  "oom-killed": ["was killed for its memory", "were killed for their memory"],
  "image-pull": ["cannot pull its image", "cannot pull their image"],
  "bad-config": ["cannot start with its configuration", "cannot start with their configuration"],
  unschedulable: ["finds no node to run on", "find no node to run on"],
  "not-ready": ["is not ready any more", "are not ready any more"],
  "never-ready": ["never became ready", "never became ready"],
  "progress-deadline": ["did not become available before the progress deadline", "did not become available before the progress deadline"],
};

export const phaseWords: Readonly<Record<FinalPhase, string>> = {
  passed: "passed",
  restored: "restored",
  unresolved: "NOT resolved",
  inconclusive: "inconclusive",
  superseded: "superseded",
  aborted: "aborted",
};

/** Who has to hear how a guard ended, and how loud. */
export const endSeverity: Readonly<Record<FinalPhase, Message["severity"]>> = {
  passed: "info",
  restored: "info",
  superseded: "info",
  aborted: "info",
  inconclusive: "warning",
  unresolved: "critical",
};

/** "shop/web": how people call a workload. */
export function shortName(workload: WorkloadRef): string {
  return `${workload.namespace}/${workload.name}`;
}

/** "web-1, web-2, web-3 and 5 more". */
export function someOf(names: readonly string[], shown = 3): string {
  const more = names.length - shown;
  return names.slice(0, shown).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
