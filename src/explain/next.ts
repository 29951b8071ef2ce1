import type { Message } from "../entry.ts";
import type { Reason } from "../reason.ts";
import type { GuardRecord } from "../guards/guard.ts";
import { cancelStep } from "./announcement.ts";
import { inspectCommand, kubectlTarget, podsCommand, resumeCommand, undoCommand } from "./commands.ts";
import { governorStep } from "./governor.ts";
import { ownerNames } from "./names.ts";

/** What a person can do now, with the exact command; empty when there is nothing to do. */
export function nextStep(
  record: GuardRecord,
  kind: Message["kind"],
  because: readonly Reason[],
  braked: boolean,
  resolved: boolean,
): string {
  const { rollout } = record;
  switch (kind) {
    case "opened":
    case "noted":
    case "released":
    // Of remediations alone.
    case "remediated":
    case "escalated":
    case "ongoing":
      return "";
    case "announced":
      return cancelStep(record);
    case "braked":
      return brakedStep(record);
    case "rolled-back":
      return `See what was in the bad revision: ${inspectCommand(rollout)}`;
    case "held":
      if (because.every(({ code }) => code === "certificate")) return braked ? brakedStep(record) : "Renew the certificate.";
      if (because.some(({ code }) => code === "traffic-missing")) return `${braked ? `${brakedStep(record)} ` : ""}${trafficStep(record)}`;
      return `${braked ? `${brakedStep(record)} ` : ""}Look at the new pods: ${podsCommand(rollout)}`;
    case "withheld":
    case "failed":
      return byHand(record, because, braked);
    case "finished":
      if (braked) return brakedStep(record);
      if (resolved) return "";
      if (because.some(({ code }) => code === "not-recovered")) return afterRollback(record, because);
      return `Look at the pods: kubectl describe ${kubectlTarget(rollout.workload)}; take it back by hand: ${undoCommand(rollout, braked)}`;
  }
}

/** The old template is back, or was: to take it back once more helps nobody. */
function afterRollback({ rollout }: GuardRecord, because: readonly Reason[]): string {
  const { namespace } = rollout.workload;
  const target = kubectlTarget(rollout.workload);
  const missing = because.find(({ code }) => code === "endpoints-missing");
  if (missing?.code === "endpoints-missing") {
    const { service } = missing;
    return `Compare the Service's selector with the pods' labels: kubectl describe service ${service} -n ${namespace}; kubectl get pods -n ${namespace} --show-labels; kubectl get endpointslices -n ${namespace} -l kubernetes.io/service-name=${service}`;
  }
  const who = `See who changed it: kubectl rollout history ${target}; kubectl get ${target} -o yaml --show-managed-fields`;
  const still = because.some(({ code }) => code === "still-bad" || code === "threshold" || code === "failures" || code === "resources");
  if (!still) return `Look at the pods: kubectl describe ${target}; kubectl get events -n ${namespace}. ${who}`;
  return (
    "The rollback did not help, so look for another cause (what it depends on, its configuration, its data, a node): " +
    `kubectl get events -n ${namespace}; kubectl logs ${target} --tail=100. An older revision: kubectl rollout history ${target}`
  );
}

function brakedStep({ rollout }: GuardRecord): string {
  return (
    `Let it go on: ${resumeCommand(rollout.workload)}. Take it back now: ${undoCommand(rollout, true)}. ` +
    "While it is paused, `kubectl rollout undo` refuses and `kubectl rollout status` waits, so resume comes first."
  );
}

function trafficStep({ rollout }: GuardRecord): string {
  return (
    "Look whether the Service's selector and named ports fit the new pods, whether their readiness probe says more than it should, whether " +
    "clients keep long-lived connections to the old pods, and whether the new pods' metrics are scraped: " +
    `kubectl get endpointslices -n ${rollout.workload.namespace} -o wide; ${podsCommand(rollout)}`
  );
}

function byHand(record: GuardRecord, because: readonly Reason[], braked: boolean): string {
  const step = because.map((reason) => stepFor(record, reason, braked)).find((found) => found !== undefined);
  return step ?? `Take it back by hand: ${undoCommand(record.rollout, braked)}`;
}

function stepFor(record: GuardRecord, reason: Reason, braked: boolean): string | undefined {
  const { rollout } = record;
  const target = kubectlTarget(rollout.workload);
  const { code } = reason;
  if (code === "governor") {
    const step = governorStep(rollout, reason);
    return step === undefined || reason.rule === "own-rollback" ? step : `${step} Take it back by hand: ${undoCommand(rollout, braked)}`;
  }
  if (code === "called-off") return braked ? brakedStep(record) : `See how it fares: ${podsCommand(rollout)}`;
  if (code === "owned") {
    return `Roll back where it is defined, in ${ownerNames[reason.owner]} ${reason.name}.${braked ? ` ${brakedStep(record)}` : ""}`;
  }
  if (code === "paused-by-other") return `Ask who paused it. Take it back by hand: ${undoCommand(rollout, true)}`;
  if (code === "nothing-to-undo") return `Deploy a fixed revision, or stop its pods: kubectl scale ${target} --replicas=0`;
  if (code === "marked-unsafe")
    return `Check that the old revision still works with the present data, then: ${undoCommand(rollout, braked)}`;
  if (code === "forbidden")
    return `Give Rearguard's account the role in deploy/rbac/enforce.yaml. By hand: ${undoCommand(rollout, braked)}`;
  if (code === "conflict" || code === "workload-deleted") return `See who changed it: kubectl rollout history ${target}`;
  return undefined;
}
