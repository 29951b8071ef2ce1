import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { dig, objects, strings, text } from "../clients/kubernetes/raw.ts";
import { sentence } from "../errors.ts";
import type { Ms, Revision, WorkloadRef } from "../model.ts";
import { asksForImage, fillPod, type PodSpec } from "../policies/job-signal.ts";

/** What of a smoke test its Job is made of. */
export interface JobPlan {
  readonly guard: string;
  readonly signal: string;
  readonly name: string;
  readonly workload: WorkloadRef;
  readonly revision: Revision;
  readonly pod: PodSpec;
  readonly timeoutMs: Ms;
}

export type Created = { readonly uid: string } | { readonly problem: string; readonly final: boolean };

export interface JobStarterParts {
  readonly api: Pick<KubernetesApi, "get" | "post">;
  /** Leadership, asked immediately before the write. */
  readonly mayAct: () => boolean;
}

/** How long Kubernetes keeps a Job that ended, for people to look at. */
const keptS = 3600;
const mark = "rearguard.dev/smoke-test";
const managedBy = { "app.kubernetes.io/managed-by": "rearguard" };

/** Creates a Job, or finds the one that an earlier try created. Its name is the plan's, so it is never there twice. Never rejects. */
export function createJobStarter({ api, mayAct }: JobStarterParts): (plan: JobPlan) => Promise<Created> {
  return async (plan) => {
    const { workload, name } = plan;
    const path = `/apis/batch/v1/namespaces/${workload.namespace}/jobs`;
    try {
      const image = asksForImage(plan.pod) ? await imageOf(plan) : "";
      if (!mayAct()) return { problem: "this instance no longer leads; nothing was created", final: false };
      const created = await api.post(path, manifestOf(plan, image), { fieldManager: "rearguard" }).catch((error: unknown) => {
        if (hasStatus(error, 409)) return api.get(`${path}/${name}`);
        throw error;
      });
      const uid = text(dig(created, "metadata", "uid"));
      if (strings(dig(created, "metadata", "annotations"))[mark] === markOf(plan) && uid !== undefined) return { uid };
      return { problem: `another Job is called ${name}; it is left alone`, final: true };
    } catch (error) {
      // What the API server finds wrong with the pod will be wrong at the next try too; a right or a quota may come.
      return { problem: `the Job ${name} could not be created: ${sentence(error)}`, final: hasStatus(error, 400) || hasStatus(error, 422) };
    }
  };

  async function imageOf({ workload, revision }: JobPlan): Promise<string> {
    const set = await api.get(`/apis/apps/v1/namespaces/${workload.namespace}/replicasets/${revision.name}`);
    return text(dig(objects(dig(set, "spec", "template", "spec", "containers"))[0], "image")) ?? "";
  }
}

/** No labels of the user's: with the service's own, the test would be sent its requests. */
export function manifestOf(plan: JobPlan, image: string): object {
  const { name, workload, revision, pod, timeoutMs } = plan;
  const { namespace } = workload;
  const filled = fillPod(pod, { namespace, name: workload.name, image });
  const env = [
    { name: "REARGUARD_NAMESPACE", value: namespace },
    { name: "REARGUARD_WORKLOAD", value: workload.name },
    { name: "REARGUARD_REVISION", value: String(revision.number) },
    { name: "REARGUARD_POD_TEMPLATE_HASH", value: revision.podTemplateHash },
  ];
  const told = (container: Readonly<Record<string, unknown>>) => ({ ...container, env: [...env, ...objects(container["env"])] });
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace, labels: managedBy, annotations: { [mark]: markOf(plan) } },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: Math.ceil(timeoutMs / 1000),
      ttlSecondsAfterFinished: keptS,
      template: {
        metadata: { labels: managedBy },
        spec: { ...filled, restartPolicy: "Never", containers: objects(filled["containers"]).map(told) },
      },
    },
  };
}

/** Whose test it is: by this a Job is known to be ours. */
function markOf({ guard, signal }: JobPlan): string {
  return `${guard}/${signal}`;
}
