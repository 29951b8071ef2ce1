import type { Ms, Workload } from "../../model.ts";
import type { Reason } from "../../reason.ts";
import type { Remedy, RemedyDecision } from "../../remediation.ts";
import { noteKey } from "../phase.ts";
import type { RemedyAsk } from "./ask.ts";
import { decideEnd, isScaledElsewhere, leftScaled, owes } from "./end.ts";
import { decidePending } from "./pending.ts";
import { restartsOf, wantsAnother } from "./restart.ts";
import type { RemedyStanding } from "./standing.ts";
import { currentStep, decideStep, holdOnce } from "./step.ts";
import { type Trouble, troubleOf } from "./trouble.ts";
import { verificationOf } from "./verify.ts";

/** No guard lives longer: what lasts is for people by then. */
export const LONGEST: Ms = 86_400_000;

type JobRemedy = Extract<Remedy, { kind: "job" }>;

const wait: RemedyDecision = { kind: "wait" };

/**
 * What a remediation wants now. Pure: the same ask gives the same decision, so a beat that is repeated after a crash decides alike.
 * The order is the meaning: what ended, what a person ordered, what was begun, what is over, what lasts.
 */
export function decideRemedy(ask: RemedyAsk): RemedyDecision {
  const { standing, workload, record } = ask;
  if (standing.finished !== undefined) return wait;
  if (workload === undefined || workload.deleting) {
    const left = isScaledElsewhere(ask) ? leftScaled(ask, "without its workload") : [];
    return { kind: "finish", phase: "aborted", because: [{ code: "workload-deleted" }, ...left] };
  }
  const trouble = troubleOf(ask);
  const order = standing.commands.find(({ kind }) => kind === "abort");
  const begun = decidePending(ask, workload, trouble.state === "over" || order !== undefined);
  if (begun !== undefined) return begun;
  if (order !== undefined) return decideEnd(ask, "aborted", [{ code: "ordered", by: order.by, reason: order.reason }], 0);
  const ended = jobEnded(ask);
  if (ended !== undefined) return { kind: "note", because: [ended] };
  if (trouble.state === "over") return decideOver(ask, trouble);
  if (ask.now - record.openedAt >= LONGEST) {
    const because = [...trouble.because, ...leftScaled(ask, "while the trouble goes on")];
    return { kind: "finish", phase: "unresolved", because };
  }
  if (standing.overSince !== undefined && trouble.state === "on") {
    return { kind: "note", because: [...trouble.because, { code: "trouble-again", afterMs: ask.now - standing.overSince }] };
  }
  return decideTrouble(ask, workload, trouble);
}

/** What the guard is for is over: what was done is seen through, what was scaled is given back. */
function decideOver(ask: RemedyAsk, trouble: Trouble): RemedyDecision {
  const { standing, record, now } = ask;
  if (!standing.begun) return { kind: "finish", phase: record.trigger.kind === "alert" ? "restored" : "passed", because: trouble.because };
  const last = standing.done.findLast(({ sure }) => sure);
  const verified = last === undefined ? undefined : verificationOf(ask, last);
  if (last !== undefined && verified?.state === "waiting" && now - last.at < record.policy.spec.verify.within) return wait;
  const because = distinct([...trouble.because, ...(verified?.because ?? [])]);
  return decideEnd(ask, "restored", [...because, ...givenBack(ask)]);
}

