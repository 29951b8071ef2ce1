import type { Ms, Workload } from "../../model.ts";
import type { Reason } from "../../reason.ts";
import type { Remedy, RemedyDecision, RemedyKind, Scaling } from "../../remediation.ts";
import { type Step, stepOf } from "../../policies/remediation-steps.ts";
import { isThere } from "../drain.ts";
import { forbidsAction } from "../governor.ts";
import { stopsOn } from "../governor-stops.ts";
import { isTooLateForJob } from "../job.ts";
import { noteKey } from "../phase.ts";
import { whenToTry } from "../retry.ts";
import type { Facts, RemedyAsk } from "./ask.ts";
import { planRestart } from "./restart.ts";
import { planRollback } from "./plan-rollback.ts";
import { planScale } from "./plan-scale.ts";
import { isSeen } from "./verify.ts";

const STEP_TRIES = 4;

/** An action, why there is none, or a source that has to answer first. */
export type Plan =
  | { readonly kind: "do"; readonly action: Remedy; readonly because: Reason }
  | { readonly kind: "cannot"; readonly why: Reason }
  /** Without a reason it will be known in a moment, and that is nobody's news. */
  | { readonly kind: "ask-again"; readonly why?: Reason };

/** The step that is up, not done yet. `because`: what is wrong. */
export function decideStep(ask: RemedyAsk, workload: Workload, step: Step, because: readonly Reason[]): RemedyDecision {
  const { standing, facts } = ask;
  const at = standing.step;
  if (step.kind === "notify") return { kind: "note", step: at, because };
  const known = facts?.step === at ? facts : undefined;
  if (step.kind === "diagnose") {
    return known?.kind === "diagnose" ? { kind: "note", step: at, because: [...because, ...known.because] } : { kind: "look", step: at };
  }
  const hold = holdOf(ask, workload);
  if (hold !== undefined) return holdOnce(ask, [...because, hold]);
  const tries = whenToTry(standing.failure, ask.now, STEP_TRIES);
  if (tries === "later") return { kind: "wait" };
  if (tries === "never") {
    return withhold(at, step.kind, [
      ...because,
      { code: "limitation", detail: `it did not succeed in ${standing.failure?.count ?? 0} tries` },
    ]);
  }
  // It may have gone through: the very same again finds that out, another one would be a second.
  const unsure = standing.done.findLast((done) => done.step === at && !done.sure);
  const gone = unsure === undefined ? undefined : isLongGone(unsure.action, unsure.since, ask.now);
  if (gone !== undefined) return withhold(at, step.kind, [...because, gone]);
  if (unsure !== undefined) return allowed(ask, workload, unsure.action, because);
  if (known === undefined) return { kind: "look", step: at };
  const plan = planOf(ask, workload, step, known);
  if (plan.kind === "ask-again") return plan.why === undefined ? { kind: "wait" } : holdOnce(ask, [...because, plan.why]);
  if (plan.kind === "cannot") return withhold(at, step.kind, [...because, plan.why]);
  return allowed(ask, workload, plan.action, [...because, plan.because]);
}

/** The last word before anything is done: the mode of the policy, then the governor. */
function allowed(ask: RemedyAsk, workload: Workload, action: Remedy, because: readonly Reason[]): RemedyDecision {
  const { standing, record } = ask;
  if (isBlind(ask, action)) return { kind: "wait" };
  const why = forbids(ask, workload, action);
  if (why !== undefined) return withhold(standing.step, action.kind, [...because, why]);
  if (record.policy.spec.mode === "observe") return withhold(standing.step, action.kind, [...because, { code: "observe-mode" }]);
  return { kind: "act", step: standing.step, action, because };
}

/** Also what was begun before a crash has to pass here again. */
export function forbids(ask: RemedyAsk, workload: Workload, action: Remedy): Reason | undefined {
  const { record, past, limits, state, now, breaches } = ask;
  if (record.policy.spec.mode === "observe") return undefined;
  return forbidsAction({
    guard: record.name,
    kind: action.kind,
    workload,
    past,
    limits,
    state,
    now,
    breaches,
    action: action.id,
    ...(action.kind === "rollback" ? { condemns: action.judged.podTemplateHash } : {}),
    ...(action.kind === "restart" ? { readyAfter: readyWithout(ask, action.pod.uid) } : {}),
  });
}

/** A Job is found by its name as long as Kubernetes keeps it; later a second one would run. */
export function isLongGone(action: Remedy, since: Ms, now: Ms): Reason | undefined {
  if (action.kind !== "job" || !isTooLateForJob({ startedAt: since }, action, now)) return undefined;
  return { code: "limitation", detail: `nobody knows what came of the Job ${action.job}, and it is not run twice` };
}

