import { HEALED } from "../judging/probe.ts";
import { recoveryOf } from "../judging/recovery.ts";
import { POD_MINUTES } from "../judging/unit.ts";
import type { Decision } from "../entry.ts";
import type { Ms, Revision, Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import { historyReason, triedReason, type Verified, verifyAftermath } from "./aftermath.ts";
import type { Ask } from "./ask.ts";
import { isComplete } from "./complete.ts";
import { drainAction, isThere } from "./drain.ts";
import type { Standing } from "./phase.ts";

/** What we see of the workload may be older than our own patch. */
const STALE_MS: Ms = 15_000;

/**
 * After a rollback: drain, then see that the target is fully rolled out and that what was bad is good again for `blocks` blocks
 * with requests. Otherwise, after `withinMs`, it is unresolved and a person is paged: never tried again blindly.
 */
export function decideVerification(ask: Ask, workload: Workload, rollback: NonNullable<Standing["rollback"]>): Decision {
  const { target, at } = rollback;
  const condemned = ask.record.rollout.new.podTemplateHash;
  const current = workload.current?.podTemplateHash;
  const seen = workload.observedGeneration >= workload.generation;
  if (seen && current !== undefined && current !== target.podTemplateHash && current !== condemned) return superseded(current);
  const isFought = seen && current === condemned;
  if (isFought && ask.now - at > Math.max(STALE_MS, ask.verify.blockMs)) return fought(ask, at);
  const drain = isFought ? undefined : drainAction(ask, target, workload);
  if (drain !== undefined) return { kind: "act", action: drain, because: rollback.because };
  const back = current === target.podTemplateHash && isComplete(workload);
  const verified = back ? verify(ask, target, at) : missing("the old template is not fully rolled out yet");
  if ("reasons" in verified) {
    const history = historyReason(ask.record, ask.standing, workload, target);
    return { kind: "finish", phase: "restored", because: [...verified.reasons, history] };
  }
  if (ask.now - at < ask.verify.withinMs || !ask.judgement.caughtUp) return { kind: "wait", because: [] };
  const isEmpty = workload.desired === 0;
  const detail = isEmpty ? "the old template is back, but the workload was scaled to 0 replicas" : verified.missing;
  return unresolved(ask, detail, at, isEmpty ? [] : verified.because);
}

/** It did not help: what is missing, what is still bad and what was tried, so that a person can go on from there. */
function unresolved(ask: Ask, detail: string, at: Ms, still: readonly Reason[]): Decision {
  const because: readonly Reason[] = [{ code: "not-recovered", detail, afterMs: ask.now - at }, ...still, ...triedReason(ask.record)];
  return { kind: "finish", phase: "unresolved", because };
}

/** What was bad is good again, the restored pods are ready, and their Services reach them. */
function verify(ask: Ask, target: Revision, at: Ms): Verified {
  const recovered = recovery(ask, target.podTemplateHash, at);
  if ("missing" in recovered) return recovered;
  const restored = ask.pods.filter((pod) => pod.podTemplateHash === target.podTemplateHash && isThere(pod, ask.now));
  const around = verifyAftermath(ask.aftermath, restored, ask.now);
  if ("missing" in around) return { ...around, missing: `the old template runs again and what was bad is good, but ${around.missing}` };
  return { reasons: [...recovered.reasons, ...around.reasons] };
}

function superseded(by: string): Decision {
  return { kind: "finish", phase: "superseded", because: [{ code: "superseded", by }] };
}

/** The condemned template is wanted again although we took it back: somebody else writes it. */
function fought(ask: Ask, at: Ms): Decision {
  const detail = "the template that was taken back has been put in place again by somebody else; Rearguard does not fight";
  return unresolved(ask, detail, at, []);
}

/** Reasons when everything that was bad is good again; what is missing while it is not. */
function recovery(ask: Ask, targetHash: string, at: Ms): Verified {
  const causes = ask.standing.rollback?.because ?? [];
  const reasons: Reason[] = [];
  for (const cause of causes) {
    if ((cause.code === "threshold" || cause.code === "failures" || cause.code === "resources") && !isHealed(ask, cause.signal))
      return missing(`the old template runs again, but ${cause.signal} has not healed`, ruleReasons(ask, cause.signal));
    if (cause.code === "alert" && !isSilent(ask, cause.signal))
      return missing(`the old template runs again, but the alert ${cause.name} still fires`);
    if (cause.code === "probe" && !ask.rules.some((rule) => rule.signal === cause.signal && rule.state === "pass"))
      return missing(`the old template runs again, but ${cause.signal} was not good twice in a row since`);
    if (cause.code === "probe") reasons.push({ code: "answers-well", signal: cause.signal, calls: HEALED, afterMs: ask.now - at });
    if (cause.code !== "evidence" && cause.code !== "rate" && cause.code !== "burn-rate") continue;
    const { signal } = cause;
    const state = ask.judgement.counted[signal] ?? ask.judgement.byRule[signal];
    // The block in which the rollback happened still holds requests of the condemned pods' time.
    const recovery = state === undefined ? undefined : recoveryOf(state, at + ask.verify.blockMs, ask.verify.blocks);
    if (recovery === undefined || recovery.state === "waiting" || recovery.badRatio === null) {
      return missing(`the old template runs again, but too few requests came to see whether ${signal} is good again`);
    }
    const { blocks, badRatio, limit } = recovery;
    const unit = cause.code === "evidence" && cause.unit === POD_MINUTES ? { unit: cause.unit } : {};
    if (recovery.state === "still-bad") {
      const still = { code: "still-bad", signal, blocks, badRatio, limit, ...unit } as const;
      return missing(`the old template runs again, but ${signal} is still bad`, [still]);
    }
    reasons.push({ code: "recovered", signal, blocks, badRatio, limit, afterMs: ask.now - at, ...unit });
  }
  const pods = ask.pods.filter((pod) => pod.podTemplateHash === targetHash && isThere(pod, ask.now));
  const ready = pods.filter((pod) => pod.ready).length;
  if (ready < pods.length || ready === 0) return missing(`the old template is back, but ${ready} of ${pods.length} pods are ready`);
  if (reasons.some(({ code }) => code === "recovered")) return { reasons };
  const untested = causes.flatMap(({ code, ...cause }): Reason[] =>
    code === "job" && "signal" in cause
      ? [{ code: "limitation", detail: `the smoke test ${cause.signal} is not run again after a rollback` }]
      : [],
  );
  return { reasons: [...reasons, { code: "pods-ready", ready, of: pods.length, afterMs: ask.now - at }, ...untested] };
}

function missing(words: string, because: readonly Reason[] = []): Verified {
  return { missing: words, because };
}

/** What the rule itself says now, with its numbers. */
function ruleReasons({ rules }: Ask, signal: string): readonly Reason[] {
  return rules.find((rule) => rule.signal === signal)?.because ?? [];
}

/** One that was there before the rollout does not count: it is not what the rollback was for. */
function isSilent({ rules }: Ask, signal: string): boolean {
  const verdict = rules.find((rule) => rule.signal === signal);
  return verdict?.state !== "breach" && verdict?.state !== "warn";
}

/** The rule is over; that its series is gone with the condemned pods will do, that its source does not answer will not. */
function isHealed(ask: Ask, signal: string): boolean {
  const verdict = ask.rules.find((rule) => rule.signal === signal);
  const isOver = verdict?.state === "pass" || verdict?.state === "inconclusive";
  return isOver && ask.judgement.silences[signal]?.outcome !== "error";
}
