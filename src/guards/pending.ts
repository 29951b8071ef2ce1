import type { Action, Decision, Receipt } from "../entry.ts";
import type { Revision, Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { Ask } from "./ask.ts";
import { forbids, rollbackAction, ROLLBACK_TRIES } from "./breach.ts";
import { brakeAction, BRAKE_TRIES } from "./brake.ts";
import { endedBy } from "./command.ts";
import { isOverdue } from "./end.ts";
import { stopsEverything, stopsOn } from "./governor-stops.ts";
import { isOurBrake } from "./release.ts";
import { whenToTry } from "./retry.ts";

/** What was intended and has no receipt: carried out (again), unless it has not happened and has become wrong meanwhile. */
export function decidePending(ask: Ask, workload: Workload, isSuperseded: boolean): Decision | undefined {
  const { pending } = ask.standing;
  if (pending === undefined) return undefined;
  const { action, because } = pending;
  if (hasHappened(ask, workload, action)) return { kind: "act", action, because };
  if (isSuperseded && (action.kind === "brake" || action.kind === "rollback")) return undefined;
  const why = whyNot(ask, workload, action, because);
  if (why !== undefined) return { kind: "withhold", action: action.kind, because: [...because, why] };
  return { kind: "act", action, because };
}

/**
 * The receipt of an action that was carried out again because its first receipt was lost. A rollback may have happened the first time, and
 * been changed by somebody since: that it is refused now does not say that it never happened.
 */
export function receiptOfRetry(receipt: Receipt): Receipt {
  const isUnsure = receipt.kind === "rollback" && receipt.outcome === "refused" && receipt.because?.code !== "forbidden";
  return isUnsure ? { ...receipt, outcome: "failed" } : receipt;
}

/** The effect is there: to carry it out again changes nothing and gives the receipt that is missing. */
function hasHappened(ask: Ask, workload: Workload, action: Action): boolean {
  if (action.kind === "brake") return isOurBrake(ask, workload);
  return action.kind === "rollback" && isBack(ask, workload, action.target) && !workload.paused;
}

function whyNot(ask: Ask, workload: Workload, action: Action, because: readonly Reason[]): Reason | undefined {
  const ended = action.kind === "release" ? undefined : endedBy(ask.standing);
  if (ended !== undefined) return ended;
  if (action.kind === "rollback") {
    const late: Reason = { code: "limitation", detail: "it was decided long ago and never carried out: too late to act on it unasked" };
    return isOverdue(ask) ? late : forbids(ask, workload, action.target, because);
  }
  // A brake of ours comes off also where the workload is to be left alone.
  return action.kind === "release" ? stopsEverything(ask) : stopsOn(workload, ask);
}

/** Actions that are recorded as failed although they were carried out: only their answer was lost. They are made known, not repeated. */
export function decideLost(ask: Ask, workload: Workload): Decision | undefined {
  const { attempted, unsureBrake, braked, failures } = ask.standing;
  if (unsureBrake && !braked && isOurBrake(ask, workload) && whenToTry(failures.brake, ask.now, BRAKE_TRIES) === "now") {
    const detail = "the brake lies on the workload although the answer to it was lost";
    return { kind: "act", action: brakeAction(ask), because: [{ code: "limitation", detail }] };
  }
  if (attempted === undefined || !isBack(ask, workload, attempted.target)) return undefined;
  const when = whenToTry(failures.rollback, ask.now, ROLLBACK_TRIES);
  if (when === "never" || forbids(ask, workload, attempted.target, attempted.because) !== undefined) return undefined;
  if (when === "later") return { kind: "wait", because: attempted.because };
  return { kind: "act", action: rollbackAction(ask, attempted.target, attempted.cause), because: attempted.because };
}

function isBack(ask: Ask, workload: Workload, target: Revision): boolean {
  return workload.templateDigest !== ask.record.rollout.templateDigest && workload.current?.podTemplateHash === target.podTemplateHash;
}
