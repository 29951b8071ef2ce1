import type { Decision, Reason, Workload } from "../model.ts";
import type { Ask } from "./ask.ts";
import { decideBrake } from "./brake.ts";
import { decideBreach } from "./breach.ts";
import { decideEnd } from "./end.ts";
import { noteKey } from "./phase.ts";
import { decideVerification } from "./verify.ts";

/**
 * What this guard wants now. Pure: the same ask gives the same decision, so a beat that is repeated after a crash decides alike.
 * The order is the meaning: what ended, what was begun, what is certain, what is likely, what is over.
 */
export function decide(ask: Ask): Decision {
  const { standing, workload } = ask;
  if (standing.finished !== undefined) return wait;
  if (workload === undefined || workload.deleting) return { kind: "finish", phase: "aborted", because: [{ code: "workload-deleted" }] };
  if (standing.pending !== undefined) return { kind: "act", action: standing.pending.action, because: standing.pending.because };
  if (standing.rollback !== undefined) return decideVerification(ask, workload, standing.rollback);
  const successor = supersededBy(ask, workload);
  if (successor !== undefined) return decideSuperseded(ask, workload, successor);
  return (
    decideBreach(ask, workload) ?? decideHold(ask) ?? decideBrake(ask, workload) ?? decideEnd(ask, workload) ?? decideSilence(ask) ?? wait
  );
}

const wait: Decision = { kind: "wait", because: [] };

/** Another template is wanted than the one that is judged; read from the spec, because a paused workload makes no ReplicaSet for it. */
function supersededBy(ask: Ask, workload: Workload): string | undefined {
  const { rollout } = ask.record;
  if (workload.templateDigest !== rollout.templateDigest) return workload.current?.podTemplateHash ?? "a newer template";
  const { current } = workload;
  const seen = workload.observedGeneration >= workload.generation;
  if (seen && current !== undefined && current.podTemplateHash !== rollout.new.podTemplateHash) return current.podTemplateHash;
  return undefined;
}

/** The brake goes in the same beat: whoever wrote the new template wants it rolled out. */
function decideSuperseded(ask: Ask, workload: Workload, by: string): Decision {
  const because: readonly Reason[] = [{ code: "superseded", by }];
  if (ask.standing.braked && workload.paused && (ask.standing.failures.release?.count ?? 0) < 3) {
    return {
      kind: "act",
      because,
      action: {
        id: `${ask.record.name}.release.${ask.standing.nextSeq}`,
        kind: "release",
        workload: ask.record.rollout.workload,
        guard: ask.record.name,
      },
    };
  }
  return { kind: "finish", phase: "superseded", because };
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
    return forMs < after ? [] : [{ code: "no-usable-data", signal, outcome, detail, forMs }];
  });
  const because = fresh(ask, silent);
  return because.length === 0 ? undefined : { kind: "hold", because };
}

function fresh(ask: Ask, reasons: readonly Reason[]): readonly Reason[] {
  return reasons.filter((reason) => !ask.standing.noted.has(noteKey("held", reason)));
}
