import { lastWriterOf } from "../clients/kubernetes/field-writer.ts";
import { resumeCommand } from "../explain/commands.ts";
import type { Action } from "../entry.ts";
import { refused } from "./attempt.ts";
import type { Result, Tries } from "./attempt.ts";
import { appsPath, isResult, readDeployment } from "./deployment.ts";
import type { ReadDeployment } from "./deployment.ts";
import { brakePatch, brakingGuard, releasePatch } from "./json-patch.ts";
import type { Edges } from "./write.ts";
import { asWanted, fieldManager, write } from "./write.ts";

/** Pauses the Deployment if it still has the template that was judged and nobody else has paused it. */
export async function brake(edges: Edges, action: Extract<Action, { kind: "brake" }>, tries: Tries): Promise<Result> {
  const { workload, guard, judged } = action;
  const live = await readDeployment(edges.api, workload);
  if (isResult(live)) return live;
  if (live.paused) return brakingGuard(live) === guard ? asWanted(tries, "the rollout is paused") : pausedByOther();
  if (edges.digest(live.template) !== judged.templateDigest) return notTheJudged();
  const mark = { guard, since: new Date(edges.clock.now()).toISOString(), release: resumeCommand(workload) };
  const path = appsPath(workload.namespace, "deployments", workload.name);
  return write(edges, path, brakePatch(live, mark), "the rollout is paused", tries);
}

/** Takes this guard's own brake off, whatever the template is by now; any other pause stays. */
export async function release(edges: Edges, action: Extract<Action, { kind: "release" }>, tries: Tries): Promise<Result> {
  const { workload, guard } = action;
  const live = await readDeployment(edges.api, workload);
  if (isResult(live)) return live;
  if (!isBrakeOf(live, guard)) return live.paused ? pausedByOther() : asWanted(tries, "the rollout is not paused");
  const path = appsPath(workload.namespace, "deployments", workload.name);
  return write(edges, path, releasePatch(live), "the rollout goes on", tries);
}

/**
 * Whether the brake is this guard's. Its mark alone does not say so: who resumes the rollout leaves it there, and may pause the rollout again;
 * then the API server names another writer of the pause.
 */
export function isBrakeOf(live: ReadDeployment, guard: string): boolean {
  const writer = live.paused ? lastWriterOf(live.raw, "paused") : undefined;
  return brakingGuard(live) === guard && (writer === undefined || writer.manager === fieldManager);
}

export function pausedByOther(): Result {
  return refused("somebody else has paused it", { code: "paused-by-other" });
}

export function notTheJudged(): Result {
  const detail = "its template is not the one that was judged";
  return refused(detail, { code: "conflict", detail });
}
