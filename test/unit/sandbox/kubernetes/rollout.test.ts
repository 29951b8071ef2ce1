import { describe, expect, test } from "vitest";
import { events } from "../../../../src/sandbox/kubernetes/resource-type.ts";
import {
  change,
  clusterWith,
  deployment,
  manifest,
  newCluster,
  pass,
  progressing,
  release,
  revision,
  scaleSet,
  sets,
  start,
} from "./shop.ts";

const sizes = (cluster: ReturnType<typeof newCluster>) => sets(cluster).map((set) => set.spec.replicas);

describe("a new Deployment", () => {
  test("has all its pods ready two and a half seconds later", () => {
    const cluster = newCluster();
    cluster.apply(manifest());
    cluster.advance(start + 2400);
    expect(cluster.pods().filter((pod) => pod.running).length).toBe(4);
    expect(cluster.pods().filter((pod) => pod.ready).length).toBe(0);
    cluster.advance(start + 2500);
    expect(cluster.pods().filter((pod) => pod.ready).length).toBe(4);
    expect(deployment(cluster).status).toMatchObject({
      observedGeneration: 1,
      replicas: 4,
      updatedReplicas: 4,
      readyReplicas: 4,
      availableReplicas: 4,
    });
    expect(progressing(cluster)).toMatchObject({ status: "True", reason: "NewReplicaSetAvailable" });
  });

  test("names its ReplicaSet by the hash its pods carry", () => {
    const cluster = clusterWith();
    const [set] = sets(cluster);
    const hash = set?.metadata.labels?.["pod-template-hash"];
    expect(set?.metadata.name).toBe(`web-${hash}`);
    expect(new Set(cluster.pods().map((pod) => pod.podTemplateHash))).toEqual(new Set([hash]));
    expect(cluster.pods().every((pod) => /^web-[^-]+-[a-z0-9]{5}$/.test(pod.name))).toBe(true);
    expect(new Set(cluster.pods().map((pod) => pod.ip)).size).toBe(4);
  });

  test("is the same in two clusters of one seed, however the clock is moved", () => {
    const inOneStep = clusterWith({}, 60);
    const inManySteps = newCluster();
    inManySteps.apply(manifest());
    for (let at = start; at <= start + 60_000; at += 137) inManySteps.advance(at);
    inManySteps.advance(start + 60_000);
    expect(inManySteps.pods()).toEqual(inOneStep.pods());
  });
});

describe("a rolling update", () => {
  test("with maxSurge 1 and maxUnavailable 0 replaces one pod at a time and keeps every old pod until a new one is available", () => {
    const cluster = clusterWith();
    release(cluster, "web:2");
    expect(sizes(cluster)).toEqual([4, 1]);
    const seen: number[][] = [];
    for (let tenth = 0; tenth < 150; tenth += 1) {
      pass(cluster, 0.1);
      const now = sizes(cluster);
      if (seen.at(-1)?.join() !== now.join()) seen.push(now);
      expect(cluster.pods().filter((pod) => pod.ready).length).toBeGreaterThanOrEqual(4);
    }
    expect(seen).toEqual([
      [4, 1],
      [3, 2],
      [2, 3],
      [1, 4],
      [0, 4],
    ]);
    expect(progressing(cluster)?.reason).toBe("NewReplicaSetAvailable");
  });

  test("rounds a surge of 25 % up and an unavailability of 25 % down", () => {
    const cluster = clusterWith({ replicas: 5, strategy: { rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } } });
    release(cluster, "web:2");
    // 5 + 2 pods at most, 5 - 1 available at least.
    expect(sizes(cluster)).toEqual([4, 3]);
  });

  test("whose new pods never become ready stands still and is past its deadline ten minutes later", () => {
    const cluster = clusterWith();
    release(cluster, "web:2", { "sandbox.rearguard.dev/ready-after": "never" });
    pass(cluster, 599);
    expect(progressing(cluster)?.reason).toBe("ReplicaSetUpdated");
    pass(cluster, 4);
    expect(sizes(cluster)).toEqual([4, 1]);
    expect(progressing(cluster)).toMatchObject({ status: "False", reason: "ProgressDeadlineExceeded" });
    expect(deployment(cluster).status).toMatchObject({ replicas: 5, updatedReplicas: 1, availableReplicas: 4, unavailableReplicas: 1 });
  });

  test("waits minReadySeconds before it believes a pod", () => {
    const cluster = clusterWith({ spec: { minReadySeconds: 10 } });
    release(cluster, "web:2");
    pass(cluster, 11);
    expect(sizes(cluster)).toEqual([4, 1]);
    pass(cluster, 3);
    expect(sizes(cluster)).toEqual([3, 2]);
  });

  test("by Recreate starts no new pod before the last old one has gone", () => {
    const cluster = clusterWith({ strategy: { type: "Recreate" } });
    release(cluster, "web:2");
    expect(cluster.pods().every((pod) => pod.terminating && !pod.ready)).toBe(true);
    expect(sets(cluster).length).toBe(1);
    pass(cluster, 2);
    expect(sizes(cluster)).toEqual([0, 4]);
    expect(cluster.pods().filter((pod) => !pod.terminating).length).toBe(4);
  });

  test("keeps as many old ReplicaSets as the history limit says", () => {
    const cluster = clusterWith({ spec: { revisionHistoryLimit: 1 } });
    for (const image of ["web:2", "web:3", "web:4"]) {
      release(cluster, image);
      pass(cluster, 30);
    }
    expect(sets(cluster).map(revision)).toEqual([3, 4]);
  });

  test("tells every scaling as an Event", () => {
    const cluster = clusterWith();
    release(cluster, "web:2");
    const messages = cluster.store.list(events, "default").map((event) => String(event["message"]));
    expect(messages).toContainEqual(expect.stringMatching(/^Scaled up replica set web-\w+ from 0 to 1$/));
  });
});

