import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { dig, objects, strings, text } from "../clients/kubernetes/raw.ts";
import { sentence } from "../errors.ts";
import type { SmokeTest } from "../guards/job.ts";
import { asksForImage, fillPod } from "../policies/job-signal.ts";

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

/** Creates a Job, or finds the one that an earlier try created. Its name is the test's, so it is never there twice. Never rejects. */
export function createJobStarter({ api, mayAct }: JobStarterParts): (test: SmokeTest) => Promise<Created> {
  return async (test) => {
    const { workload, name } = test;
    const path = `/apis/batch/v1/namespaces/${workload.namespace}/jobs`;
    try {
      const image = asksForImage(test.pod) ? await imageOf(test) : "";
      if (!mayAct()) return { problem: "this instance no longer leads; nothing was created", final: false };
      const created = await api.post(path, manifestOf(test, image), { fieldManager: "rearguard" }).catch((error: unknown) => {
        if (hasStatus(error, 409)) return api.get(`${path}/${name}`);
        throw error;
      });
      const uid = text(dig(created, "metadata", "uid"));
      if (strings(dig(created, "metadata", "annotations"))[mark] === markOf(test) && uid !== undefined) return { uid };
      return { problem: `another Job is called ${name}; it is left alone`, final: true };
    } catch (error) {
      // What the API server finds wrong with the pod will be wrong at the next try too; a right or a quota may come.
      return { problem: `the Job ${name} could not be created: ${sentence(error)}`, final: hasStatus(error, 400) || hasStatus(error, 422) };
    }
  };

  async function imageOf({ workload, revision }: SmokeTest): Promise<string> {
    const set = await api.get(`/apis/apps/v1/namespaces/${workload.namespace}/replicasets/${revision.name}`);
    return text(dig(objects(dig(set, "spec", "template", "spec", "containers"))[0], "image")) ?? "";
  }
}

/** No labels of the user's: with the service's own, the test would be sent its requests. */
export function manifestOf(test: SmokeTest, image: string): object {
  const { name, workload, revision, pod, timeoutMs } = test;
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
    metadata: { name, namespace, labels: managedBy, annotations: { [mark]: markOf(test) } },
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
function markOf({ guard, signal }: SmokeTest): string {
  return `${guard}/${signal}`;
}
