import { sentence } from "../../errors.ts";
import type { Workload, WorkloadRef } from "../../model.ts";
import type { Remediation } from "../../policies/remediation.ts";
import type { Trigger } from "../../remediation.ts";
import type { Flow } from "../flow.ts";
import { openForWorkload } from "./open.ts";

/** What came of an order or a schedule. `done: false`: nothing of it may be relied on, the same is to be asked again. */
export type Remediated =
  | { readonly done: true; readonly guards: readonly { readonly guard: string; readonly outcome: "opened" | "exists" | "busy" }[] }
  | { readonly done: false; readonly because: string };

/**
 * Opens a guard of this remediation for each workload it matches, or for the one that is named, and gives their names. Where one of it is
 * open already, that one is named. The same trigger twice opens nothing twice.
 */
export async function remediate(trigger: Trigger, policyName: string, named: WorkloadRef | undefined, flow: Flow): Promise<Remediated> {
  const { book, edges } = flow;
  const { remedies } = edges;
  const policy = remedies?.policies().find(({ metadata }) => metadata.name === policyName);
  if (remedies === undefined || policy === undefined) return { done: false, because: `there is no remediation ${policyName} in force` };
  if (policy.spec.on[trigger.kind] === undefined && trigger.kind !== "manual") {
    return { done: false, because: `remediation ${policyName} is not opened by ${trigger.kind}` };
  }
  const workloads = edges.cluster.list().filter((workload) => isMeant(workload, named) && isMatched(workload, policy));
  if (workloads.length === 0) {
    return { done: false, because: named === undefined ? "no workload matches it" : "it does not match this workload, or there is none" };
  }
  const guards: { readonly guard: string; readonly outcome: "opened" | "exists" | "busy" }[] = [];
  for (const workload of workloads) {
    const open = [...book.remediations.values()].find(
      ({ record }) => record.workload.uid === workload.ref.uid && record.policy.metadata.name === policyName,
    );
    if (open !== undefined) {
      guards.push({ guard: open.record.name, outcome: "busy" });
      continue;
    }
    try {
      guards.push(await openForWorkload(workload, policy, trigger, flow));
    } catch (error) {
      return { done: false, because: `it could not be written down: ${sentence(error)}` };
    }
  }
  return { done: true, guards };

  function isMatched({ ref, labels, annotations }: Workload, one: Remediation): boolean {
    return remedies?.choose([one], { ...ref, labels, annotations }) !== undefined;
  }
}

function isMeant({ ref, deleting }: Workload, named: WorkloadRef | undefined): boolean {
  if (deleting) return false;
  return (
    named === undefined ||
    (named.uid === "" ? named.namespace === ref.namespace && named.kind === ref.kind && named.name === ref.name : named.uid === ref.uid)
  );
}
