import type { Revision, WorkloadRef } from "../../model.ts";
import type { Subject } from "../alert.ts";

/** The label of the workload decides; only where there is none, the name of the pod, which begins with that of its ReplicaSet. */
export function isAboutWorkload(
  { namespace, workloads, pod }: Subject,
  ref: WorkloadRef,
  revisions: readonly Pick<Revision, "name">[],
): boolean {
  if (namespace !== ref.namespace) return false;
  if (workloads.length > 0) return workloads.some(({ name, kind }) => name === ref.name && (kind ?? ref.kind) === ref.kind);
  return (
    pod !== undefined && revisions.some(({ name }) => /^[a-z0-9]{5}$/.test(pod.startsWith(`${name}-`) ? pod.slice(name.length + 1) : ""))
  );
}
