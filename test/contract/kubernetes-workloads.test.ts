import { afterAll, beforeAll, it, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { Log } from "../../src/clients/kubernetes/log.ts";
import type { Rollout, Workload } from "../../src/model.ts";
import { createPodWatcher } from "../../src/watchers/pods.ts";
import { isComplete } from "../../src/guards/complete.ts";
import { detectRollout } from "../../src/watchers/rollout.ts";
import { createWorkloadWatcher } from "../../src/watchers/workloads.ts";
import type { WorkloadWatcher } from "../../src/watchers/workloads.ts";
import { deploymentManifest } from "../support/deployment-manifest.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";

const quiet: Log = { info() {}, warn() {}, error() {} };
const patience = { timeout: 40_000, interval: 20 };
const windowMs = 30 * 60_000;
// Each test has a Deployment of its own, and most of its time it waits for pods.
vi.setConfig({ testTimeout: 60_000, maxConcurrency: 10 });
let servers: Servers;
let watcher: WorkloadWatcher;

beforeAll(async () => {
  servers = await startServers();
  watcher = watchWorkloads();
  watcher.start();
  await watcher.synced();
});

afterAll(async () => {
  await watcher.stop();
  await servers[Symbol.asyncDispose]();
});

function watchWorkloads(): WorkloadWatcher {
  return createWorkloadWatcher({ api: servers.api, clock: systemClock, random: Math.random, log: quiet, onChange() {} });
}

function read(name: string): Workload {
  const workload = watcher.get(`default/${name}`);
  if (workload === undefined) throw new Error(`${name} is not seen`);
  return workload;
}

/** Applies, and waits until every pod is of that template and available. */
async function settle(manifest: Parameters<typeof deploymentManifest>[0]): Promise<Workload> {
  const before = watcher.get(`default/${manifest.name}`)?.generation ?? 0;
  await servers.applyDeployment(deploymentManifest(manifest));
  await waitUntil(`${manifest.name} settled`, () => {
    const workload = read(manifest.name);
    return workload.generation > before && workload.current !== undefined && isComplete(workload);
  });
  return read(manifest.name);
}

function sinceThen(then: Workload): Rollout | undefined {
  const known = then.current && { lastHash: then.current.podTemplateHash, lastRevision: then.current.number };
  return detectRollout(read(then.ref.name), known, systemClock.now(), windowMs);
}

it.concurrent("a new template is a rollout from the old revision to the new one; a scale is none", async ({ expect }) => {
  const settled = await settle({ name: "shop", replicas: 2 });

  const scaled = await settle({ name: "shop", replicas: 3 });
  expect(sinceThen(settled)).toBeUndefined();

  await servers.applyDeployment(deploymentManifest({ name: "shop", replicas: 3, image: "shop:2" }));
  await expect
    .poll(() => sinceThen(scaled), patience)
    .toMatchObject({
      old: { podTemplateHash: settled.current?.podTemplateHash, number: 1 },
      new: { number: 2 },
      desired: 3,
    });
  expect(sinceThen(scaled)?.templateDigest).not.toBe(settled.templateDigest);
  const context = await watcher.context(read("shop"));
  expect(context).toMatchObject({ lastCompleted: settled.current?.podTemplateHash, restartOnly: false });
  expect(context.writer?.manager).toMatch(/./);
  expect(Math.abs((context.writer?.at ?? 0) - (read("shop").current?.created ?? 0))).toBeLessThan(10_000);
});

it.concurrent("a Deployment that settled long ago is no rollout at first sight, one in flight is", async ({ expect }) => {
  await settle({ name: "early" });
  const later = systemClock.now() + windowMs;
  expect(detectRollout(read("early"), undefined, later, windowMs)).toBeUndefined();

  await servers.applyDeployment(deploymentManifest({ name: "early", image: "shop:2", fate: "never-ready" }));
  await expect.poll(() => read("early").replicas > read("early").updated && read("early").updated > 0, patience).toBe(true);

  const afterRestart = watchWorkloads();
  afterRestart.start();
  await afterRestart.synced();
  const workload = afterRestart.get("default/early");
  const context = workload && (await afterRestart.context(workload));
  await afterRestart.stop();
  expect(workload && detectRollout(workload, undefined, later, windowMs, context)).toMatchObject({
    new: { number: 2 },
    old: { number: 1 },
  });
});

it.concurrent("an undo uses the old ReplicaSet again, under a new number", async ({ expect }) => {
  const first = await settle({ name: "undone", image: "shop:1" });
  const second = await settle({ name: "undone", image: "shop:2" });

  await servers.applyDeployment(deploymentManifest({ name: "undone", image: "shop:1" }));

  await expect
    .poll(() => sinceThen(second), patience)
    .toMatchObject({
      new: { podTemplateHash: first.current?.podTemplateHash, uid: first.current?.uid, number: 3 },
      old: { podTemplateHash: second.current?.podTemplateHash },
    });
  expect(read("undone").templateDigest).toBe(first.templateDigest);
});

it.concurrent("when C comes while B is unfinished, old is A, for us and for one who comes later", async ({ expect }) => {
  const a = await settle({ name: "twice", image: "shop:1" });
  await servers.applyDeployment(deploymentManifest({ name: "twice", image: "shop:2", fate: "never-ready" }));
  await expect.poll(() => sinceThen(a)?.new.number, patience).toBe(2);

  await servers.applyDeployment(deploymentManifest({ name: "twice", image: "shop:3", fate: "never-ready" }));
  await expect.poll(() => read("twice").current?.number, patience).toBe(3);

  await expect.poll(async () => (await watcher.context(read("twice"))).lastCompleted, patience).toBe(a.current?.podTemplateHash);
  const newcomer = watchWorkloads();
  newcomer.start();
  await newcomer.synced();
  const seen = newcomer.get("default/twice");
  expect(seen && (await newcomer.context(seen)).lastCompleted).toBe(a.current?.podTemplateHash);
  await newcomer.stop();
});

it.concurrent("a restart differs by its annotation alone, and the context says so", async ({ expect }) => {
  const settled = await settle({ name: "restarted" });

  await servers.applyDeployment(
    deploymentManifest({ name: "restarted", templateAnnotations: { "kubectl.kubernetes.io/restartedAt": "2026-11-23T12:00:00Z" } }),
  );
  await expect.poll(() => sinceThen(settled)?.new.number, patience).toBe(2);

  expect(await watcher.context(read("restarted"))).toMatchObject({ restartOnly: true });
});

it.concurrent("a template set while paused is no rollout, although the generation is observed", async ({ expect }) => {
  const settled = await settle({ name: "paused" });
  const path = "/apis/apps/v1/namespaces/default/deployments/paused";
  await servers.api.patch(path, [{ op: "add", path: "/spec/paused", value: true }], { type: "json" });

  await servers.api.patch(path, [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "shop:9" }], { type: "json" });
  await expect
    .poll(
      () => read("paused").templateDigest !== settled.templateDigest && read("paused").observedGeneration >= read("paused").generation,
      patience,
    )
    .toBe(true);

  expect(read("paused")).toMatchObject({ paused: true, updated: 0 });
  expect(sinceThen(settled)).toBeUndefined();
  expect(detectRollout(read("paused"), undefined, systemClock.now(), windowMs)).toBeUndefined();

  await servers.api.patch(path, [{ op: "remove", path: "/spec/paused" }], { type: "json" });
  await expect.poll(() => sinceThen(settled)?.new.number, patience).toBe(2);
});

