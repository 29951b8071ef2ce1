import type { Action, Decision, Reason, Workload } from "../model.ts";
import { actionsFor } from "../policies/policy.ts";
import { type Ask, isComplete } from "./ask.ts";
import { noteKey } from "./phase.ts";

const RELEASE_AFTER_BLOCKS = 4;
const SILENT_BRAKE_MS = 600_000;
const RETRY_MS = 30_000;
const TRIES = 3;

/** Brake on early evidence or a hold while the rollout runs; release when the evidence has faded; page when a brake falls silent. */
export function decideBrake(ask: Ask, workload: Workload): Decision | undefined {
  if (ask.standing.braked) return workload.paused ? (decideRelease(ask) ?? pageSilentBrake(ask)) : undefined;
  const because = brakeReasons(ask);
  if (because.length === 0 || isComplete(workload)) return undefined;
  if (ask.record.policy.spec.mode === "observe") return withholdBrake(ask, because);
  return mayBrake(ask, workload) ? { kind: "act", action: brakeAction(ask), because } : undefined;
}

/** Whether a brake could be put on now, whatever the evidence. One that a person took off is not put on again in this guard. */
export function mayBrake(ask: Ask, workload: Workload): boolean {
  const { standing, record } = ask;
  const failure = standing.failures.brake;
  const rested = failure === undefined || (failure.count < TRIES && ask.now >= failure.at + RETRY_MS * failure.count);
  return (
    record.policy.spec.mode === "enforce" &&
    workload.ref.kind === "Deployment" &&
    !ask.limits.killSwitch &&
    !standing.braked &&
    !workload.paused &&
    !isComplete(workload) &&
    rested
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

function brakeReasons(ask: Ask): readonly Reason[] {
  const { guard, verdicts } = ask.judgement;
  const brakes = (signal: string) => actionsFor(ask.record.policy, signal).includes("brake");
  const leading = guard.leading === null ? undefined : verdicts[guard.leading];
  if (guard.firesBrake && leading !== undefined && brakes(leading.signal)) return leading.because;
  const hold = Object.values(verdicts).find((verdict) => verdict.state === "hold" && brakes(verdict.signal));
  return hold?.because ?? [];
}

function decideRelease(ask: Ask): Decision | undefined {
  const { judgement, standing, record } = ask;
  const failure = standing.failures.release;
  const resting = failure !== undefined && ask.now < failure.at + RETRY_MS * failure.count;
  if (standing.held || resting || judgement.quietBlocks < RELEASE_AFTER_BLOCKS) return undefined;
  return {
    kind: "act",
    action: { id: `${record.name}.release.${standing.nextSeq}`, kind: "release", workload: record.rollout.workload, guard: record.name },
    because: [
      {
        code: "evidence-faded",
        signal: judgement.guard.leading ?? "",
        evidence: judgement.guard.evidence,
        blocks: judgement.quietBlocks,
      },
    ],
  };
}

/** A braked revision that gets no requests can neither be cleared nor condemned: a person must look. */
function pageSilentBrake(ask: Ask): Decision | undefined {
  const since = Math.max(ask.standing.brakedAt ?? ask.now, ask.judgement.lastRequestsAt ?? 0);
  if (ask.now - since < SILENT_BRAKE_MS) return undefined;
  const reason: Reason = {
    code: "no-usable-data",
    signal: ask.judgement.guard.leading ?? "brake",
    outcome: "too-few",
    detail: "the rollout is braked and its pods get no requests; it stays braked until a person resumes it or a new template comes",
    forMs: ask.now - since,
  };
  return ask.standing.noted.has(noteKey("held", reason)) ? undefined : { kind: "hold", because: [reason] };
}

function withholdBrake(ask: Ask, because: readonly Reason[]): Decision | undefined {
  const why: Reason = { code: "observe-mode" };
  if (ask.standing.noted.has(noteKey("withheld:brake", why))) return undefined;
  return { kind: "withhold", action: "brake", because: [...because, why] };
}
