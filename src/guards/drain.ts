import type { Action } from "../entry.ts";
import type { Ms, PodState, Revision, Workload } from "../model.ts";
import type { Ask } from "./ask.ts";
import { stopsOn } from "./governor-stops.ts";

/**
 * Condemned pods to keep while restored ones come up: max(0, ceil(keepReady x desired) - ready old) (docs/architecture.md).
 * 8 desired, 75 %, 6 old pods ready: none is kept. 8 desired, 4 ready: 2 are kept, so that 6 go on serving.
 * 0.07 x 100 is a hair above 7 in binary and must not become 8.
 */
export function condemnedToKeep(desired: number, readyOld: number, keepReady: number): number {
  return Math.max(0, Math.ceil(keepReady * desired - 1e-9) - readyOld);
}

/** After the template is back: take condemned pods away as far as the restored ones carry the load. */
export function drainAction(ask: Ask, target: Revision, workload: Workload): Action | undefined {
  const { record, standing, pods, now } = ask;
  // While somebody pauses it the controller brings nothing up in the place of what is taken away.
  if (stopsOn(workload, ask) !== undefined || workload.paused) return undefined;
  const condemned = record.rollout.new;
  const left = pods.filter((pod) => pod.podTemplateHash === condemned.podTemplateHash && isThere(pod, now)).length;
  const ready = pods.filter((pod) => pod.podTemplateHash === target.podTemplateHash && pod.ready && isThere(pod, now)).length;
  const least = Math.min(ask.limits.minReady, workload.desired) - ready;
  const keep = Math.max(least, condemnedToKeep(workload.desired, ready, record.policy.spec.keepReady));
  if (left === 0 || keep >= Math.min(left, standing.kept ?? left)) return undefined;
  const failure = standing.failures.drain;
  if (failure !== undefined && (failure.count >= 3 || now < failure.at + 5_000)) return undefined;
  return {
    id: `${record.name}.drain.${standing.nextSeq}`,
    kind: "drain",
    workload: record.rollout.workload,
    condemned,
    keep,
    guard: record.name,
  };
}

export function isThere(pod: PodState, now: Ms): boolean {
  return pod.gone === undefined && (pod.terminatingSince === undefined || pod.terminatingSince > now);
}
