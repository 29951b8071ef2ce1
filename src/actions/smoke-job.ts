import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { dig } from "../clients/kubernetes/raw.ts";
import { sentence } from "../errors.ts";
import { smokeTestMark } from "../guards/job-mark.ts";
import type { SmokeTest } from "../guards/job.ts";
import { asksForImage, fillPod } from "../policies/job-signal.ts";
import { createOrFindJob, imageOf } from "./job.ts";
import type { JobPlan } from "./job.ts";

export type Created = { readonly uid: string } | { readonly problem: string; readonly final: boolean };

export interface JobStarterParts {
  readonly api: Pick<KubernetesApi, "get" | "post">;
  /** Leadership, asked immediately before the write. */
  readonly mayAct: () => boolean;
}

/** Creates a smoke test's Job, or finds the one that an earlier try created. Never rejects. */
export function createJobStarter({ api, mayAct }: JobStarterParts): (test: SmokeTest) => Promise<Created> {
  return async (test) => {
    const { name } = test;
    try {
      const image = asksForImage(test.pod) ? await imageUnderTest(test) : "";
      if (!mayAct()) return { problem: "this instance no longer leads; nothing was created", final: false };
      const job = await createOrFindJob(api, smokeJobOf(test, image));
      return job === undefined ? { problem: `another Job is called ${name}; it is left alone`, final: true } : { uid: job.uid };
    } catch (error) {
      // What the API server finds wrong with the pod will be wrong at the next try too; a right or a quota may come.
      return { problem: `the Job ${name} could not be created: ${sentence(error)}`, final: hasStatus(error, 400) || hasStatus(error, 422) };
    }
  };

  async function imageUnderTest({ workload, revision }: SmokeTest): Promise<string> {
    const set = await api.get(`/apis/apps/v1/namespaces/${workload.namespace}/replicasets/${revision.name}`);
    return imageOf(dig(set, "spec", "template"));
  }
}

export function smokeJobOf({ guard, signal, name, workload, revision, pod, timeoutMs }: SmokeTest, image: string): JobPlan {
  const { namespace } = workload;
  return {
    namespace,
    name,
    mark: [smokeTestMark, `${guard}/${signal}`],
    pod: fillPod(pod, { namespace, name: workload.name, image }),
    env: {
      REARGUARD_NAMESPACE: namespace,
      REARGUARD_WORKLOAD: workload.name,
      REARGUARD_REVISION: String(revision.number),
      REARGUARD_POD_TEMPLATE_HASH: revision.podTemplateHash,
    },
    timeoutMs,
  };
}