function decideTrouble(ask: RemedyAsk, workload: Workload, trouble: Trouble): RemedyDecision {
  const { standing, record, now } = ask;
  const { within } = record.policy.spec.verify;
  const since = (standing.lastAt ?? standing.stepSince) + runningFor(ask);
  const isLate = now - since >= within;
  // A moment after the opening, and after a restart, not all was asked yet.
  if (trouble.state === "soon" || (!isLate && ask.conditions.some(isUnasked))) return wait;
  if (trouble.state === "unknown") {
    // Pods are not taken away because nobody can tell.
    if (!isLate || owes(ask)) return holdOnce(ask, trouble.because);
    return decideEnd(ask, "inconclusive", trouble.because);
  }
  const unmet = ask.conditions.filter(({ state }) => state !== "holds");
  if (!standing.begun && unmet.length > 0) return holdOnce(ask, [...trouble.because, ...unmet.flatMap(({ because }) => because)]);
  const step = currentStep(ask);
  if (step === undefined) {
    const steps = record.policy.spec.do.length;
    const because: Reason[] = [...trouble.because, { code: "ladder-over", steps, done: standing.done.filter(({ sure }) => sure).length }];
    if (!isLate) return wait;
    // What was not done cannot have failed to help.
    if (record.policy.spec.mode === "observe")
      return { kind: "finish", phase: "inconclusive", because: [...because, { code: "observe-mode" }] };
    return decideUnresolved(ask, because);
  }
  const isDone = standing.done.some((done) => done.step === standing.step && done.sure) || standing.withheld?.observed === true;
  // What was only observed had no chance to help.
  const notHelped: Reason =
    standing.withheld?.observed === true
      ? { code: "observe-mode" }
      : {
          code: "not-helped",
          step: step.kind,
          nth: standing.step + 1,
          of: record.policy.spec.do.length,
          afterMs: now - since,
          withinMs: within,
        };
  if (isDone && hasFailed(ask)) return { kind: "escalate", step: standing.step, because: [...trouble.because, notHelped] };
  if (isDone && isLate) return { kind: "escalate", step: standing.step, because: [...trouble.because, notHelped] };
  if (
    isDone &&
    standing.withheld === undefined &&
    step.kind === "restart" &&
    wantsAnother(ask, step) === "yes" &&
    standing.refused === undefined
  ) {
    const next = decideStep(ask, workload, step, trouble.because);
    // That there is no further pod to restart takes nothing from those that were.
    return next.kind === "withhold" && restartsOf(ask).length > 0 ? wait : next;
  }
  if (isDone) return wait;
  if (standing.withheld !== undefined) return { kind: "escalate", step: standing.step, because: standing.withheld.because.slice(-1) };
  if (standing.refused !== undefined) {
    const { because, detail } = standing.refused;
    return { kind: "escalate", step: standing.step, because: [because ?? { code: "limitation", detail }] };
  }
  return decideStep(ask, workload, step, trouble.because);
}

/**
 * All steps are used up. More pods are not taken away in the middle of the trouble: people are paged, and the guard stays until it is over
 * and they were given back.
 */
function decideUnresolved(ask: RemedyAsk, because: readonly Reason[]): RemedyDecision {
  if (!owes(ask)) return { kind: "finish", phase: "unresolved", because };
  const told = ask.standing.noted.has(noteKey("held", { code: "ladder-over", steps: 0, done: 0 }));
  return told ? wait : { kind: "hold", because };
}

function givenBack({ standing }: RemedyAsk): Reason[] {
  const { restored } = standing;
  const first = standing.done.find(({ action }) => action.kind === "scale");
  if (restored === undefined || first === undefined || restored.receipt.outcome === "refused") return [];
  const { from, to } = restored.action;
  return [{ code: "given-back", from: from ?? 0, to, heldMs: restored.at - first.at }];
}

function isUnasked({ state, because }: RemedyAsk["conditions"][number]): boolean {
  return state === "unknown" && because.length === 0;
}

/** The end of a Job is written down once, with its log. */
function jobEnded({ standing, job }: RemedyAsk): Reason | undefined {
  const last = lastJob(standing);
  if (last === undefined || job === undefined || standing.jobs[last.id] !== undefined || job.outcome === "running") return undefined;
  if (job.outcome === "error" && !job.final) return undefined;
  const detail = "detail" in job ? job.detail : "";
  return { code: "job-ended", job: last.job, outcome: job.outcome, detail, log: "log" in job ? (job.log ?? "") : "" };
}

export function lastJob({ done }: RemedyStanding): JobRemedy | undefined {
  const last = done.findLast(({ sure }) => sure)?.action;
  return last?.kind === "job" ? last : undefined;
}

/** A Job that runs has its own time, before the time in which it has to help. */
function runningFor({ standing }: RemedyAsk): Ms {
  const last = lastJob(standing);
  return last === undefined || standing.jobs[last.id] !== undefined ? 0 : last.timeoutMs;
}

function hasFailed({ standing }: RemedyAsk): boolean {
  const last = lastJob(standing);
  return last !== undefined && (standing.jobs[last.id] === "failed" || standing.jobs[last.id] === "error");
}

function distinct(reasons: readonly Reason[]): readonly Reason[] {
  const seen = new Set<string>();
  return reasons.filter((reason) => {
    const key = JSON.stringify(reason);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}
