import type { SteadyPods } from "../judging/traffic.ts";
import type { Ms, PodState, ProcessReading, Rollout } from "../model.ts";

/** How the readings of a block ending at `at` are told apart, from the roster alone, so that a replay tells them apart alike. */
export interface Sides {
  side(reading: ProcessReading): "new" | "old" | "ignored";
  bornInside(reading: ProcessReading): boolean;
}

/**
 * New pods count from their first readiness on, always. Old ones only while ready and not terminating: shutdown errors would hide
 * a regression. `restored` are the hashes that count as old beside the old revision (a rollback's target). Pods of other revisions
 * (an unfinished rollout between the two) count for neither.
 */
export function sidesAt(at: Ms, blockMs: Ms, rollout: Rollout, pods: readonly PodState[], restored: readonly string[] = []): Sides {
  const byName = new Map(pods.map((pod) => [pod.name, pod]));
  const old = new Set([...(rollout.old === undefined ? [] : [rollout.old.podTemplateHash]), ...restored]);
  return {
    side({ pod: name }) {
      const pod = byName.get(name);
      if (pod?.readySince === undefined) return "ignored";
      if (pod.podTemplateHash === rollout.new.podTemplateHash) return pod.readySince <= at ? "new" : "ignored";
      if (!old.has(pod.podTemplateHash)) return "ignored";
      const leaving = Math.min(pod.terminatingSince ?? Infinity, pod.gone ?? Infinity);
      return pod.readySince <= at - blockMs && leaving > at ? "old" : "ignored";
    },
    bornInside({ pod: name }) {
      const pod = byName.get(name);
      return pod !== undefined && pod.created >= rollout.startedAt;
    },
  };
}

/**
 * Pods that could be sent requests in all of this time, by revision: Ready before it, and not leaving in it. One that is not Ready now is
 * not counted. What a block counted may have come since the scrape before the last counted block: `from` is there.
 */
export function steadyPods(span: { readonly from: Ms; readonly to: Ms }, rollout: Rollout, pods: readonly PodState[]): SteadyPods {
  const steady = pods.filter(({ readySince, ready, terminatingSince, gone }) => {
    const leaving = Math.min(terminatingSince ?? Infinity, gone ?? Infinity);
    return readySince !== undefined && readySince <= span.from && leaving > span.to && (ready || leaving < Infinity);
  });
  const namesOf = (hash: string | undefined) => new Set(steady.filter((pod) => pod.podTemplateHash === hash).map(({ name }) => name));
  return { new: namesOf(rollout.new.podTemplateHash), old: namesOf(rollout.old?.podTemplateHash) };
}

/**
 * What callers count tells old pods from new ones by time alone: all of it is laid to the new revision once a pod of it was Ready, and to
 * the restored one after a rollback. The control is what the old pods themselves answer; what new ones answer, callers count already.
 * Nobody knows when a calling process began, so its first value only sets the base. What is counted of a whole Service has no pods beside
 * it: what it did `before` the first new pod is the control of the minutes after it, so that a trouble that was there already is not new.
 */
export function callersSidesAt(
  at: Ms,
  blockMs: Ms,
  rollout: Rollout,
  pods: readonly PodState[],
  { restored, before = "ignored" }: { readonly restored: boolean; readonly before?: "old" | "ignored" },
): Sides {
  const own = sidesAt(at, blockMs, rollout, pods);
  const begun = pods.some((pod) => pod.podTemplateHash === rollout.new.podTemplateHash && (pod.readySince ?? Infinity) <= at);
  return {
    side(reading) {
      if (reading.view === "callers") return restored ? "old" : begun ? "new" : before;
      return !restored && own.side(reading) === "old" ? "old" : "ignored";
    },
    bornInside: (reading) => reading.view !== "callers" && own.bornInside(reading),
  };
}
