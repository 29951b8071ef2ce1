import { isDeepStrictEqual } from "node:util";
import type { Action } from "../entry.ts";
import { refused } from "./attempt.ts";
import type { Result, Tries } from "./attempt.ts";
import { isBrakeOf, notTheJudged, pausedByOther } from "./brake.ts";
import { appsPath, isResult, readDeployment, readRevisionTemplate } from "./deployment.ts";
import { rollbackPatch } from "./json-patch.ts";
import type { Edges } from "./write.ts";
import { asWanted, write } from "./write.ts";

/**
 * Puts the target revision's template back, leaving what `kubectl rollout undo` would leave in `spec.template`. Refused when
 * the live template is not the judged one, and under a pause that is not our recorded brake (`action.braked`).
 */
export async function rollback(edges: Edges, action: Extract<Action, { kind: "rollback" }>, tries: Tries): Promise<Result> {
  const { workload, target, judged, guard } = action;
  const live = await readDeployment(edges.api, workload);
  if (isResult(live)) return live;
  const template = await readRevisionTemplate(edges.api, workload, target);
  if (template === undefined) {
    return refused(`ReplicaSet ${target.name} no longer exists`, { code: "nothing-to-undo", why: "revision-gone" });
  }
  // The mark alone is not enough: annotations are copied about. Only a brake with a recorded intent is ours.
  if (live.paused && !(action.braked && isBrakeOf(live, guard))) return pausedByOther();
  const isBack = isDeepStrictEqual(live.template, template);
  if (isBack && !live.paused) return asWanted(tries, `the template of ${target.name} is back`);
  if (!isBack && edges.digest(live.template) !== judged.templateDigest) return notTheJudged();
  const from = JSON.stringify({ guard, podTemplateHash: judged.podTemplateHash });
  const path = appsPath(workload.namespace, "deployments", workload.name);
  const detail = `the template of ${target.name} is back${live.paused ? ", and the brake is off" : ""}`;
  return write(edges, path, rollbackPatch(live, { template, from, cause: action.cause }), detail, tries);
}