it.concurrent("a deleted Deployment is forgotten", async ({ expect }) => {
  await settle({ name: "brief" });

  await servers.api.del("/apis/apps/v1/namespaces/default/deployments/brief");

  await expect.poll(() => watcher.get("default/brief"), patience).toBeUndefined();
});

it.concurrent("pods are followed from birth to after their end, each under its revision", async ({ expect }) => {
  const settled = await settle({ name: "followed", replicas: 2 });
  const { uid, namespace } = settled.ref;
  const told = new Set<string>();
  const pods = createPodWatcher({
    api: servers.api,
    clock: systemClock,
    random: Math.random,
    log: quiet,
    onChange: (workloadUid) => told.add(workloadUid),
    ownerOf: (replicaSetUid) => watcher.ownerOf(replicaSetUid),
  });
  pods.follow({ uid, namespace, selector: settled.selector });
  await pods.synced(uid);
  expect(pods.pods(uid).map((pod) => [pod.podTemplateHash, pod.ready])).toEqual([
    [settled.current?.podTemplateHash, true],
    [settled.current?.podTemplateHash, true],
  ]);

  await servers.applyDeployment(deploymentManifest({ name: "followed", replicas: 2, image: "shop:2" }));
  await expect.poll(() => pods.pods(uid).filter((pod) => pod.gone !== undefined).length, patience).toBe(2);

  const [old, young] = [pods.pods(uid).filter((pod) => pod.gone !== undefined), pods.pods(uid).filter((pod) => pod.gone === undefined)];
  const current = read("followed").current?.podTemplateHash;
  expect(young.map((pod) => [pod.podTemplateHash, pod.ready])).toEqual([
    [current, true],
    [current, true],
  ]);
  for (const pod of old) {
    expect(pod.podTemplateHash).toBe(settled.current?.podTemplateHash);
    expect(pod.terminatingSince).toBeGreaterThanOrEqual(pod.readySince ?? Number.POSITIVE_INFINITY);
    // The API writes times to the second.
    expect(pod.gone).toBeGreaterThan((pod.terminatingSince ?? 0) - 1_000);
  }
  expect(told).toEqual(new Set([uid]));
  await pods.stop();
});

