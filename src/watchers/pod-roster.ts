import type { Ms, PodState } from "../model.ts";

/**
 * What a guard remembers of its pods after another look: those that have gone stay and say when, and what came
 * first (ready, told to go) stays as it was first seen. In order of appearance.
 */
export function mergeRoster(previous: readonly PodState[], seen: readonly PodState[], now: Ms): readonly PodState[] {
  const here = new Map(seen.map((pod) => [pod.uid, pod]));
  const remembered = previous.map((before) => {
    const pod = here.get(before.uid);
    here.delete(before.uid);
    if (pod !== undefined) return keepFirsts(before, pod);
    return before.gone === undefined ? { ...before, ready: false, gone: now } : before;
  });
  return [...remembered, ...here.values()];
}

function keepFirsts(before: PodState, pod: PodState): PodState {
  const readySince = before.readySince ?? pod.readySince;
  const terminatingSince = before.terminatingSince ?? pod.terminatingSince;
  return {
    ...pod,
    ...(readySince === undefined ? {} : { readySince }),
    ...(terminatingSince === undefined ? {} : { terminatingSince }),
  };
}
