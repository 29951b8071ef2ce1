import type { Workload } from "../../model.ts";
import type { RemedyDecision } from "../../remediation.ts";
import { stopsEverything, stopsOn } from "../governor-stops.ts";
import type { RemedyAsk } from "./ask.ts";
import { forbids, holdOf, holdOnce, isBlind, isLongGone, withhold } from "./step.ts";

/**
 * Intended, and no receipt: a crash came between. What is still right is carried out, which finds out whether it was; what is not is
 * withheld with the reason. What gives back is always carried out.
 */
export function decidePending(ask: RemedyAsk, workload: Workload, isOver: boolean): RemedyDecision | undefined {
  const { pending } = ask.standing;
  if (pending === undefined) return undefined;
  const { step, action, because, since } = pending;
  if (action.kind === "scale" && action.purpose === "restore") {
    const stop = stopsEverything(ask);
    return stop === undefined ? { kind: "act", step, action, because } : holdOnce(ask, [...because, stop]);
  }
  if (isOver) {
    const detail = "it was over before this was surely done";
    return withhold(step, action.kind, [...because, { code: "limitation", detail }]);
  }
  // It may have been done before the crash, and that is found out when it goes on.
  const stop = stopsOn(workload, ask);
  if (stop !== undefined) return holdOnce(ask, [...because, stop]);
  const gone = isLongGone(action, since, ask.now);
  if (gone !== undefined) return withhold(step, action.kind, [...because, gone]);
  if (isBlind(ask, action)) return { kind: "wait" };
  const why = forbids(ask, workload, action) ?? (isOwnDoing(ask, workload) ? undefined : holdOf(ask, workload));
  return why === undefined ? { kind: "act", step, action, because } : withhold(step, action.kind, [...because, why]);
}

/** What we see in motion may be what we began before the crash. */
function isOwnDoing({ rolloutGuard }: RemedyAsk, { paused }: Workload): boolean {
  return rolloutGuard === undefined && !paused;
}
