import { afterAll, beforeAll, expect, test } from "vitest";
import { createJobStarter } from "../../src/actions/smoke-job.ts";
import type { JobFinding } from "../../src/model.ts";
import type { SmokeTest } from "../../src/guards/job.ts";
import { createJobReader } from "../../src/signals/job.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { startUnderRoles } from "./actions-account.ts";
import type { UnderRoles } from "./actions-account.ts";
import { rollOut } from "./actions-fixture.ts";
import type { Rolled } from "./actions-fixture.ts";

let cluster: UnderRoles;
let rolled: Rolled | undefined;

beforeAll(async () => {
  cluster = await startUnderRoles(["service-account", "observe-namespaced", "enforce-namespaced", "jobs-namespaced"]);
});

afterAll(() => cluster[Symbol.asyncDispose]());

async function askOf(name: string, script: string, over: Partial<SmokeTest> = {}): Promise<SmokeTest> {
  rolled ??= await rollOut(cluster.admin, "tested");
  const container = { name: "test", image: "{{image}}", command: ["sh", "-c", script] };
  const { workload } = rolled;
  return {
    guard: "tested-guard",
    signal: name,
    name,
    workload,
    revision: rolled.bad,
    pod: { containers: [container] },
    timeoutMs: 60_000,
    ...over,
  };
}

const create = (ask: SmokeTest) => createJobStarter({ api: cluster.account, mayAct: () => true })(ask);

async function started(ask: SmokeTest): Promise<string> {
  const created = await create(ask);
  if ("problem" in created) throw new Error(created.problem);
  return created.uid;
}

async function endOf(ask: SmokeTest, uid: string): Promise<JobFinding> {
  const look = createJobReader({ api: cluster.account });
  let found: JobFinding = { outcome: "running" };
  await waitUntil(`the end of Job ${ask.name}`, async () => {
    found = await look(ask, uid);
    return found.outcome !== "running";
  });
  return found;
}

const jobsPath = "/apis/batch/v1/namespaces/default/jobs";

test("a Job that completes has passed; it runs the new revision's image and is gone an hour later by itself", async () => {
  const ask = await askOf("completes", "echo fine; exit 0");
  expect(await endOf(ask, await started(ask))).toEqual({ outcome: "passed" });
  expect(await cluster.admin.get(`${jobsPath}/completes`)).toMatchObject({
    metadata: { annotations: { "rearguard.dev/smoke-test": "tested-guard/completes" } },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: 3600,
      template: { spec: { restartPolicy: "Never", containers: [{ image: "shop:2" }] } },
    },
  });
});

test("a Job whose container ends with an error has failed, with container, pod and exit code", async () => {
  const ask = await askOf("fails", "echo expected 200, got 500; exit 3");
  const found = await endOf(ask, await started(ask));
  expect(found).toMatchObject({
    outcome: "failed",
    detail: expect.stringMatching(/^container test of pod fails-\S+ ended with exit code 3$/),
  });
  expect(found).toMatchObject({ log: "expected 200, got 500\n" });
});

test("created twice it is one Job, and the same one; another's of that name is left alone", async () => {
  const ask = await askOf("twice", "exit 0");
  const uid = await started(ask);
  expect(await started(ask)).toBe(uid);
  expect(await create({ ...ask, guard: "another-guard" })).toEqual({
    problem: "another Job is called twice; it is left alone",
    final: true,
  });
});

test("a pod that the API server finds wrong is a problem that no other try will mend", async () => {
  const created = await create(await askOf("wrong", "", { pod: { containers: [{ name: "Not_A_Name!", image: "" }] } }));
  expect(created).toMatchObject({ final: true, problem: expect.stringMatching(/^the Job wrong could not be created: .*(422|400)/) });
});

test("without the right to create Jobs it is a problem that may be mended", async () => {
  await using others = await startUnderRoles(["service-account", "observe-namespaced", "enforce-namespaced"]);
  const created = await createJobStarter({ api: others.account, mayAct: () => true })(
    await askOf("denied", "", { pod: { containers: [{ name: "a", image: "b" }] } }),
  );
  expect(created).toMatchObject({ final: false, problem: expect.stringMatching(/cannot create resource "jobs"/) });
});

test("a Job that is not over is ended by its deadline, which says nothing of the service", async () => {
  const ask = await askOf("lasts", "sleep 600", { timeoutMs: 3_000 });
  expect(await endOf(ask, await started(ask))).toEqual({ outcome: "error", detail: "the Job lasts did not end within 3 s", final: true });
});

test("a Job that somebody deleted says nothing of the service", async () => {
  const ask = await askOf("deleted", "sleep 600");
  const uid = await started(ask);
  await cluster.admin.del(`${jobsPath}/deleted`, { body: { propagationPolicy: "Background" } });
  expect(await endOf(ask, uid)).toEqual({ outcome: "error", detail: "the Job deleted was deleted before it ended", final: true });
});