describe("a rollback", () => {
  test("uses the old ReplicaSet again under the next number and remembers the former one", () => {
    const cluster = clusterWith();
    const [first] = sets(cluster);
    release(cluster, "web:2");
    pass(cluster, 30);
    release(cluster, "web:1");
    pass(cluster, 30);
    const [second, again] = sets(cluster);
    expect(again?.metadata.name).toBe(first?.metadata.name);
    expect([second, again].map((set) => set && revision(set))).toEqual([2, 3]);
    expect(again?.metadata.annotations?.["deployment.kubernetes.io/revision-history"]).toBe("1");
    expect(revision(deployment(cluster))).toBe(3);
    expect(sizes(cluster)).toEqual([0, 4]);
  });

  test("in mid-rollout ends the unhealthy new pods first", () => {
    const cluster = clusterWith({ strategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } } });
    release(cluster, "web:2", { "sandbox.rearguard.dev/ready-after": "never" });
    pass(cluster, 10);
    expect(sizes(cluster)).toEqual([4, 2]);
    release(cluster, "web:1");
    expect(sizes(cluster)).toEqual([0, 4]);
  });

  test("leaves a condemned ReplicaSet where somebody else has scaled it down to", () => {
    const cluster = clusterWith({ replicas: 4, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
    release(cluster, "web:2");
    pass(cluster, 7);
    expect(sizes(cluster)).toEqual([2, 3]);
    release(cluster, "web:1", {});
    const condemned = sets(cluster).find((set) => set.metadata.annotations?.["deployment.kubernetes.io/revision"] === "2");
    if (!condemned) throw new Error("the second ReplicaSet has gone");
    scaleSet(cluster, condemned, 0);
    for (let second = 0; second < 20; second += 1) {
      pass(cluster, 1);
      expect(sizes(cluster)[0]).toBe(0);
    }
    expect(sizes(cluster)).toEqual([0, 4]);
    expect(progressing(cluster)?.reason).toBe("NewReplicaSetAvailable");
  });
});

describe("a paused Deployment", () => {
  test("keeps its ReplicaSets as they are in mid-rollout and says so", () => {
    const cluster = clusterWith();
    release(cluster, "web:2");
    pass(cluster, 3);
    const before = sizes(cluster);
    change(cluster, { paused: true });
    pass(cluster, 60);
    expect(sizes(cluster)).toEqual(before);
    expect(progressing(cluster)).toMatchObject({ status: "Unknown", reason: "DeploymentPaused" });
    expect(deployment(cluster).status.observedGeneration).toBe(deployment(cluster).metadata.generation);
    change(cluster, { paused: false });
    pass(cluster, 30);
    expect(sizes(cluster)).toEqual([0, 4]);
  });

  test("makes no ReplicaSet for a new template", () => {
    const cluster = clusterWith();
    change(cluster, { paused: true });
    release(cluster, "web:2");
    pass(cluster, 30);
    expect(sets(cluster).length).toBe(1);
    expect(deployment(cluster).status.updatedReplicas).toBeUndefined();
  });

  test("is not past its deadline however long the pause lasts", () => {
    const cluster = clusterWith();
    release(cluster, "web:2", { "sandbox.rearguard.dev/ready-after": "never" });
    change(cluster, { paused: true });
    pass(cluster, 3600);
    change(cluster, { paused: false });
    pass(cluster, 590);
    expect(progressing(cluster)?.reason).not.toBe("ProgressDeadlineExceeded");
    pass(cluster, 20);
    expect(progressing(cluster)?.reason).toBe("ProgressDeadlineExceeded");
  });
});

describe("scaling", () => {
  test("of a Deployment at rest changes its one ReplicaSet and no revision", () => {
    const cluster = clusterWith();
    change(cluster, { replicas: 7 });
    pass(cluster, 10);
    expect(sizes(cluster)).toEqual([7]);
    expect(revision(deployment(cluster))).toBe(1);
    expect(cluster.pods().filter((pod) => pod.ready).length).toBe(7);
  });

  test("in mid-rollout gives each ReplicaSet its share", () => {
    const cluster = clusterWith({ replicas: 10, strategy: { rollingUpdate: { maxSurge: 5, maxUnavailable: 0 } } });
    release(cluster, "web:2", { "sandbox.rearguard.dev/ready-after": "never" });
    expect(sizes(cluster)).toEqual([10, 5]);
    change(cluster, { replicas: 20 });
    // 25 in all, in the proportion of 10 to 5.
    expect(sizes(cluster)).toEqual([17, 8]);
  });
});