it.concurrent("a pod that loses its readiness keeps its time of readiness and says since when it is without", async ({ expect }) => {
  const settled = await settle({ name: "loses-readiness", replicas: 2 });
  const { uid, namespace } = settled.ref;
  const pods = createPodWatcher({ api: servers.api, clock: systemClock, random: Math.random, log: quiet, onChange() {} });
  pods.follow({ uid, namespace, selector: settled.selector });

  await servers.applyDeployment(deploymentManifest({ name: "loses-readiness", replicas: 2, image: "shop:2", fate: "loses-readiness" }));

  const lost = () => pods.pods(uid).filter((pod) => pod.gone === undefined && !pod.ready && pod.readySince !== undefined);
  await expect.poll(() => lost().length, patience).toBeGreaterThan(0);
  const [pod] = lost();
  expect(pod?.containers).toMatchObject([{ ready: false, restarts: 0 }]);
  expect(pod?.containers[0]).not.toHaveProperty("waiting");
  // The API writes times to the second.
  expect(pod?.unreadySince).toBeGreaterThanOrEqual((pod?.readySince ?? Number.POSITIVE_INFINITY) - 1000);
  await pods.stop();
});

it.concurrent.for([
  { fate: "crash", exitCode: 1, reason: "Error" },
  { fate: "out-of-memory", exitCode: 137, reason: "OOMKilled" },
] as const)("a crash loop ($reason) shows in the pods, and the rollout stays in flight", async ({ fate, exitCode, reason }, { expect }) => {
  const settled = await settle({ name: fate, replicas: 2 });
  const { uid, namespace } = settled.ref;
  const pods = createPodWatcher({ api: servers.api, clock: systemClock, random: Math.random, log: quiet, onChange() {} });
  pods.follow({ uid, namespace, selector: settled.selector });

  await servers.applyDeployment(deploymentManifest({ name: fate, replicas: 2, image: "shop:2", fate }));

  const crashing = () =>
    pods.pods(uid).flatMap((pod) => pod.containers.filter((each) => each.waiting?.reason === "CrashLoopBackOff" && each.restarts > 0));
  await expect.poll(() => crashing().length, patience).toBeGreaterThan(0);
  expect(sinceThen(settled)).toMatchObject({ new: { number: 2 } });
  expect(crashing()[0]?.terminated).toMatchObject({ exitCode, reason });
  await pods.stop();
});
