import type { Decision, Reason, Revision, Verdict, Workload } from "../model.ts";
import { actionsFor } from "../policies/policy.ts";
import type { Ask } from "./ask.ts";
import { brakeAction, mayBrake } from "./brake.ts";
import { forbidsRollback, knownBad } from "./governor.ts";
import { noteKey } from "./phase.ts";

/** Time between two tries of an action that failed, times the number of tries. */
const RETRY_MS = 30_000;
const TRIES = 4;

/** A signal says that the new revision is to blame: roll back, or record why not. */
export function decideBreach(ask: Ask, workload: Workload): Decision | undefined {
  const breached = breachedVerdict(ask);
  if (breached === undefined) return undefined;
  const because = breached.because;
  if (!actionsFor(ask.record.policy, breached.signal).includes("rollback")) {
    return withhold(ask, because, [{ code: "policy-only-notifies", signal: breached.signal }]);
  }
  const target = chooseTarget(ask, workload);
  const forbidden = forbids(ask, workload, target);
  if (forbidden !== undefined || target === undefined) {
    const reason = forbidden ?? nothing("revision-gone");
    // What must not be undone by us can still be kept from spreading until a person has looked.
    if (reason.code !== "observe-mode" && mayBrake(ask, workload)) return { kind: "act", action: brakeAction(ask), because };
    return withhold(ask, because, [reason]);
  }
  return waitAfterFailure(ask, because) ?? { kind: "act", because, action: rollbackAction(ask, workload, target, breached) };
}

/** Certain rules first; of the statistical signals the one that carries most of the evidence. */
function breachedVerdict(ask: Ask): Verdict | undefined {
  const rule = ask.rules.find((verdict) => verdict.state === "breach");
  if (rule !== undefined) return rule;
  const { firesRollback, leading } = ask.judgement.guard;
  if (!firesRollback || leading === null) return undefined;
  const verdict = ask.judgement.verdicts[leading];
  return verdict === undefined || verdict.state === "hold" ? undefined : verdict;
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

function forbids(ask: Ask, workload: Workload, target: Revision | undefined): Reason | undefined {
  const { record, standing } = ask;
  if (record.policy.spec.mode === "observe") return { code: "observe-mode" };
  const owner = workload.owners[0];
  if (owner !== undefined) return { code: "owned", owner: owner.kind, name: owner.name, mark: owner.mark };
  if (record.rollout.old === undefined) return nothing("first-deploy");
  if (record.rollout.restartOnly) return nothing("restart-only");
  if (target === undefined) {
    const taken = knownBad(ask.past, workload.ref.uid).has(record.rollout.old.podTemplateHash);
    return nothing(taken ? "target-known-bad" : "revision-gone");
  }
  if (workload.paused && !standing.braked) return { code: "paused-by-other" };
  return forbidsRollback({ guard: record.name, workload, past: ask.past, limits: ask.limits, now: ask.now });
}

function nothing(why: Extract<Reason, { code: "nothing-to-undo" }>["why"]): Reason {
  return { code: "nothing-to-undo", why };
}

function rollbackAction(ask: Ask, workload: Workload, target: Revision, breached: Verdict) {
  const { record, standing } = ask;
  return {
    id: `${record.name}.rollback.${standing.nextSeq}`,
    kind: "rollback",
    workload: record.rollout.workload,
    judged: { templateDigest: record.rollout.templateDigest, podTemplateHash: record.rollout.new.podTemplateHash },
    target,
    braked: standing.braked && workload.paused,
    guard: record.name,
    cause: breached.signal,
  } as const;
}

/** A refused or failed rollback is tried again with growing pauses, then left to people. */
function waitAfterFailure(ask: Ask, because: readonly Reason[]): Decision | undefined {
  const failure = ask.standing.failures.rollback;
  if (failure === undefined) return undefined;
  if (failure.count < TRIES && ask.now < failure.at + RETRY_MS * failure.count) return { kind: "wait", because };
  if (failure.count < TRIES) return undefined;
  const refusal = ask.standing.refused.rollback;
  return withhold(ask, because, [
    refusal?.because ?? { code: "limitation", detail: `the rollback did not succeed in ${failure.count} tries` },
  ]);
}

/** Recorded and told once per reason. */
function withhold(ask: Ask, because: readonly Reason[], why: readonly Reason[]): Decision {
  const told = why.every((reason) => ask.standing.noted.has(noteKey("withheld:rollback", reason)));
  if (told) return { kind: "wait", because: [...because, ...why] };
  return { kind: "withhold", action: "rollback", because: [...because, ...why] };
}
