import type { Decision } from "../entry.ts";
import type { Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { Ask } from "./ask.ts";
import { decideBrake } from "./brake.ts";
import { decideBreach } from "./breach.ts";
import { decideAbort, decideUndoOrder } from "./command.ts";
import { decideEnd, isOverdue } from "./end.ts";
import { decideLogNews } from "./log-news.ts";
import { decideNote } from "./note.ts";
import { decideLost, decidePending } from "./pending.ts";
import { decideEarlyPass } from "./pass-early.ts";
import { noteKey } from "./phase.ts";
import { releasedFirst } from "./release.ts";
import { decideBlind, decideSilence } from "./silence.ts";
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
  const aborted = decideAbort(ask);
  if (aborted !== undefined) return aborted;
  if (rollback !== undefined) return decideVerification(ask, workload, rollback);
  const lost = decideLost(ask, workload);
  if (lost !== undefined) return lost;
  if (successor !== undefined) return { kind: "finish", phase: "superseded", because: [{ code: "superseded", by: successor }] };
  const ordered = decideUndoOrder(ask, workload);
  if (ordered !== undefined) return ordered;
  if (isOverdue(ask)) return decideEnd(ask, workload) ?? wait;
  return (
    decideBreach(ask, workload) ??
    decideHold(ask) ??
    decideBrake(ask, workload) ??
    decideBlind(ask) ??
    decideEnd(ask, workload) ??
    decideEarlyPass(ask) ??
    decideSilence(ask) ??
    decideTraffic(ask) ??
    decideCertificates(ask) ??
    decideNote(ask) ??
    decideLogNews(ask) ??
    wait
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

/** New pods without their share of the requests are told of once: what hardly reaches them hardly shows what they do. */
function decideTraffic(ask: Ask): Decision | undefined {
  const because = fresh(ask, ask.judgement.traffic);
  return because.length === 0 ? undefined : { kind: "hold", because };
}

/** A certificate that runs out is told of once. */
function decideCertificates(ask: Ask): Decision | undefined {
  const because = fresh(ask, ask.judgement.certificates ?? []);
  return because.length === 0 ? undefined : { kind: "hold", because };
}

function fresh(ask: Ask, reasons: readonly Reason[]): readonly Reason[] {
  return reasons.filter((reason) => !ask.standing.noted.has(noteKey("held", reason)));
}
