// The cluster of a replay: Deployments that move as the data's steps say, as far as the guards let them.
import { brakedBy } from "../../src/guards/brake-mark.ts";
import type { Action, Receipt } from "../../src/entry.ts";
import type { Ms, Revision, Workload, WorkloadRef } from "../../src/model.ts";
import { type LivePod, podState } from "./live-pod.ts";
import type { ReplayRollout } from "./replay-case.ts";

export const namespace = "shop";
/** A restored pod takes as long as the data's pods took. */
const STARTING: Ms = 65_000;
/** The next look at the cluster comes up to so much after what happened in it. */
const LATE: Ms = 5000;

export interface LiveWorkload {
  readonly plan: ReplayRollout;
  readonly ref: WorkloadRef;
  readonly pods: Map<string, LivePod>;
  stage: "before" | "rolling" | "back";
  /** Steps whose pods were created, and steps whose old pods are gone. */
  begun: number;
  ended: number;
  braked: { readonly guard: string; readonly since: Ms } | null;
  generation: number;
}

export function deploy(plan: ReplayRollout): LiveWorkload {
  const ref = { namespace, kind: "Deployment", name: plan.service, uid: `uid-${plan.service}` } as const;
  const created = plan.t0 - 24 * 3_600_000;
  const pods = new Map(
    plan.oldPods.map((name) => [name, { name, set: plan.oldSet, created, readyAt: created + STARTING, crashes: false }]),
  );
  return { plan, ref, pods, stage: "before", begun: 0, ended: 0, braked: null, generation: 1 };
}

/** Lets time pass: what is due by `now` has happened. A braked rollout neither creates nor removes pods. */
export function advance(live: LiveWorkload, now: Ms): void {
  const { plan } = live;
  if (live.stage === "before" && now >= plan.t0) {
    live.stage = "rolling";
    live.generation += 1;
  }
  if (live.stage === "back") return retire(live, now);
  if (live.stage === "before" || live.braked !== null) return;
  for (;;) {
    const step = plan.steps[live.ended];
    if (step === undefined) return;
    if (live.begun === live.ended) {
      if (now < step.start) return;
      live.begun += 1;
      const created = now - step.start < LATE ? step.start : now;
      const readyAt = plan.trouble === null ? created + step.done - step.start : null;
      for (const name of step.fresh)
        live.pods.set(name, { name, set: plan.newSet, created, readyAt, crashes: plan.trouble === "crash-loop" });
    }
    const ready = step.fresh.map((name) => live.pods.get(name)?.readyAt ?? Infinity);
    const done = Math.max(step.start, ...ready);
    if (now < done) return;
    for (const name of step.gone) end(live, name, now - done < LATE ? done : now);
    live.ended += 1;
  }
}

/** After a rollback the condemned pods go when as many restored ones are ready. */
function retire(live: LiveWorkload, now: Ms): void {
  const restored = [...live.pods.values()].filter(({ set, gone }) => set === live.plan.oldSet && gone === undefined);
  const ready = restored.filter(({ readyAt }) => readyAt !== null && readyAt <= now).length;
  if (ready >= live.plan.replicas) for (const pod of condemned(live)) end(live, pod.name, now);
}

function condemned(live: LiveWorkload): readonly LivePod[] {
  return [...live.pods.values()].filter(({ set, gone }) => set === live.plan.newSet && gone === undefined);
}

function end(live: LiveWorkload, name: string, at: Ms): void {
  const pod = live.pods.get(name);
  if (pod !== undefined) live.pods.set(name, { ...pod, gone: at });
}

/** Does to the cluster what a guard has decided. */
export function apply(live: LiveWorkload, action: Action, now: Ms): Receipt {
  switch (action.kind) {
    case "brake":
      live.braked = { guard: action.guard, since: now };
      live.generation += 1;
      break;
    case "release":
      live.braked = null;
      live.generation += 1;
      break;
    case "rollback":
      live.stage = "back";
      live.braked = null;
      live.generation += 1;
      restore(live, now);
      break;
    case "drain":
      for (const pod of condemned(live).slice(action.keep)) end(live, pod.name, now);
      break;
  }
  return { action: action.id, kind: action.kind, outcome: "applied", at: now, detail: "replayed" };
}

/** What the restored pods would have answered nobody knows: they have no counters. */
function restore(live: LiveWorkload, now: Ms): void {
  const { oldSet, replicas } = live.plan;
  const left = [...live.pods.values()].filter(({ set, gone }) => set === oldSet && gone === undefined).length;
  for (let index = left; index < replicas; index++) {
    const name = `${oldSet}-back${index}`;
    live.pods.set(name, { name, set: oldSet, created: now, readyAt: now + STARTING, crashes: false });
  }
}

export function workloadOf(live: LiveWorkload, now: Ms): Workload {
  const { plan, stage, braked } = live;
  const pods = [...live.pods.values()].filter(({ gone }) => gone === undefined).map((pod) => podState(pod, now));
  const first = revision(plan.oldSet, 1, plan.t0 - 24 * 3_600_000);
  const second = revision(plan.newSet, 2, plan.t0);
  const current = stage === "before" ? first : stage === "rolling" ? second : { ...first, number: 3 };
  const revisions = stage === "before" ? [first] : stage === "rolling" ? [second, first] : [current, second];
  return {
    ref: live.ref,
    labels: {},
    annotations: braked === null ? {} : { [brakedBy]: JSON.stringify(braked) },
    deleting: false,
    generation: live.generation,
    observedGeneration: live.generation,
    templateDigest: current.name,
    desired: plan.replicas,
    strategy: "RollingUpdate",
    paused: braked !== null,
    progressDeadline: plan.progressDeadline,
    replicas: pods.length,
    updated: pods.filter(({ podTemplateHash }) => podTemplateHash === current.podTemplateHash).length,
    available: pods.filter(({ ready }) => ready).length,
    current,
    revisions,
    selector: `app=${plan.service}`,
    owners: [],
  };
}

function revision(set: string, number: number, created: Ms): Revision {
  return { podTemplateHash: set.slice(set.lastIndexOf("-") + 1), number, name: set, uid: `uid-${set}`, created };
}
