import type { Workload } from "../../model.ts";
import type { Reason } from "../../reason.ts";
import { isComplete } from "../complete.ts";
import { isThere } from "../drain.ts";
import type { RemedyAsk } from "./ask.ts";
import type { Done, RemedyStanding } from "./standing.ts";

/** Whether an action came to what it was for in the cluster; whether it helped is for the alert or the conditions to say. */
export interface Verification {
  readonly state: "well" | "waiting";
  readonly because: readonly Reason[];
}

export function verificationOf(ask: RemedyAsk, { action, at }: Done): Verification {
  const { workload, now } = ask;
  if (workload === undefined) return { state: "waiting", because: [] };
  const ready = (of: number, well: boolean): Verification => ({
    state: well ? "well" : "waiting",
    because: [{ code: "pods-ready", ready: workload.available, of, afterMs: now - at }],
  });
  switch (action.kind) {
    case "scale":
      // Fewer pods than it wanted are what giving back is for.
      if (isGivenBack(ask.standing, action.id)) return { state: "well", because: [] };
      return ready(Math.max(action.to ?? 0, workload.desired), isSeen(workload) && workload.available >= (action.to ?? 0));
    case "restart":
      return ready(workload.desired, isReplaced(ask, action.pod.uid) && isSeen(workload) && areReady(ask, workload.desired));
    case "rollback": {
      const back = workload.current?.podTemplateHash === action.target.podTemplateHash;
      return ready(workload.desired, back && isComplete(workload));
    }
    case "job":
      return { state: ask.standing.jobs[action.id] === "passed" ? "well" : "waiting", because: [] };
  }
}

function isGivenBack({ restored, owed }: RemedyStanding, id: string): boolean {
  return restored !== undefined && !owed.some(({ action }) => action.id === id);
}

export function isReplaced({ pods, now }: RemedyAsk, uid: string): boolean {
  return pods !== undefined && !pods.some((pod) => pod.uid === uid && isThere(pod, now));
}

/** By the pods too: the Deployment's own count may be from before one of them went. */
function areReady({ workload, pods = [], now }: RemedyAsk, desired: number): boolean {
  const ready = pods.filter((pod) => pod.ready && isThere(pod, now)).length;
  return ready >= desired && (workload?.available ?? 0) >= desired;
}

/** Its counts are of the spec as it is. */
export function isSeen(workload: Workload): boolean {
  return workload.observedGeneration >= workload.generation;
}
