import type { Action, Decision } from "../entry.ts";
import type { Ms, Workload } from "../model.ts";
import type { Reason, Verdict } from "../reason.ts";
import type { Ask } from "./ask.ts";
import { brakingGuard } from "./brake-mark.ts";
import { isComplete } from "./complete.ts";
import { stopsEverything } from "./governor-stops.ts";
import { noteKey } from "./phase.ts";
import { whenToTry } from "./retry.ts";

const RELEASE_AFTER_BLOCKS = 4;
const SILENT_BRAKE_MS: Ms = 600_000;
/** What we see of the workload may be older than our own brake, but not by more than this. */
const STALE_MS: Ms = 120_000;
const TRIES = 10;

/** Our brake lies on the workload: take it off when its reason has gone, or tell that it stays. */
export function decideBraked(ask: Ask, workload: Workload): Decision | undefined {
  const because = releaseReasons(ask, workload);
  if (because.length === 0) return pageBrake(ask);
  const stop = stopsEverything(ask);
  if (stop !== undefined) return withholdRelease(ask, because, stop);
  return whenToTry(ask.standing.failures.release, ask.now, TRIES) === "now"
    ? { kind: "act", action: releaseAction(ask), because }
    : pageBrake(ask);
}

/**
 * No guard ends while its brake lies on the workload: nobody would be left to release it. Where it cannot be taken off the end is
 * `unresolved` and says so. A pause of all action ends some time, so the guard waits for that.
 */
export function releasedFirst(ask: Ask, workload: Workload, end: Extract<Decision, { kind: "finish" }>): Decision {
  const { braked, unsureBrake } = ask.standing;
  const { killSwitch } = ask.limits;
  // Of a brake whose answer was lost nobody knows; what we see of the workload may be older than it.
  const isThere = braked || (unsureBrake && (!killSwitch || isOurBrake(ask, workload)));
  if (!isThere) return end;
  const stop = stopsEverything(ask);
  if (stop !== undefined && !killSwitch) return withholdRelease(ask, end.because, stop) ?? { kind: "wait", because: end.because };
  const when = killSwitch ? "never" : whenToTry(ask.standing.failures.release, ask.now, TRIES);
  if (when === "now") return { kind: "act", action: releaseAction(ask), because: end.because };
  if (when === "later") return { kind: "wait", because: end.because };
  const detail = killSwitch
    ? "the brake of this guard still pauses the rollout: governor.killSwitch is on, nothing is changed in the cluster"
    : "the brake of this guard still pauses the rollout: it could not be released";
  return { kind: "finish", phase: "unresolved", because: [...end.because, { code: "limitation", detail }] };
}

/** Told once: the brake stays while nothing may be changed. */
function withholdRelease(ask: Ask, because: readonly Reason[], stop: Reason): Decision | undefined {
  if (ask.standing.noted.has(noteKey("withheld:release", stop))) return undefined;
  return { kind: "withhold", action: "release", because: [...because, stop] };
}

function releaseAction({ record, standing }: Ask): Action {
  return { id: `${record.name}.release.${standing.nextSeq}`, kind: "release", workload: record.rollout.workload, guard: record.name };
}

function releaseReasons(ask: Ask, workload: Workload): readonly Reason[] {
  if (!workload.paused) return isTakenOff(ask, workload) ? [takenOff] : [];
  // A pause would hold back nothing but the next rollout.
  if (isComplete(workload)) return [{ code: "limitation", detail: "the rollout is complete: a brake has nothing left to hold back" }];
  const blocks = quietBlocks(ask);
  if (ask.standing.held || blocks < RELEASE_AFTER_BLOCKS || !ask.judgement.caughtUp) return [];
  if ([...ask.rules, ...Object.values(ask.judgement.verdicts)].some(isTrouble)) return [];
  const { guard, counted } = ask.judgement;
  const [alone] = Object.entries(counted);
  if (guard.leading !== null) return [{ code: "evidence-faded", signal: guard.leading, evidence: guard.evidence, blocks }];
  if (alone !== undefined) return [{ code: "evidence-faded", signal: alone[0], evidence: alone[1].evidence.e, blocks }];
  return ask.rules.flatMap((verdict) => verdict.because);
}

const takenOff: Reason = { code: "conflict", detail: "the rollout was resumed by somebody else; this guard brakes it no more" };

/** The workload is paused and carries this guard's mark. */
export function isOurBrake(ask: Ask, workload: Workload): boolean {
  return workload.paused && brakingGuard(workload.annotations) === ask.record.name;
}

/** `kubectl rollout resume` leaves our annotation where it is; without it, only time tells a resumed rollout from a late watch. */
function isTakenOff(ask: Ask, workload: Workload): boolean {
  const isMarked = brakingGuard(workload.annotations) === ask.record.name;
  return isMarked || ask.now - (ask.standing.brakedAt ?? ask.now) >= STALE_MS;
}

/** A policy without counted signals has no blocks: the time that its rules have had is counted in their place. */
function quietBlocks({ judgement, standing, now, verify }: Ask): number {
  if (judgement.quietBlocks !== Infinity) return judgement.quietBlocks;
  return Math.floor((now - (standing.brakedAt ?? now)) / verify.blockMs);
}

function isTrouble(verdict: Verdict): boolean {
  return verdict.state === "breach" || verdict.state === "hold";
}

/** A braked revision that gets no requests can neither be cleared nor condemned, and one that hovers is not: a person must look. */
function pageBrake(ask: Ask): Decision | undefined {
  const { judgement, standing, now, record } = ask;
  const brakedAt = standing.brakedAt ?? now;
  const pages: Reason[] = [];
  const silentFor = now - Math.max(brakedAt, judgement.lastRequestsAt ?? 0);
  const isCounted = judgement.guard.leading !== null || Object.keys(judgement.counted).length > 0;
  if (isCounted && silentFor >= SILENT_BRAKE_MS) {
    const detail = "the rollout is braked and its pods get no requests; it stays braked until a person resumes it or a new template comes";
    pages.push({ code: "no-usable-data", signal: "brake", outcome: "too-few", detail, forMs: silentFor });
  }
  if (now - brakedAt >= Math.max(SILENT_BRAKE_MS, record.policy.spec.window)) {
    const detail = "the rollout has been braked for a whole window; it stays braked until a person resumes it or a new template comes";
    pages.push({ code: "limitation", detail });
  }
  const because = pages.filter((reason) => !standing.noted.has(noteKey("held", reason)));
  return because.length === 0 ? undefined : { kind: "hold", because };
}
