import type { Decision, Reason, Workload } from "../model.ts";
import type { Ask } from "./ask.ts";
import { decideBrake } from "./brake.ts";
import { decideBreach } from "./breach.ts";
import { decideEnd, isOverdue } from "./end.ts";
import { decideLost, decidePending } from "./pending.ts";
import { noteKey } from "./phase.ts";
import { releasedFirst } from "./release.ts";
import { decideVerification } from "./verify.ts";

/**
 * What this guard wants now. Pure: the same ask gives the same decision, so a beat that is repeated after a crash decides alike.
 * The order is the meaning: what ended, what was begun, what is certain, what is likely, what is over.
 */
export function decide(ask: Ask): Decision {
  const { workload } = ask;
  if (ask.standing.finished !== undefined) return wait;
  if (workload === undefined || workload.deleting) return { kind: "finish", phase: "aborted", because: [{ code: "workload-deleted" }] };
  const decision = decideOn(ask, workload);
  return decision.kind === "finish" ? releasedFirst(ask, workload, decision) : decision;
}

const wait: Decision = { kind: "wait", because: [] };

function decideOn(ask: Ask, workload: Workload): Decision {
  const { rollback } = ask.standing;
  const successor = supersededBy(ask, workload);
  const begun = decidePending(ask, workload, successor !== undefined);
  if (begun !== undefined) return begun;
  if (rollback !== undefined) return decideVerification(ask, workload, rollback);
  const lost = decideLost(ask, workload);
  if (lost !== undefined) return lost;
  if (successor !== undefined) return { kind: "finish", phase: "superseded", because: [{ code: "superseded", by: successor }] };
  if (isOverdue(ask)) return decideEnd(ask, workload) ?? wait;
  return (
    decideBreach(ask, workload) ?? decideHold(ask) ?? decideBrake(ask, workload) ?? decideEnd(ask, workload) ?? decideSilence(ask) ?? wait
  );
}

/** Another template is wanted than the one that is judged; read from the spec, because a paused workload makes no ReplicaSet for it. */
function supersededBy(ask: Ask, workload: Workload): string | undefined {
  const { rollout } = ask.record;
  const { current } = workload;
  const other = current?.podTemplateHash === rollout.new.podTemplateHash ? undefined : current?.podTemplateHash;
  if (workload.templateDigest !== rollout.templateDigest) return other ?? "a newer template";
  return workload.observedGeneration >= workload.generation ? other : undefined;
}

/** A signal is bad, but not by the new revision's fault, or only in one pod: people are told once. */
function decideHold(ask: Ask): Decision | undefined {
  const holds = [...Object.values(ask.judgement.verdicts), ...ask.rules].filter((verdict) => verdict.state === "hold");
  const because = fresh(
    ask,
    holds.flatMap((verdict) => verdict.because),
  );
  if (because.length === 0) return undefined;
  return { kind: "hold", because };
}

/** Nothing usable from a source for longer than the policy allows: never a rollback, never a pass, told when the policy says so. */
function decideSilence(ask: Ask): Decision | undefined {
  const { after, then } = ask.record.policy.spec.noData;
  if (then !== "alert") return undefined;
  const silent = Object.entries(ask.judgement.silences).flatMap(([signal, { outcome, since, detail }]): Reason[] => {
    const forMs = ask.now - since;
    const unit = ask.judgement.counted[signal]?.limits.unit;
    return forMs < after ? [] : [{ code: "no-usable-data", signal, outcome, detail, forMs, ...(unit === undefined ? {} : { unit }) }];
  });
  const because = fresh(ask, silent);
  return because.length === 0 ? undefined : { kind: "hold", because };
}

function fresh(ask: Ask, reasons: readonly Reason[]): readonly Reason[] {
  return reasons.filter((reason) => !ask.standing.noted.has(noteKey("held", reason)));
}
