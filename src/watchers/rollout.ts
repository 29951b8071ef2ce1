import { isBelievable } from "../guards/complete.ts";
import type { Ms, Revision, Rollout, Workload, WorkloadRef } from "../model.ts";
import type { FieldWriter } from "../clients/kubernetes/field-writer.ts";
import { digest64 } from "./template-digest.ts";

/** The revision a workload had when it was last looked at; undefined or empty at first sight. */
export interface KnownRevision {
  readonly lastHash?: string;
  readonly lastRevision?: number;
}

/** What the workload itself does not say. */
export interface RolloutContext {
  /** Hash of the revision that was last seen complete, this one aside. */
  readonly lastCompleted?: string;
  /** The templates of old and new differ in the restart annotation alone. */
  readonly restartOnly?: boolean;
  /** Who wrote the pod template last, and when. */
  readonly writer?: FieldWriter;
}

/** The write that began a rollout is about as old as the rollout; another one says nothing of it. */
const sameTimeMs: Ms = 60_000;

/** A revision younger than this began its rollout when it was made; an older one was made for an earlier rollout and is used again. */
const freshMs: Ms = 120_000;

/**
 * The rollout a workload is in or has just made, read off its state alone: asking again answers the same.
 * With a known revision, any other current revision is a rollout. At first sight it is one while old pods still exist, or
 * when the current revision was made less than `windowMs` ago. A scale changes no revision and is none.
 *
 * `old` is the last completed revision. Without that knowledge it is the newest older one, which is wrong only where
 * that one was itself unfinished; the shell asks the ReplicaSets which of them carries the pods.
 */
export function detectRollout(
  workload: Workload,
  known: KnownRevision | undefined,
  now: Ms,
  windowMs: Ms,
  context: RolloutContext = {},
): Rollout | undefined {
  const { current } = workload;
  if (current === undefined || workload.deleting || !isBelievable(workload)) return undefined;
  const age = now - current.created;
  const firstSight = known?.lastHash === undefined;
  if (firstSight && age >= windowMs && !hasOldPods(workload)) return undefined;
  if (!firstSight && known.lastHash === current.podTemplateHash && isSameNumber(known, current)) return undefined;
  const old = oldRevision(workload, context.lastCompleted);
  const startedAt = age < (firstSight ? windowMs : freshMs) ? Math.min(current.created, now) : now;
  const { writer } = context;
  const began = writer !== undefined && Math.abs(startedAt - writer.at) < sameTimeMs;
  return {
    workload: workload.ref,
    labels: workload.labels,
    new: current,
    ...(old === undefined ? {} : { old }),
    templateDigest: workload.templateDigest,
    startedAt,
    desired: workload.desired,
    strategy: workload.strategy,
    progressDeadline: workload.progressDeadline,
    restartOnly: context.restartOnly === true,
    ...(began ? { changedBy: writer.manager } : {}),
  };
}

/** What the current revision replaces; absent at a first deploy, and when a rollout was undone before it was complete. */
export function oldRevision(workload: Workload, lastCompleted: string | undefined): Revision | undefined {
  const { current, revisions } = workload;
  if (current === undefined) return undefined;
  const others = revisions.filter((each) => each.podTemplateHash !== current.podTemplateHash);
  if (lastCompleted !== undefined) return others.find((each) => each.podTemplateHash === lastCompleted);
  return others.filter((each) => each.number < current.number).toSorted((a, b) => b.number - a.number)[0];
}

/** Name of the guard of a rollout: the same for the same rollout, a DNS label, so that opening it twice is a conflict. */
export function guardName(workload: Pick<WorkloadRef, "name" | "uid">, revision: Pick<Revision, "podTemplateHash" | "number">): string {
  const digest = digest64(`${workload.uid}/${revision.podTemplateHash}/${revision.number}`).slice(0, 10);
  const readable = workload.name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, 52)
    .replace(/^-+|-+$/g, "");
  return `${readable === "" ? "guard" : readable}-${digest}`;
}

function hasOldPods(workload: Workload): boolean {
  return workload.replicas > workload.updated;
}

/** The number changes alone when a rollout came and was undone between two looks. */
function isSameNumber(known: KnownRevision, current: Revision): boolean {
  return known.lastRevision === undefined || known.lastRevision === current.number;
}
