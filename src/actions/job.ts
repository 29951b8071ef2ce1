import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { dig, objects, strings, text } from "../clients/kubernetes/raw.ts";
import { jobKeptMs } from "../guards/job.ts";
import type { Ms } from "../model.ts";
import type { PodSpec } from "../policies/job-signal.ts";

/** A Job of ours: one pod, run once. */
export interface JobPlan {
  readonly namespace: string;
  /** The same at each try, so that it is never there twice. */
  readonly name: string;
  /** Annotation by which it is known to be ours. */
  readonly mark: readonly [key: string, value: string];
  /** With its placeholders filled. */
  readonly pod: PodSpec;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: Ms;
}

const managedBy = { "app.kubernetes.io/managed-by": "rearguard" };

/** Creates the Job, or finds the one that an earlier try created; undefined when another's has its name. Rejects as the API does. */
export async function createOrFindJob(
  api: Pick<KubernetesApi, "get" | "post">,
  plan: JobPlan,
): Promise<{ readonly uid: string; readonly isNew: boolean } | undefined> {
  const path = `/apis/batch/v1/namespaces/${plan.namespace}/jobs`;
  let isNew = true;
  const job = await api.post(path, jobManifest(plan), { fieldManager: "rearguard" }).catch((error: unknown) => {
    if (!hasStatus(error, 409)) throw error;
    isNew = false;
    return api.get(`${path}/${plan.name}`);
  });
  const [key, value] = plan.mark;
  const uid = text(dig(job, "metadata", "uid"));
  return uid !== undefined && strings(dig(job, "metadata", "annotations"))[key] === value ? { uid, isNew } : undefined;
}

/** No labels of the user's: with the service's own, its pod would be sent the service's requests. */
export function jobManifest({ namespace, name, mark: [key, value], pod, env, timeoutMs }: JobPlan): object {
  const told = Object.entries(env).map(([variable, content]) => ({ name: variable, value: content }));
  const withEnv = (container: Readonly<Record<string, unknown>>) => ({ ...container, env: [...told, ...objects(container["env"])] });
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace, labels: managedBy, annotations: { [key]: value } },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: Math.ceil(timeoutMs / 1000),
      ttlSecondsAfterFinished: jobKeptMs / 1000,
      template: {
        metadata: { labels: managedBy },
        spec: { ...pod, restartPolicy: "Never", containers: objects(pod["containers"]).map(withEnv) },
      },
    },
  };
}

/** Image of the first container of a raw pod template. */
export function imageOf(template: unknown): string {
  return text(dig(objects(dig(template, "spec", "containers"))[0], "image")) ?? "";
}
