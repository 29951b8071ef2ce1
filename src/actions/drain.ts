import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Action } from "../entry.ts";
import type { Result, Tries } from "./attempt.ts";
import { refused } from "./attempt.ts";
import { appsPath, isResult, readDeployment, readRevisionTemplate } from "./deployment.ts";
import type { Edges } from "./write.ts";
import { asWanted, write } from "./write.ts";

// With 0 replicas a Scale comes back without `spec.replicas`.
const scale = z.object({
  metadata: z.object({ uid: z.string() }),
  spec: z.object({ replicas: z.int().default(0) }).default({ replicas: 0 }),
});

/** Scales the condemned ReplicaSet down to `keep` at once, never up; the Deployment controller leaves an old ReplicaSet down. */
export async function drain(edges: Edges, action: Extract<Action, { kind: "drain" }>, tries: Tries): Promise<Result> {
  const { workload, condemned, keep } = action;
  const live = await readDeployment(edges.api, workload);
  if (isResult(live)) return live;
  const template = await readRevisionTemplate(edges.api, workload, condemned);
  if (template === undefined) return { outcome: "unchanged", detail: `ReplicaSet ${condemned.name} is gone` };
  if (isDeepStrictEqual(template, live.template)) {
    const detail = `${condemned.name} holds the template in force again`;
    return refused(detail, { code: "conflict", detail });
  }
  const path = `${appsPath(workload.namespace, "replicasets", condemned.name)}/scale`;
  const { metadata, spec } = scale.parse(await edges.api.get(path));
  if (metadata.uid !== condemned.uid) return { outcome: "unchanged", detail: `ReplicaSet ${condemned.name} is gone` };
  if (spec.replicas <= keep) return asWanted(tries, `${condemned.name} has ${spec.replicas} pods, ${keep} may stay`);
  // The test of the count read keeps us from scaling up what the controller has scaled down meanwhile.
  const patch = [
    { op: "test", path: "/metadata/uid", value: metadata.uid },
    { op: "test", path: "/spec/replicas", value: spec.replicas },
    { op: "replace", path: "/spec/replicas", value: keep },
  ] as const;
  return write(edges, path, patch, `${condemned.name} is scaled from ${spec.replicas} pods to ${keep}`, tries);
}
