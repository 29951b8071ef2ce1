import { sentence } from "../../errors.ts";
import type { Workload, WorkloadRef } from "../../model.ts";
import type { Remediation } from "../../policies/remediation.ts";
import type { Trigger } from "../../remediation.ts";
import type { Flow } from "../flow.ts";
import { openForWorkload } from "./open.ts";

/** `busy`: another one is open for this workload. */
interface OpenedOrFound {
  readonly guard: string;
  readonly outcome: "opened" | "exists" | "busy";
}

/** What came of an order or a schedule. `done: false`: nothing of it may be relied on, the same is to be asked again. */
export type Remediated =
  | { readonly done: true; readonly guards: readonly OpenedOrFound[] }
  | { readonly done: false; readonly because: string };

/**
 * Opens a guard of this remediation for each workload it matches, or for the one that is named, and gives their names. Where one of it is
 * open already, that one is named. The same trigger twice opens nothing twice.
 */
export async function remediate(trigger: Trigger, policyName: string, named: WorkloadRef | undefined, flow: Flow): Promise<Remediated> {
  const { edges } = flow;
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
  const guards: OpenedOrFound[] = [];
  for (const workload of workloads) {
    try {
      guards.push(await openOrFind(workload, policy, trigger, flow));
    } catch (error) {
      return { done: false, because: `it could not be written down: ${sentence(error)}` };
    }
  }
  return { done: true, guards };

  function isMatched({ ref, labels, annotations }: Workload, one: Remediation): boolean {
    return remedies?.choose([one], { ...ref, labels, annotations }) !== undefined;
  }
}

/** Of two orders at once the second one finds what the first one opens. */
async function openOrFind(workload: Workload, policy: Remediation, trigger: Trigger, flow: Flow): Promise<OpenedOrFound> {
  const { book, opening } = flow;
  const { uid } = workload.ref;
  const key = `${uid}/${policy.metadata.name}`;
  while (opening.has(key)) await opening.get(key)?.catch(() => undefined);
  const open = [...book.remediations.values()].find(
    ({ record }) => record.workload.uid === uid && record.policy.metadata.name === policy.metadata.name,
  )?.record;
  if (open !== undefined) return { guard: open.name, outcome: isSameOrder(open.trigger, trigger) ? "exists" : "busy" };
  const mine = openForWorkload(workload, policy, trigger, flow);
  opening.set(key, mine);
  try {
    return await mine;
  } finally {
    opening.delete(key);
  }
}

function isSameOrder(one: Trigger, other: Trigger): boolean {
  if (one.kind !== "manual" || other.kind !== "manual" || one.by !== other.by) return false;
  return one.id === other.id && (one.id !== undefined || one.reason === other.reason);
}

function isMeant({ ref, deleting }: Workload, named: WorkloadRef | undefined): boolean {
  if (deleting) return false;
  return (
    named === undefined ||
    (named.uid === "" ? named.namespace === ref.namespace && named.kind === ref.kind && named.name === ref.name : named.uid === ref.uid)
  );
}
