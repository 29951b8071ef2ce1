import { recoveryOf } from "../judging/recovery.ts";
import type { Decision, Ms, Reason, Workload } from "../model.ts";
import { type Ask, isComplete } from "./ask.ts";
import { drainAction, isThere } from "./drain.ts";
import type { Standing } from "./phase.ts";

/**
 * After a rollback: drain, then see that the target is fully rolled out and that what was bad is good again for `blocks` blocks
 * with requests. Otherwise, after `withinMs`, it is unresolved and a person is paged: never tried again blindly.
 */
export function decideVerification(ask: Ask, workload: Workload, rollback: NonNullable<Standing["rollback"]>): Decision {
  const { target, at } = rollback;
  const wanted = [target.podTemplateHash, ask.record.rollout.new.podTemplateHash];
  const current = workload.current?.podTemplateHash;
  const seen = workload.observedGeneration >= workload.generation;
  if (seen && current !== undefined && !wanted.includes(current)) return superseded(current);
  if (seen && current === ask.record.rollout.new.podTemplateHash && ask.now - at > ask.verify.blockMs) return fought(ask, at);
  const drain = drainAction(ask, target, workload.desired);
  if (drain !== undefined) return { kind: "act", action: drain, because: rollback.because };
  const back = seen && current === target.podTemplateHash && isComplete(workload);
  const recovered = back ? recovery(ask, target.podTemplateHash, at) : undefined;
  if (recovered !== undefined && recovered.length > 0) return { kind: "finish", phase: "restored", because: recovered };
  if (ask.now - at < ask.verify.withinMs) return { kind: "wait", because: [] };
  const detail = back
    ? "the old template runs again, but what was bad has not become good"
    : "the old template is not fully rolled out yet";
  return { kind: "finish", phase: "unresolved", because: [{ code: "not-recovered", detail, afterMs: ask.now - at }] };
}

function superseded(by: string): Decision {
  return { kind: "finish", phase: "superseded", because: [{ code: "superseded", by }] };
}

/** The condemned template is wanted again although we took it back: somebody else writes it. */
function fought(ask: Ask, at: Ms): Decision {
  const detail = "the template that was taken back has been put in place again by somebody else; Rearguard does not fight";
  return { kind: "finish", phase: "unresolved", because: [{ code: "not-recovered", detail, afterMs: ask.now - at }] };
}

/** Reasons when everything that was bad is good again; undefined while it is not known yet. */
function recovery(ask: Ask, targetHash: string, at: Ms): readonly Reason[] | undefined {
  const causes = (ask.standing.rollback?.because ?? []).flatMap((reason) => (reason.code === "evidence" ? [reason.signal] : []));
  const reasons: Reason[] = [];
  for (const signal of causes) {
    const state = ask.judgement.counted[signal];
    // The block in which the rollback happened still holds requests of the condemned pods' time.
    const recovery = state === undefined ? undefined : recoveryOf(state, at + ask.verify.blockMs);
    if (recovery?.state !== "recovered" || recovery.badRatio === null) return undefined;
    const { blocks, badRatio, limit } = recovery;
    reasons.push({ code: "recovered", signal, blocks, badRatio, limit, afterMs: ask.now - at });
  }
  const pods = ask.pods.filter((pod) => pod.podTemplateHash === targetHash && isThere(pod, ask.now));
  const ready = pods.filter((pod) => pod.ready).length;
  if (ready < pods.length || ready === 0) return undefined;
  return reasons.length > 0 ? reasons : [{ code: "pods-ready", ready, of: pods.length, afterMs: ask.now - at }];
}
