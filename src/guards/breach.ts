import type { Action, Decision } from "../entry.ts";
import type { Revision, Workload } from "../model.ts";
import type { Reason, Verdict } from "../reason.ts";
import { actionsFor } from "../policies/policy.ts";
import { decideCalledOff, decideCountdown } from "./announce.ts";
import type { Ask } from "./ask.ts";
import { brakeAction, mayBrake } from "./brake.ts";
import { forbidsAction, knownBad } from "./governor.ts";
import { noteKey } from "./phase.ts";
import { isOrdered } from "./ordered.ts";
import { isOurBrake } from "./release.ts";
import { whenToTry } from "./retry.ts";

export const ROLLBACK_TRIES = 4;

/** A signal says that the new revision is to blame: roll back, or record why not. */
export function decideBreach(ask: Ask, workload: Workload): Decision | undefined {
  const breaches = breachedVerdicts(ask);
  const acting = breaches.find((verdict) => rollsBack(ask, verdict.signal));
  const undo = acting === undefined ? decideCalledOff(ask) : decideUndo(ask, workload, acting);
  if (undo !== undefined) return undo;
  const silent = breaches.filter((verdict) => !rollsBack(ask, verdict.signal));
  for (const { signal, because } of silent) {
    const told = withholdOnce(ask, because, { code: "policy-only-notifies", signal });
    if (told !== undefined) return told;
  }
  return undefined;
}

/** What breaches now. Certain rules first; of the signals under one confidence the one that carries most of the evidence. */
export function breachedVerdicts(ask: Ask): readonly Verdict[] {
  const { guard, verdicts } = ask.judgement;
  const leading = guard.firesRollback && guard.leading !== null ? verdicts[guard.leading] : undefined;
  const alone = Object.values(verdicts).filter((verdict) => verdict.state === "breach" && !rollsBack(ask, verdict.signal));
  return [...ask.rules.filter((verdict) => verdict.state === "breach"), ...(leading?.state === "breach" ? [leading] : []), ...alone];
}

function rollsBack(ask: Ask, signal: string): boolean {
  return actionsFor(ask.record.policy, signal).includes("rollback");
}

function decideUndo(ask: Ask, workload: Workload, breached: Verdict): Decision | undefined {
  const { because } = breached;
  const target = chooseTarget(ask, workload);
  const forbidden = forbids(ask, workload, target);
  if (forbidden !== undefined || target === undefined) {
    const reason = forbidden ?? nothing("revision-gone");
    // What must not be undone by us can still be kept from spreading until a person has looked.
    if (reason.code !== "observe-mode" && mayBrake(ask, workload)) return { kind: "act", action: brakeAction(ask), because };
    return withholdUndo(ask, because, reason);
  }
  const failure = ask.standing.failures.rollback;
  const when = whenToTry(failure, ask.now, ROLLBACK_TRIES);
  if (when === "later") return { kind: "wait", because };
  if (when === "now") {
    const action = rollbackAction(ask, target, breached.signal);
    return decideCountdown(ask, workload, action, because) ?? { kind: "act", because, action };
  }
  const detail = `the rollback did not succeed in ${failure?.count ?? 0} tries`;
  return withholdUndo(ask, because, ask.standing.refused.rollback?.because ?? { code: "limitation", detail });
}

/** The last completed revision; one that was itself taken back is no way back, then the newest that passed. */
export function chooseTarget(ask: Ask, workload: Workload): Revision | undefined {
  const bad = knownBad(ask.past, workload.ref.uid);
  const condemned = ask.record.rollout.new.podTemplateHash;
  const still = workload.revisions.filter((revision) => revision.podTemplateHash !== condemned && !bad.has(revision.podTemplateHash));
  const wanted = [ask.record.rollout.old?.podTemplateHash, ...ask.passed];
  for (const hash of wanted) {
    const revision = still.find((candidate) => candidate.podTemplateHash === hash);
    if (revision !== undefined) return revision;
  }
  return undefined;
}

/**
 * Why this guard must not roll back to `target` now; undefined when it may. Of what a person ordered (`because` says so) neither the mode
 * is asked nor what was done lately.
 */
export function forbids(ask: Ask, workload: Workload, target: Revision | undefined, because: readonly Reason[] = []): Reason | undefined {
  const { record, standing } = ask;
  const ordered = isOrdered(because);
  if (record.policy.spec.mode === "observe" && !ordered) return { code: "observe-mode" };
  if (standing.cancelled !== undefined && !ordered) {
    return { code: "cancelled", by: standing.cancelled.by, reason: standing.cancelled.reason };
  }
  const owner = workload.owners[0];
  if (owner !== undefined) return { code: "owned", owner: owner.kind, name: owner.name, mark: owner.mark };
  if (record.rollout.old === undefined) return withoutOld(ask, workload);
  if (record.rollout.restartOnly) return nothing("restart-only");
  if (target === undefined) {
    const taken = knownBad(ask.past, workload.ref.uid).has(record.rollout.old.podTemplateHash);
    return nothing(taken ? "target-known-bad" : "revision-gone");
  }
  if (workload.paused && !(standing.braked && isOurBrake(ask, workload))) return { code: "paused-by-other" };
  const { limits, state, now } = ask;
  const lately = ordered ? { past: [], breaches: [] } : { past: ask.past, breaches: ask.breaches };
  const condemns = record.rollout.new.podTemplateHash;
  return forbidsAction({ guard: record.name, kind: "rollback", workload, ...lately, limits, state, now, condemns });
}

/** `old` is absent at a first deploy, but also when an unfinished rollout was undone: its revision never ran complete. */
function withoutOld(ask: Ask, workload: Workload): Reason {
  const fresh = ask.record.rollout.new;
  if (fresh.number <= 1) return nothing("first-deploy");
  if (workload.revisions.every((revision) => revision.podTemplateHash === fresh.podTemplateHash)) return nothing("revision-gone");
  return { code: "limitation", detail: "no other revision was seen complete before this one, so none is known to be a safe way back" };
}

export function nothing(why: Extract<Reason, { code: "nothing-to-undo" }>["why"]): Reason {
  return { code: "nothing-to-undo", why };
}

export function rollbackAction({ record, standing }: Ask, target: Revision, cause: string): Extract<Action, { kind: "rollback" }> {
  const { rollout } = record;
  return {
    id: `${record.name}.rollback.${standing.nextSeq}`,
    kind: "rollback",
    workload: rollout.workload,
    judged: { templateDigest: rollout.templateDigest, podTemplateHash: rollout.new.podTemplateHash },
    target,
    // Recorded, not seen: what the watch shows may be older than our brake, and the action looks at the mark itself.
    braked: standing.braked,
    guard: record.name,
    cause,
  };
}

/** What was announced and is not done is told each time. */
function withholdUndo(ask: Ask, because: readonly Reason[], why: Reason): Decision | undefined {
  if (ask.standing.announced === undefined) return withholdOnce(ask, because, why);
  return { kind: "withhold", action: "rollback", because: [...because, why] };
}

/** Recorded and told once per reason; afterwards the guard goes on to its end. */
function withholdOnce(ask: Ask, because: readonly Reason[], why: Reason): Decision | undefined {
  if (ask.standing.noted.has(noteKey("withheld:rollback", why))) return undefined;
  return { kind: "withhold", action: "rollback", because: [...because, why] };
}
