import type { Rollout, WorkloadRef } from "../model.ts";

/** `deployment/web -n shop`, as kubectl takes it. */
export function kubectlTarget(workload: WorkloadRef): string {
  return `${workload.kind.toLowerCase()}/${workload.name} -n ${workload.namespace}`;
}

/** Lets a braked rollout go on. */
export function resumeCommand(workload: WorkloadRef): string {
  return `kubectl rollout resume ${kubectlTarget(workload)}`;
}

/** Takes a rollout back by hand. While it is braked, `undo` alone is refused. */
export function undoCommand(rollout: Rollout, braked: boolean): string {
  const to = rollout.old === undefined ? "" : ` --to-revision=${rollout.old.number}`;
  const undo = `kubectl rollout undo ${kubectlTarget(rollout.workload)}${to}`;
  return braked ? `${resumeCommand(rollout.workload)} && ${undo}` : undo;
}

/** What was in the revision under guard: its template with images, environment names and limits. */
export function inspectCommand(rollout: Rollout): string {
  return `kubectl rollout history ${kubectlTarget(rollout.workload)} --revision=${rollout.new.number}`;
}

/** The pods of the revision under guard and how they fare. */
export function podsCommand(rollout: Rollout): string {
  return `kubectl get pods -n ${rollout.workload.namespace} -l pod-template-hash=${rollout.new.podTemplateHash} -o wide`;
}
