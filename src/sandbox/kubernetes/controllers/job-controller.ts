import { isObject, kubeTime, textOf } from "../object.ts";
import type { Condition, JsonObject, KubeObject } from "../object.ts";
import { jobs, pods } from "../resource-type.ts";
import { isSame } from "../same.ts";
import { findCondition } from "./conditions.ts";
import { manager, podsOf } from "./control-plane.ts";
import type { ControlPlane, Sync } from "./control-plane.ts";

/** One pod for a Job, never a second one (as with backoffLimit 0): it completes, fails, or comes to its deadline. */
export function jobController(plane: ControlPlane): Sync {
  return function sync(namespace, name) {
    const job = plane.store.get(jobs, namespace, name);
    if (!job || job.metadata.deletionTimestamp !== undefined) return undefined;
    const { spec, status } = partsOf(job);
    const now = plane.now();
    const finished = conditionsOf(status).find(({ type, status: is }) => (type === "Complete" || type === "Failed") && is === "True");
    if (finished !== undefined)
      return expire(plane, job, Date.parse(finished.lastTransitionTime) + Number(spec["ttlSecondsAfterFinished"] ?? Infinity) * 1000);
    if (status["startTime"] === undefined) {
      createPod(plane, job, spec);
      write(plane, job, { ...status, startTime: kubeTime(now) });
    }
    const deadline = Date.parse(textOf(status["startTime"] ?? kubeTime(now))) + Number(spec["activeDeadlineSeconds"] ?? Infinity) * 1000;
    const pod = podsOf(plane, job)[0];
    const phase = pod?.status.phase;
    if (phase === "Succeeded") return conclude(plane, job, "Complete", "CompletionsReached", "Reached expected number of succeeded pods");
    if (phase === "Failed") return conclude(plane, job, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    if (now < deadline) return deadline;
    if (pod !== undefined) plane.registry.delete(pods, namespace, pod.metadata.name);
    return conclude(plane, job, "Failed", "DeadlineExceeded", "Job was active longer than specified deadline");
  };
}

function createPod(plane: ControlPlane, job: KubeObject, spec: JsonObject): void {
  const { name, uid, namespace = "" } = job.metadata;
  const template = isObject(spec["template"]) ? spec["template"] : {};
  const metadata = isObject(template["metadata"]) ? template["metadata"] : {};
  const labels = { ...(isObject(metadata["labels"]) ? metadata["labels"] : {}), "job-name": name, "batch.kubernetes.io/job-name": name };
  const owner = { apiVersion: job.apiVersion, kind: "Job", name, uid, controller: true, blockOwnerDeletion: true };
  const pod = { metadata: { ...metadata, labels, generateName: `${name}-`, ownerReferences: [owner] }, spec: template["spec"] };
  plane.registry.create(pods, namespace, pod, { manager });
}

function conclude(plane: ControlPlane, job: KubeObject, type: string, reason: string, message: string): undefined {
  const current = plane.store.get(jobs, job.metadata.namespace ?? "", job.metadata.name) ?? job;
  const { status } = partsOf(current);
  if (findCondition(conditionsOf(status), type) !== undefined) return;
  const at = kubeTime(plane.now());
  const condition: Condition = { type, status: "True", lastProbeTime: at, lastTransitionTime: at, reason, message };
  write(plane, current, { ...status, conditions: [...conditionsOf(status), condition] });
}

function expire(plane: ControlPlane, job: KubeObject, at: number): number | undefined {
  if (plane.now() < at) return at;
  plane.registry.delete(jobs, job.metadata.namespace ?? "", job.metadata.name);
  return undefined;
}

function write(plane: ControlPlane, job: KubeObject, status: JsonObject): void {
  const current = plane.store.get(jobs, job.metadata.namespace ?? "", job.metadata.name);
  if (current && !isSame(current["status"], status)) plane.store.put(jobs, { ...current, status });
}

function partsOf(job: KubeObject): { readonly spec: JsonObject; readonly status: JsonObject } {
  return { spec: isObject(job["spec"]) ? job["spec"] : {}, status: isObject(job["status"]) ? job["status"] : {} };
}

function conditionsOf(status: JsonObject): Condition[] {
  return Array.isArray(status["conditions"]) ? (status["conditions"] as Condition[]) : [];
}
