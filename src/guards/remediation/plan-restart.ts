import type { Ms, PodState } from "../../model.ts";
import { isThere } from "../drain.ts";

export interface Worst {
  readonly pod: PodState;
  readonly because: "value" | "not-ready" | "restarts" | "oldest";
  readonly value: number;
}

/**
 * The pod to restart next: by `values` the one with the highest, and one without a value never. Without values a pod that is not ready
 * goes first, the one that is so for longest, then the most restarted, then the oldest. `spared` are never taken.
 */
export function worstPod(
  pods: readonly PodState[],
  values: ReadonlyMap<string, number> | undefined,
  spared: ReadonlySet<string>,
  now: Ms,
): Worst | undefined {
  const there = pods.filter((pod) => isThere(pod, now) && !spared.has(pod.uid));
  if (values !== undefined) {
    const valued = there.flatMap((pod) => {
      const value = values.get(pod.name);
      return value === undefined || Number.isNaN(value) ? [] : [{ pod, because: "value", value } as const];
    });
    return valued.toSorted((one, other) => other.value - one.value || byName(one.pod, other.pod))[0];
  }
  const [unready] = there
    .filter((pod) => !pod.ready)
    .toSorted((one, other) => unreadySince(one) - unreadySince(other) || byName(one, other));
  if (unready !== undefined) return { pod: unready, because: "not-ready", value: Math.max(0, now - unreadySince(unready)) };
  const [most] = there.toSorted((one, other) => restartsOf(other) - restartsOf(one) || one.created - other.created || byName(one, other));
  if (most === undefined) return undefined;
  const restarts = restartsOf(most);
  return restarts > 0
    ? { pod: most, because: "restarts", value: restarts }
    : { pod: most, because: "oldest", value: Math.max(0, now - most.created) };
}

function unreadySince({ unreadySince: since, created }: PodState): Ms {
  return since ?? created;
}

function restartsOf({ containers }: PodState): number {
  return containers.reduce((sum, { restarts }) => sum + restarts, 0);
}

function byName(one: PodState, other: PodState): number {
  return one.name < other.name ? -1 : 1;
}
