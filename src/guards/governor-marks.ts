import type { Reason } from "../reason.ts";
import type { GovernorAsk, GovernorRule } from "./governor.ts";
import { lengthOf, withheld } from "./governor-words.ts";

const unsafeAnnotation = "rearguard.dev/rollback";

/** What this workload itself, as it is now, has against the action. */
export const markRules: readonly GovernorRule[] = [markedUnsafe, ownRollback, underRollback, minReady].map(
  (rule) => (ask: GovernorAsk) => (ask.undoes ? undefined : rule(ask)),
);

function markedUnsafe({ kind, workload }: GovernorAsk): Reason | undefined {
  if (kind !== "rollback" || workload.annotations[unsafeAnnotation] !== "unsafe") return undefined;
  return { code: "marked-unsafe", annotation: `${unsafeAnnotation}: unsafe` };
}

/** What we put back ourselves was the good one then: that it is bad now has another cause than its template. */
function ownRollback({ guard, past, workload, condemns, now }: GovernorAsk): Reason | undefined {
  if (condemns === undefined) return undefined;
  const back = past.filter((action) => action.guard !== guard && action.workloadUid === workload.ref.uid && action.targetHash === condemns);
  if (back.length === 0) return undefined;
  const ago = lengthOf(now - Math.max(...back.map(({ at }) => at)));
  return withheld("own-rollback", `this revision is what Rearguard's own rollback put back ${ago} ago; a rollback is never rolled back`);
}

function underRollback({ guard, kind, past, workload }: GovernorAsk): Reason | undefined {
  if (kind === "rollback") return undefined;
  const running = past.some(
    (action) => action.guard !== guard && action.kind === "rollback" && action.underWay && action.workloadUid === workload.ref.uid,
  );
  return running ? withheld("rollback-under-way", "this workload is being rolled back: what that leaves is not known yet") : undefined;
}

function minReady({ readyAfter, limits, workload }: GovernorAsk): Reason | undefined {
  if (readyAfter === undefined || readyAfter >= limits.minReady) return undefined;
  const detail = `${readyAfter} of ${workload.desired} pods would be left ready; at least ${limits.minReady} must be (governor.minReady)`;
  return withheld("min-ready", detail);
}