/** How many would be left ready is not known before the pods were listed, as right after a restart. */
export function isBlind({ pods }: RemedyAsk, action: Remedy): boolean {
  return action.kind === "restart" && pods === undefined;
}

function readyWithout({ pods = [], now }: RemedyAsk, uid: string): number {
  return pods.filter((pod) => pod.ready && isThere(pod, now) && pod.uid !== uid).length;
}

/** Why nothing may be changed just now, which will pass by itself or by somebody else: no step is used up by it. */
export function holdOf(ask: RemedyAsk, workload: Workload): Reason | undefined {
  const { rolloutGuard, record } = ask;
  const stop = record.policy.spec.mode === "observe" ? undefined : stopsOn(workload, ask);
  if (stop !== undefined) return stop;
  if (rolloutGuard !== undefined) return { code: "rollout-guard", guard: rolloutGuard };
  if (workload.paused) return { code: "paused-by-other" };
  const { updated, desired, replicas } = workload;
  if (!isSeen(workload) || updated < desired || replicas > updated) return { code: "progressing", updated, desired, replicas };
  return undefined;
}

function planOf(ask: RemedyAsk, workload: Workload, step: Step, facts: Facts): Plan {
  const { record, standing } = ask;
  const id = (kind: RemedyKind) => `${record.name}.${kind}.${standing.nextSeq}`;
  const common = { workload: record.workload, guard: record.name };
  if (step.kind === "scale" && facts.kind === "scale") {
    if ("problem" in facts.scaling) return { kind: "ask-again", why: { code: "limitation", detail: facts.scaling.problem } };
    const undone = undoneBy(workload, facts.scaling);
    if (undone !== undefined) return { kind: "cannot", why: undone };
    const plan = planScale(step, facts.scaling);
    if ("why" in plan) return { kind: "cannot", why: plan.why };
    const { owner, least } = facts.scaling;
    const action = { ...common, id: id("scale"), kind: "scale", owner, from: least, to: plan.to, purpose: "remedy" } as const;
    return { kind: "do", action, because: plan.because };
  }
  if (step.kind === "restart" && facts.kind === "restart") return planRestart(ask, step, facts, id("restart"));
  if (step.kind === "rollback" && facts.kind === "rollback") {
    const plan = planRollback(ask, workload, step.within, facts);
    if ("why" in plan) return { kind: "cannot", why: plan.why };
    const judged = { templateDigest: workload.templateDigest, podTemplateHash: plan.current.podTemplateHash };
    const cause = record.policy.metadata.name;
    const action = { ...common, id: id("rollback"), kind: "rollback", judged, target: plan.target, braked: false, cause } as const;
    return { kind: "do", action, because: plan.because };
  }
  if (step.kind === "job" && facts.kind === "job") {
    const job = jobNameOf(record.name, standing.step);
    const action = { ...common, id: id("job"), kind: "job", job, template: step.pod, timeoutMs: step.timeout } as const;
    return { kind: "do", action, because: { code: "plan-job", job } };
  }
  return { kind: "ask-again" };
}

/** Whoever keeps the count of the workload as it is written elsewhere. Helm writes only when somebody calls it. */
function undoneBy({ owners }: Workload, { owner }: Scaling): Reason | undefined {
  if (owner.kind !== "workload") return undefined;
  const mark = owners.find(({ kind }) => kind !== "helm" && kind !== "flux-helm");
  return mark === undefined ? undefined : { code: "owned", owner: mark.kind, name: mark.name, mark: mark.mark };
}

/** The same at each try, so that two creations are a conflict. */
function jobNameOf(guard: string, step: number): string {
  return `${guard.slice(0, 50)}-step-${step + 1}`;
}

/** The step that is up; undefined when all are used up. */
export function currentStep({ record, standing }: Pick<RemedyAsk, "record" | "standing">): Step | undefined {
  const written = record.policy.spec.do[standing.step];
  return written === undefined ? undefined : stepOf(written);
}

export function withhold(step: number, action: RemedyKind, because: readonly Reason[]): RemedyDecision {
  return { kind: "withhold", step, action, because };
}

/** Each reason is told once. */
export function holdOnce({ standing }: RemedyAsk, because: readonly Reason[]): RemedyDecision {
  const [why] = because.slice(-1);
  if (why === undefined || standing.noted.has(noteKey("held", why))) return { kind: "wait" };
  return { kind: "hold", because };
}
