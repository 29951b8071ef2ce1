import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createScalingReader } from "../../src/watchers/scaling.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";
import { autoscale, deploymentPath, installKeda, madeByKeda, runs, scaledObject, setSpec } from "./scaling-fixture.ts";

let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
});

afterAll(() => servers[Symbol.asyncDispose]());

const read: ReturnType<typeof createScalingReader> = (workload) => createScalingReader({ api: servers.api })(workload);

test("in a cluster that has never heard of KEDA, a workload that nothing scales says itself how many pods it has", async () => {
  const workload = await runs(servers.api, "alone", 3);
  expect(await read(workload)).toEqual({ owner: { kind: "workload" }, replicas: 3, least: 3 });
});

test("a workload at 0 has 0 pods, not an unknown number", async () => {
  const workload = await runs(servers.api, "off", 1);
  await setSpec(servers.api, deploymentPath("off"), { replicas: 0 });
  expect(await read(workload)).toEqual({ owner: { kind: "workload" }, replicas: 0, least: 0 });
});

test("an autoscaler of another workload, or of another kind of the same name, decides nothing here", async () => {
  const workload = await runs(servers.api, "bystander");
  await autoscale(servers.api, { name: "elsewhere", target: "elsewhere" });
  expect(await read(workload)).toMatchObject({ owner: { kind: "workload" } });
});

test("an HPA decides, between its own bounds; without a minimum it keeps the server's 1", async () => {
  const workload = await runs(servers.api, "scaled");
  const owner = await autoscale(servers.api, { name: "scaled", max: 4 });
  expect(await read(workload)).toEqual({ owner, replicas: 2, least: 1 });
});

test("two HPAs for one workload are a problem that names both", async () => {
  const workload = await runs(servers.api, "torn");
  await autoscale(servers.api, { name: "torn-one", target: "torn" });
  await autoscale(servers.api, { name: "torn-two", target: "torn" });
  expect(await read(workload)).toEqual({ problem: "more than one HorizontalPodAutoscaler scales it: torn-one, torn-two" });
});

test("an HPA that Argo CD keeps is a problem: a change of it would be undone", async () => {
  const workload = await runs(servers.api, "tracked");
  const id = "shop:autoscaling/HorizontalPodAutoscaler:default/tracked";
  await autoscale(servers.api, { name: "tracked" }, { annotations: { "argocd.argoproj.io/tracking-id": id } });
  expect(await read(workload)).toEqual({
    problem: "HorizontalPodAutoscaler tracked belongs to shop (annotation argocd.argoproj.io/tracking-id), which would undo a change",
  });
});

test("a workload that is gone, or another one of its name, is a problem", async () => {
  const workload = await runs(servers.api, "another");
  expect(await read({ ...workload, name: "nothing" })).toEqual({ problem: "it no longer exists" });
  expect(await read({ ...workload, uid: "00000000-0000-4000-8000-000000000000" })).toEqual({
    problem: "another Deployment has its name now",
  });
});

describe("with KEDA", () => {
  beforeAll(() => installKeda(servers.api));

  test("the ScaledObject decides, not the HPA that KEDA made of it", async () => {
    const workload = await runs(servers.api, "queue");
    const owner = await scaledObject(servers.api, "queue", { minReplicaCount: 2, maxReplicaCount: 9 });
    await autoscale(servers.api, { name: "keda-hpa-queue", target: "queue", min: 2, max: 9 }, madeByKeda(owner));
    expect(await read(workload)).toEqual({ owner, replicas: 2, least: 2 });
  });

  test("a ScaledObject without bounds keeps no least number, and at most KEDA's 100, also before KEDA has made its HPA", async () => {
    const workload = await runs(servers.api, "unbound");
    const owner = await scaledObject(servers.api, "unbound");
    expect(await read(workload)).toEqual({ owner: { ...owner, max: 100 }, replicas: 2, least: null });
  });

  test("a ScaledObject that somebody paused is a problem: KEDA would not follow it", async () => {
    const workload = await runs(servers.api, "halted");
    await scaledObject(servers.api, "halted", {}, { annotations: { "autoscaling.keda.sh/paused-replicas": "2" } });
    expect(await read(workload)).toEqual({
      problem: "ScaledObject halted is paused by the annotation autoscaling.keda.sh/paused-replicas",
    });
  });

  test("a ScaledObject beside an HPA that is not its own is a problem", async () => {
    const workload = await runs(servers.api, "both");
    await scaledObject(servers.api, "both");
    await autoscale(servers.api, { name: "both" });
    expect(await read(workload)).toEqual({ problem: "both HorizontalPodAutoscaler both and ScaledObject both scale it" });
  });

  test("an HPA of a ScaledObject that names another workload is a problem", async () => {
    const workload = await runs(servers.api, "misled");
    const owner = await scaledObject(servers.api, "stranger");
    await autoscale(servers.api, { name: "keda-hpa-stranger", target: "misled" }, madeByKeda(owner));
    expect(await read(workload)).toEqual({
      problem: "its HorizontalPodAutoscaler belongs to ScaledObject stranger, which does not scale it",
    });
  });
});
