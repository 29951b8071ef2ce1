import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import { hasStatus, KubernetesError } from "../../src/clients/kubernetes/kubernetes-error.ts";
import type { JobFinding, WorkloadRef } from "../../src/model.ts";
import type { Remedy } from "../../src/remediation.ts";
import { createRemedyJobReader } from "../../src/signals/job.ts";
import { logLine } from "../servers/kwok.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { startUnderRoles } from "./actions-account.ts";
import type { UnderRoles } from "./actions-account.ts";
import { actionsOver } from "./actions-fixture.ts";
import { runs } from "./scaling-fixture.ts";

type RemedyJob = Extract<Remedy, { kind: "job" }>;

let cluster: UnderRoles;
let workload: WorkloadRef;

beforeAll(async () => {
  cluster = await startUnderRoles(["service-account", "observe-namespaced", "enforce-namespaced", "jobs-namespaced"]);
  workload = await runs(cluster.admin, "mended");
});

afterAll(() => cluster[Symbol.asyncDispose]());

const jobsPath = "/apis/batch/v1/namespaces/default/jobs";

function jobOf(name: string, script: string, over: Partial<RemedyJob> = {}): RemedyJob {
  const template = { containers: [{ name: "mend", image: "{{image}}", command: ["sh", "-c", script] }] };
  return { id: `g.job.${name}`, kind: "job", workload, job: name, template, timeoutMs: 60_000, guard: "g", ...over };
}

const execute: ReturnType<typeof actionsOver>["execute"] = (action) => actionsOver(cluster.account).execute(action);

async function endOf(remedy: RemedyJob): Promise<JobFinding> {
  const look = createRemedyJobReader({ api: cluster.account });
  let found: JobFinding = { outcome: "running" };
  await waitUntil(`the end of Job ${remedy.job}`, async () => {
    found = await look(remedy);
    return found.outcome !== "running";
  });
  return found;
}

test("a Job is created once however often it is asked for, with the image in force, and its log is kept when it did well", async () => {
  const remedy = jobOf("clears", `echo ${logLine}; exit 0`);

  expect(await execute(remedy)).toMatchObject({ kind: "job", outcome: "applied", detail: "the Job clears is created" });
  expect(await execute(remedy)).toMatchObject({ outcome: "unchanged", detail: "the Job clears is there" });

  expect(await endOf(remedy)).toEqual({ outcome: "passed", log: `${logLine}\n` });
  expect(await cluster.admin.get(`${jobsPath}/clears`)).toMatchObject({
    metadata: { annotations: { "rearguard.dev/remediation": "g.job.clears" } },
    spec: { backoffLimit: 0, template: { spec: { restartPolicy: "Never", containers: [{ image: "shop:1" }] } } },
  });
});

test("a Job that fails has its exit code and the end of its log", async () => {
  const remedy = jobOf("stumbles", `echo ${logLine}; exit 3`);
  await execute(remedy);
  expect(await endOf(remedy)).toMatchObject({
    outcome: "failed",
    detail: expect.stringMatching(/^container mend of pod stumbles-\S+ ended with exit code 3$/),
    log: `${logLine}\n`,
  });
});

test("another's Job of that name is left alone, and is not taken for ours", async () => {
  await execute(jobOf("taken", "exit 0"));
  const second = jobOf("taken", "exit 0", { id: "another.job.1" });

  expect(await execute(second)).toMatchObject({
    outcome: "refused",
    because: { code: "conflict", detail: "another Job is called taken; it is left alone" },
  });
  expect(await createRemedyJobReader({ api: cluster.account })(second)).toMatchObject({ outcome: "error", final: true });
});

test("a Job of which only the answer was lost is found, not created again", async () => {
  let posts = 0;
  const post: KubernetesApi["post"] = async (path, body, options) => {
    posts++;
    const answer = await cluster.account.post(path, body, options);
    if (posts > 1) return answer;
    throw new KubernetesError("KUBERNETES_UNREACHABLE", "the connection broke");
  };

  const receipt = await actionsOver({ ...cluster.account, post }).execute(jobOf("unheard", "exit 0"));

  expect(receipt).toMatchObject({
    outcome: "applied",
    detail: "the Job unheard is there (the answer to the write was lost, the write was not)",
  });
});

test.each([
  ["that is no pod", "none", "limitation"],
  ["whose pod has no containers", { containers: [] }, "limitation"],
  ["that the API server finds wrong", { containers: [{ name: "Not_A_Name!", image: "" }] }, "forbidden"],
])("a template %s is refused, and there is no Job", async (_what, template, code) => {
  expect(await execute(jobOf("wrong", "", { template }))).toMatchObject({ outcome: "refused", because: { code } });
  await expect(cluster.admin.get(`${jobsPath}/wrong`)).rejects.toSatisfy((error) => hasStatus(error, 404));
});

test("for a workload that is gone nothing is run", async () => {
  const gone = { ...workload, uid: "00000000-0000-4000-8000-000000000000" };
  const receipt = await execute(jobOf("late", "exit 0", { workload: gone }));
  expect(receipt).toMatchObject({ outcome: "refused", because: { code: "workload-deleted" } });
});

test("an instance that has lost the lead creates nothing", async () => {
  expect(await actionsOver(cluster.account, () => false).execute(jobOf("deposed", "exit 0"))).toMatchObject({ outcome: "failed" });
  await expect(cluster.admin.get(`${jobsPath}/deposed`)).rejects.toSatisfy((error) => hasStatus(error, 404));
});
