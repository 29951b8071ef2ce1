import { isObject, objects } from "../clients/kubernetes/raw.ts";
import { remedyMark } from "../guards/job-mark.ts";
import { fillPod } from "../policies/job-signal.ts";
import type { Remedy } from "../remediation.ts";
import { refused } from "./attempt.ts";
import type { Result, Tries } from "./attempt.ts";
import { isResult, readDeployment } from "./deployment.ts";
import { createOrFindJob, imageOf } from "./job.ts";
import type { Edges } from "./write.ts";
import { asWanted, lostLead } from "./write.ts";

/** Creates a remediation's Job in the workload's namespace; what comes of it is looked at elsewhere. Its name makes it one Job, however often it is asked for. */
export async function startJob(edges: Edges, action: Extract<Remedy, { kind: "job" }>, tries: Tries): Promise<Result> {
  const { id, workload, job: name, template, timeoutMs } = action;
  const live = await readDeployment(edges.api, workload);
  if (isResult(live)) return live;
  if (!isObject(template) || objects(template["containers"]).length === 0) {
    const detail = `the Job ${name} has no pod to run: its template has no containers`;
    return refused(detail, { code: "limitation", detail });
  }
  if (!edges.mayAct()) return lostLead();
  const wasSent = tries.sent;
  tries.sent = true;
  const { namespace } = workload;
  const created = await createOrFindJob(edges.api, {
    namespace,
    name,
    mark: [remedyMark, id],
    pod: fillPod(template, { namespace, name: workload.name, image: imageOf(live.template) }),
    env: { REARGUARD_NAMESPACE: namespace, REARGUARD_WORKLOAD: workload.name },
    timeoutMs,
  });
  if (created === undefined) {
    const detail = `another Job is called ${name}; it is left alone`;
    return refused(detail, { code: "conflict", detail });
  }
  return created.isNew
    ? { outcome: "applied", detail: `the Job ${name} is created` }
    : asWanted({ sent: wasSent }, `the Job ${name} is there`);
}
