import type { Ms, PodState } from "../model.ts";

/**
 * What a guard remembers of its pods after another look: those that have gone stay and say when, and what came
 * first (ready, told to go) stays as it was first seen. In order of appearance.
 *
 * What changed since the last look counts from now, not from when Kubernetes says (which it says in whole seconds, and later):
 * blocks that were judged meanwhile must be judged alike after a restart. Only the first look of all believes the past.
 */
export function mergeRoster(previous: readonly PodState[], seen: readonly PodState[], now: Ms): readonly PodState[] {
  if (previous.length === 0) return seen;
  const here = new Map(seen.map((pod) => [pod.uid, pod]));
  const remembered = previous.map((before) => {
    const pod = here.get(before.uid);
    here.delete(before.uid);
    if (pod !== undefined) return changedNow(before, pod, now);
    return before.gone === undefined ? { ...before, ready: false, gone: now } : before;
  });
  return [...remembered, ...[...here.values()].map((pod) => changedNow(undefined, pod, now))];
}

function changedNow(before: PodState | undefined, pod: PodState, now: Ms): PodState {
  const readySince = before?.readySince ?? (pod.readySince === undefined ? undefined : now);
  const terminatingSince = before?.terminatingSince ?? (pod.terminatingSince === undefined ? undefined : now);
  return {
    ...pod,
    ...(readySince === undefined ? {} : { readySince }),
    ...(terminatingSince === undefined ? {} : { terminatingSince }),
  };
}
