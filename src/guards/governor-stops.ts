import type { Ms, Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { GovernorAsk, GovernorLimits, GovernorRule, GovernorState } from "./governor.ts";
import { parseInstant } from "./instant.ts";
import { lengthOf, withheld } from "./governor-words.ts";

/** Annotation on a workload that is to be left alone: "true", or the RFC 3339 instant until which. */
const freezeAnnotation = "rearguard.dev/freeze";

type Stop = { readonly limits: GovernorLimits; readonly state: GovernorState; readonly now: Ms };

/** What stops all action, also the putting back of what we changed. */
export function stopsEverything({ limits, state, now }: Stop): Reason | undefined {
  if (limits.killSwitch) return withheld("kill-switch", "governor.killSwitch is on: nothing is changed in the cluster");
  if (state.unknown !== undefined) {
    return withheld("pause-unknown", `whether a person has paused all action is not known: ${state.unknown}`);
  }
  if (state.pause === undefined) return undefined;
  const { by, reason, at } = state.pause;
  return withheld("paused", `all action was paused by ${by} ${lengthOf(now - at)} ago: ${reason}`);
}

/** The same, and what leaves this workload alone. A brake is taken off under a freeze nevertheless: it is none of the workload's own. */
export function stopsOn(workload: Pick<Workload, "annotations">, stop: Stop): Reason | undefined {
  return stopsEverything(stop) ?? frozen(workload, stop.now);
}

export const stopRules: readonly GovernorRule[] = [
  stopsEverything,
  (ask: GovernorAsk) => (ask.undoes ? undefined : frozen(ask.workload, ask.now)),
];

/** What can be read neither way counts as frozen: being wrong is worse than being slow. */
function frozen({ annotations }: Pick<Workload, "annotations">, now: Ms): Reason | undefined {
  const written = annotations[freezeAnnotation];
  if (written === undefined) return undefined;
  const told = `${freezeAnnotation}: ${written.slice(0, 60)}`;
  if (written === "true") return withheld("frozen", `the workload is frozen by the annotation ${told}`);
  const until = parseInstant(written);
  if (until === undefined) {
    return withheld("frozen", `the annotation ${told} is neither "true" nor an RFC 3339 instant, so the workload counts as frozen`);
  }
  return now < until ? withheld("frozen", `the workload is frozen for ${lengthOf(until - now)} by the annotation ${told}`) : undefined;
}
