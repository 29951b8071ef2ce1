import type { FinalPhase } from "../../entry.ts";
import type { Ms } from "../../model.ts";
import type { Reason } from "../../reason.ts";
import type { RemedyDecision } from "../../remediation.ts";
import { stepOf } from "../../policies/remediation-steps.ts";
import { stopsEverything } from "../governor-stops.ts";
import { whenToTry } from "../retry.ts";
import type { RemedyAsk } from "./ask.ts";
import type { Done, RemedyStanding, Scale } from "./standing.ts";
import { holdOnce } from "./step.ts";

const RESTORE_TRIES = 10;

/**
 * No guard ends while what it scaled was not given back: nobody would be left to do it. `restoreAfterMs` in place of the policy's time, 0
 * for a person who ends the guard now. Where it cannot be given back the end is `unresolved` and says so.
 */
export function decideEnd(ask: RemedyAsk, phase: FinalPhase, because: readonly Reason[], restoreAfterMs?: Ms): RemedyDecision {
  const { standing, now } = ask;
  const owed = owedOf(ask);
  if (owed === undefined) {
    const isLost = standing.restored?.receipt.outcome === "refused";
    const detail = `what was scaled was not given back: ${standing.restored?.receipt.detail ?? ""}`;
    return { kind: "finish", phase, because: isLost ? [...because, { code: "limitation", detail }] : because };
  }
  const after = restoreAfterMs ?? owed.restoreAfterMs;
  const isOver = phase === "restored";
  if (isOver && standing.overSince === undefined && after > 0) {
    return { kind: "note", because: [...because, { code: "over-for-now", afterMs: now - owed.first.at, restoreInMs: after }] };
  }
  const since = isOver ? standing.overSince : standing.lastAt;
  if (after > 0 && now - (since ?? now) < after) return { kind: "wait" };
  // The other way round, its count would be nobody's any more.
  if (ask.scaledSince !== undefined) {
    return holdOnce(ask, [
      ...because,
      { code: "limitation", detail: `guard ${ask.scaledSince} scaled it further, and gives that back first` },
    ]);
  }
  // Only what forbids every change: to give back is no new deed.
  const stop = stopsEverything(ask);
  if (stop !== undefined) return holdOnce(ask, [...because, stop]);
  const tries = whenToTry(standing.restoreFailure, now, RESTORE_TRIES);
  if (tries === "later") return { kind: "wait" };
  if (tries === "now") return { kind: "act", step: owed.last.step, action: restoreAction(ask, owed), because };
  const detail = `what was scaled could not be given back in ${standing.restoreFailure?.count ?? 0} tries`;
  return { kind: "finish", phase: "unresolved", because: [...because, { code: "limitation", detail }] };
}

interface Owed {
  readonly first: Done & { readonly action: Scale };
  readonly last: Done & { readonly action: Scale };
  readonly restoreAfterMs: Ms;
}

/**
 * Several scales are given back at once: from what the last one wrote to what the first one found, as far as each began where the one before
 * it had left off. What somebody set between two of them is theirs: 4 to 6, by hand to 9, 9 to 11: 9 is given back.
 */
function owedOf({ record, standing }: Pick<RemedyAsk, "record" | "standing">): Owed | undefined {
  const owed = standing.owed.flatMap((done) => (done.action.kind === "scale" ? [{ ...done, action: done.action }] : []));
  const kept = owed.filter(({ step }) => restoreAfterOf(record.policy.spec.do[step]) !== "never");
  const last = kept.at(-1);
  if (last === undefined) return undefined;
  let first = last;
  for (const before of kept.slice(0, -1).toReversed()) {
    if (!leadsTo(before, first)) break;
    first = before;
  }
  const after = restoreAfterOf(record.policy.spec.do[last.step]);
  return { first, last, restoreAfterMs: after === "never" ? 0 : after };
}

/** `next` began with what this one wrote, or with what it was to change and surely did not. */
function leadsTo({ action, sure }: Owed["first"], { action: next }: Owed["first"]): boolean {
  if (scalerOf(action) !== scalerOf(next)) return false;
  return action.to === next.from || (!sure && action.from === next.from);
}

function scalerOf({ owner }: Scale): string {
  return owner.kind === "workload" ? "" : `${owner.kind === "hpa" ? "HorizontalPodAutoscaler" : "ScaledObject"} ${owner.name}`;
}

/** Said at an end that leaves what was scaled as it is; nothing where nothing was. `why` completes "is not given back". */
export function leftScaled(ask: Pick<RemedyAsk, "record" | "standing">, why: string): readonly Reason[] {
  const owed = owedOf(ask);
  if (owed === undefined) return [];
  const [from, to] = [owed.first.action.from ?? "none", owed.last.action.to ?? "none"];
  const scaler = scalerOf(owed.last.action);
  const detail = `what was scaled is not given back ${why}: ${to} instead of ${from}${scaler === "" ? "" : ` at ${scaler}`}`;
  return [{ code: "limitation", detail }];
}

/** Whether what was scaled outlives the workload. */
export function isScaledElsewhere({ standing }: Pick<RemedyAsk, "standing">): boolean {
  return standing.owed.some(({ action }) => action.kind === "scale" && action.owner.kind !== "workload");
}

function restoreAfterOf(written: RemedyAsk["record"]["policy"]["spec"]["do"][number] | undefined): Ms | "never" {
  const step = written === undefined ? undefined : stepOf(written);
  return step?.kind === "scale" ? step.restoreAfter : "never";
}

function restoreAction({ record, standing }: RemedyAsk, { first, last }: Owed): Scale {
  return {
    id: `${record.name}.restore.${standing.nextSeq}`,
    kind: "scale",
    workload: record.workload,
    owner: last.action.owner,
    from: last.action.to,
    to: first.action.from,
    purpose: "restore",
    guard: record.name,
  };
}

/** When it scaled last what it has to give back; undefined where there is nothing. */
export function owesSince({ record, standing }: Pick<RemedyAsk, "record" | "standing">): Ms | undefined {
  return owedOf({ record, standing })?.last.at;
}

/** Whether anything has to be given back before the guard may end. */
export function owes(ask: { readonly record: RemedyAsk["record"]; readonly standing: RemedyStanding }): boolean {
  return ask.standing.owed.some(({ step }) => restoreAfterOf(ask.record.policy.spec.do[step]) !== "never");
}
