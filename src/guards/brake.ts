import type { Action, Decision } from "../entry.ts";
import type { Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import { actionsFor } from "../policies/policy.ts";
import type { Ask } from "./ask.ts";
import { isComplete } from "./complete.ts";
import { stopsOn } from "./governor-stops.ts";
import { noteKey } from "./phase.ts";
import { decideBraked } from "./release.ts";
import { whenToTry } from "./retry.ts";

export const BRAKE_TRIES = 3;

/** Brake on early evidence or a hold while the rollout runs; release when the evidence has faded; page when a brake falls silent. */
export function decideBrake(ask: Ask, workload: Workload): Decision | undefined {
  if (ask.standing.braked) return decideBraked(ask, workload);
  const because = brakeReasons(ask);
  if (because.length === 0 || ask.standing.resumed || !canSpread(workload)) return undefined;
  if (ask.record.policy.spec.mode === "observe") return withholdBrake(ask, because, { code: "observe-mode" });
  const stop = stopsOn(workload, ask);
  if (stop !== undefined) return withholdBrake(ask, because, stop);
  return mayBrake(ask, workload) ? { kind: "act", action: brakeAction(ask), because } : undefined;
}

/** Whether a brake could be put on now, whatever the evidence. One that a person took off is not put on again in this guard. */
export function mayBrake(ask: Ask, workload: Workload): boolean {
  const { standing, record } = ask;
  return (
    record.policy.spec.mode === "enforce" &&
    workload.ref.kind === "Deployment" &&
    stopsOn(workload, ask) === undefined &&
    !standing.braked &&
    !standing.resumed &&
    !workload.paused &&
    canSpread(workload) &&
    whenToTry(standing.failures.brake, ask.now, BRAKE_TRIES) === "now"
  );
}

export function brakeAction(ask: Ask): Action {
  const { record, standing } = ask;
  const { templateDigest, new: revision } = record.rollout;
  return {
    id: `${record.name}.brake.${standing.nextSeq}`,
    kind: "brake",
    workload: record.rollout.workload,
    judged: { templateDigest, podTemplateHash: revision.podTemplateHash },
    guard: record.name,
  };
}

/** A rollout that is complete, or that has no pods, cannot go further. */
function canSpread(workload: Workload): boolean {
  return workload.desired > 0 && !isComplete(workload);
}

/** Evidence for a brake or a hold, of a signal whose branch brakes; the one that carries most of the evidence speaks first. */
function brakeReasons(ask: Ask): readonly Reason[] {
  const { guard, verdicts } = ask.judgement;
  const leading = guard.leading === null ? undefined : verdicts[guard.leading];
  const all = leading === undefined ? Object.values(verdicts) : [leading, ...Object.values(verdicts)];
  const loud = all.find(
    ({ signal, state }) =>
      (state === "warn" || state === "breach" || state === "hold") && actionsFor(ask.record.policy, signal).includes("brake"),
  );
  return loud?.because ?? [];
}

function withholdBrake(ask: Ask, because: readonly Reason[], why: Reason): Decision | undefined {
  if (ask.standing.noted.has(noteKey("withheld:brake", why))) return undefined;
  return { kind: "withhold", action: "brake", because: [...because, why] };
}
