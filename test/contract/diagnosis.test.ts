import { afterAll, beforeAll, expect, test } from "vitest";
import { dig, text } from "../../src/clients/kubernetes/raw.ts";
import type { RawObject } from "../../src/clients/kubernetes/raw.ts";
import { systemClock } from "../../src/clock.ts";
import type { Diagnosis } from "../../src/diagnosis.ts";
import type { WorkloadRef } from "../../src/model.ts";
import { createDiagnoser } from "../../src/signals/diagnosis.ts";
import { logLine } from "../servers/kwok.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { deploymentManifest } from "../support/deployment-manifest.ts";
import type { Fate } from "../support/deployment-manifest.ts";
import { startUnderRoles } from "./actions-account.ts";
import type { UnderRoles } from "./actions-account.ts";

let cluster: UnderRoles;

beforeAll(async () => {
  cluster = await startUnderRoles(["service-account", "observe", "diagnose"]);
});

afterAll(() => cluster[Symbol.asyncDispose]());

const core = "/api/v1/namespaces/default";
const deployments = "/apis/apps/v1/namespaces/default/deployments";
const diagnose = (workload: WorkloadRef) => createDiagnoser({ api: cluster.account, now: () => systemClock.now() })(workload);

type Deployed = { readonly name: string; readonly replicas?: number; readonly fate?: Fate; readonly pod?: object; readonly last?: string };

async function deploy({ name, replicas = 2, fate, pod = {}, last }: Deployed): Promise<WorkloadRef> {
  const words = last === undefined ? {} : { templateAnnotations: { "sandbox.rearguard.dev/last-words": last } };
  const manifest = deploymentManifest({ name, replicas, ...(fate === undefined ? {} : { fate }), ...words }) as {
    readonly spec: { readonly template: { readonly metadata: object; readonly spec: object } };
  };
  const { template } = manifest.spec;
  const spec = { ...manifest.spec, template: { ...template, spec: { ...template.spec, ...pod } } };
  const made = await cluster.admin.post(deployments, { ...manifest, spec });
  return { namespace: "default", kind: "Deployment", name, uid: text(dig(made, "metadata", "uid")) ?? "" };
}

/** Pods that no scheduler takes: their status is what we write. */
async function byHand(name: string, count: number, pod: object = {}): Promise<{ workload: WorkloadRef; pods: readonly RawObject[] }> {
  const workload = await deploy({ name, replicas: count, pod: { ...pod, schedulerName: "nobody" } });
  let pods: readonly RawObject[] = [];
  await waitUntil(`pods of ${name}`, async () => {
    pods = await cluster.admin.list(`${core}/pods`, { labelSelector: `app=${name}` });
    return pods.length === count;
  });
  return { workload, pods };
}

async function write(pod: RawObject, state: object, more: object = {}): Promise<void> {
  const container = { name: "app", image: "shop:1", imageID: "", ready: false, restartCount: 0, started: false, ...more, state };
  const status = { phase: "Pending", containerStatuses: [container] };
  await cluster.admin.patch(`${core}/pods/${nameOf(pod)}/status`, { status }, { type: "merge" });
}

let events = 0;
async function tell(about: RawObject, reason: string, message: string): Promise<void> {
  events += 1;
  const involvedObject = { kind: "Pod", namespace: "default", name: nameOf(about), uid: dig(about, "metadata", "uid") };
  const at = new Date(systemClock.now()).toISOString().replace(/\.\d+/, "");
  const times = { firstTimestamp: at, lastTimestamp: at, count: 1, type: "Warning", source: { component: "kubelet" } };
  await cluster.admin.post(`${core}/events`, { metadata: { name: `told.${events}` }, involvedObject, reason, message, ...times });
}

function nameOf(object: RawObject): string {
  return text(dig(object, "metadata", "name")) ?? "";
}

/** The first diagnosis that is as it should be in the end; pods take a moment to get into trouble. */
async function eventually(workload: WorkloadRef, isIt: (diagnosis: Diagnosis) => boolean): Promise<Diagnosis> {
  let found = await diagnose(workload);
  await waitUntil("the diagnosis", async () => isIt((found = await diagnose(workload)))).catch((error: unknown) => {
    throw new Error(JSON.stringify(found), { cause: error });
  });
  return found;
}

const healthy = (pod: RawObject) =>
  cluster.admin.patch(
    `${core}/pods/${nameOf(pod)}/status`,
    { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } },
    { type: "merge" },
  );

test("a container that crashes is found with its exit code and the end of its log, once for all pods that are alike", async () => {
  const workload = await deploy({ name: "crashes", fate: "crash", last: logLine });
  const found = await eventually(workload, ({ findings }) => findings.some((each) => each.log !== undefined && each.count === 2));
  expect(found).toMatchObject({ desired: 2, there: 2, ready: 0, unseen: [] });
  expect(found.findings).toEqual([
    expect.objectContaining({ ailment: "crash", count: 2, container: "app", exitCode: 1, log: `${logLine}\n` }),
  ]);
});

