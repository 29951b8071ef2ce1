import type { Entry } from "../entry.ts";
import type { GuardRecord } from "../guards/guard.ts";
import { kubectlTarget } from "./commands.ts";
import { duration, timeOfDay } from "./numbers.ts";
import type { Told } from "./told.ts";

/** What is told of an action before it is due. */
export function announcedTold({ action, at, dueAt, because }: Extract<Entry, { kind: "announced" }>, subject: string): Told {
  const to = action.kind === "rollback" ? ` to revision ${action.target.number}` : "";
  const inTime = duration(dueAt - at);
  const what = `${subject} will be rolled back${to} at ${timeOfDay(dueAt)}, in ${inTime}, unless somebody cancels that.`;
  return { kind: "announced", severity: "warning", head: `will be rolled back in ${inTime}`, what, because };
}

/** What was announced and is not done; undefined where a rule forbade it, which is told as any other withheld action. */
export function notDoneTold({ action, because }: Extract<Entry, { kind: "withheld" }>, subject: string): Told | undefined {
  const told = (head: string, why: string): Told => {
    return { kind: "withheld", severity: "warning", head, what: `The ${action} of ${subject} is not done: ${why}.`, because };
  };
  const last = because.at(-1);
  if (last?.code === "cancelled") return told(`${action} cancelled`, `${last.by} cancelled it`);
  if (last?.code === "called-off") return told(`${action} called off`, "the trouble was over before it was due");
  return undefined;
}

/** How to stop what is counted down to. */
export function cancelStep({ name, rollout }: GuardRecord): string {
  return (
    `Stop it: order cancel for guard ${name} at the API, or kubectl annotate ${kubectlTarget(rollout.workload)} rearguard.dev/freeze=true ` +
    "(and take the annotation off when Rearguard may act again)."
  );
}