test("an image that the registry does not have is found in the registry's words, which only an Event has", async () => {
  const { workload, pods } = await byHand("no-image", 3);
  const said = 'Failed to pull image "shop:1": rpc error: code = NotFound desc = shop:1: not found';
  for (const pod of pods.slice(0, 2)) {
    await write(pod, { waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "shop:1"' } });
    await tell(pod, "Failed", said);
  }
  if (pods[2] !== undefined) await healthy(pods[2]);
  expect(await diagnose(workload)).toMatchObject({
    ready: 1,
    findings: [{ ailment: "image-pull", image: "shop:1", count: 2, words: said, pods: pods.slice(0, 2).map(nameOf) }],
  });
});

test("a Secret that the node does not find is named; what it would hold is never read", async () => {
  const { workload, pods } = await byHand("no-secret", 1);
  const message = 'secret "db-credentials" not found';
  for (const pod of pods) await write(pod, { waiting: { reason: "CreateContainerConfigError", message } });
  expect((await diagnose(workload)).findings).toEqual([
    expect.objectContaining({ ailment: "missing-object", object: { kind: "Secret", name: "db-credentials" }, words: message }),
  ]);
});

test("a ConfigMap that a template needs and nobody complains of is looked for; one that exists is not told", async () => {
  await cluster.admin.post(`${core}/configmaps`, { metadata: { name: "is-there" }, data: { a: "b" } });
  const volume = (name: string) => ({ name, configMap: { name } });
  const { workload, pods } = await byHand("no-map", 1, { volumes: [volume("is-there"), volume("is-not-there")] });
  for (const pod of pods) await write(pod, { waiting: { reason: "ContainerCreating" } });
  const { findings, unseen } = await diagnose(workload);
  expect(findings.map(({ object }) => object)).toEqual([{ kind: "ConfigMap", name: "is-not-there" }, undefined]);
  expect(unseen).toEqual([]);
});

test("a volume that cannot be mounted is found by its Event, without what looks like a secret", async () => {
  const { workload, pods } = await byHand("no-volume", 1);
  for (const pod of pods) {
    await write(pod, { waiting: { reason: "ContainerCreating" } });
    await tell(pod, "FailedMount", 'MountVolume.SetUp failed for volume "data": mount failed: password=hunter2-is-secret');
  }
  const [finding] = (await diagnose(workload)).findings;
  expect(finding).toMatchObject({ ailment: "mount", words: expect.stringContaining("MountVolume.SetUp failed") });
  expect(JSON.stringify(finding)).not.toContain("hunter2");
});

test("pods that a quota forbids are found by what their ReplicaSet was told, although there is no such pod", async () => {
  const before = await cluster.admin.list(`${core}/pods`);
  await cluster.admin.post(`${core}/resourcequotas`, { metadata: { name: "few" }, spec: { hard: { pods: String(before.length + 1) } } });
  // The quota's controller counts what is there first; until then everything is refused.
  if (process.env["REARGUARD_SERVERS"] === "real") {
    await waitUntil(
      "the quota's count",
      async () => dig(await cluster.admin.get(`${core}/resourcequotas/few`), "status", "used", "pods") !== undefined,
    );
  }
  const workload = await deploy({ name: "too-many", replicas: 4 });
  const found = await eventually(workload, ({ there, findings }) => there === 1 && findings.some(({ ailment }) => ailment === "quota"));
  expect(found.findings[0]).toMatchObject({
    ailment: "quota",
    count: 3,
    pods: [],
    words: expect.stringMatching(/exceeded quota: few, requested: pods=1, used: pods=\d+, limited: pods=\d+/),
  });
  await cluster.admin.del(`${core}/resourcequotas/few`);
});

test("a pod that the scheduler finds no node for is told in the scheduler's words", async () => {
  const workload = await deploy({
    name: "no-node",
    replicas: 1,
    pod: { nodeSelector: { "no.such/label": "x" } },
  });
  const pods = () => cluster.admin.list(`${core}/pods`, { labelSelector: "app=no-node" });
  if (process.env["REARGUARD_SERVERS"] === "sandbox") {
    // The sandbox's scheduler knows no selectors; what it says is written for it.
    await waitUntil("the pod", async () => (await pods()).length === 1);
    const [pod] = await pods();
    const message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
    const status = { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }], containerStatuses: null };
    await cluster.admin.patch(`${core}/pods/${nameOf(pod ?? {})}/status`, { status }, { type: "merge" });
  }
  const found = await eventually(workload, ({ findings }) => findings[0]?.ailment === "unschedulable");
  expect(found.findings[0]?.words).toMatch(/^0\/\d+ nodes are available: .*didn't match Pod's node affinity\/selector/);
});

test("pods that are all well have nothing to be found", async () => {
  const workload = await deploy({ name: "well", replicas: 1, fate: "healthy" });
  const found = await eventually(workload, ({ ready }) => ready === 1);
  expect(found).toMatchObject({ desired: 1, there: 1, findings: [], unseen: [] });
});

test("a workload that is gone, or has only its name from it, is said and nothing else", async () => {
  const { uid, ...rest } = await deploy({ name: "replaced", replicas: 1 });
  expect(uid).not.toBe("");
  const found = await diagnose({ ...rest, uid: "another" });
  expect(found).toMatchObject({ findings: [], unseen: ["the workload was deleted, and another one has its name"] });
  expect((await diagnose({ ...rest, name: "never-was", uid })).unseen).toEqual([expect.stringContaining("404")]);
});

test("without the role for it the states of pods are told, and what could not be looked at", async () => {
  await using others = await startUnderRoles(["service-account", "observe-namespaced"]);
  const made = await others.admin.post(deployments, deploymentManifest({ name: "denied", replicas: 1, fate: "crash" }));
  const workload: WorkloadRef = { namespace: "default", kind: "Deployment", name: "denied", uid: text(dig(made, "metadata", "uid")) ?? "" };
  const look = createDiagnoser({ api: others.account, now: () => systemClock.now() });
  let found = await look(workload);
  await waitUntil("the crash", async () => (found = await look(workload)).findings[0]?.ailment === "crash");
  expect(found.findings).toEqual([expect.objectContaining({ ailment: "crash", count: 1, exitCode: 1 })]);
  expect(found.unseen).toContain("could not look at Events: the account needs the right to list events (deploy/rbac/diagnose.yaml)");
  expect(found.unseen.join()).toContain("the account needs the right to get pods/log");
});
