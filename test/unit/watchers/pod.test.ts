import { describe, expect, it } from "vitest";
import { mergeRoster } from "../../../src/watchers/pod-roster.ts";
import { parsePod } from "../../../src/watchers/pod.ts";
import { rawPod } from "../../support/raw-objects.ts";
import type { RawPodOptions } from "../../support/raw-objects.ts";

const at = (time: string) => Date.parse(`2026-11-23T${time}Z`);
const pod = (options: RawPodOptions) => parsePod(rawPod(options))?.pod;

describe("a pod", () => {
  it("that is ready tells its revision, its node and since when", () => {
    const seen = parsePod(rawPod({ readyAt: "2026-11-23T10:00:09Z" }));

    expect(seen?.replicaSetUid).toBe("replica-set-a");
    expect(seen?.pod).toEqual({
      uid: "pod-shop-a-1",
      name: "shop-a-1",
      podTemplateHash: "a",
      created: at("10:00:00"),
      node: "node-1",
      ready: true,
      readySince: at("10:00:09"),
      containers: [],
    });
  });

  it("that is not ready says since when, and has no time of readiness", () => {
    expect(pod({})).toMatchObject({ ready: false, unreadySince: at("10:00:01") });
    expect(pod({})).not.toHaveProperty("readySince");
  });

  it("was told to go a grace period before it must be gone", () => {
    const seen = pod({
      metadata: {
        uid: "u",
        name: "x",
        labels: { "pod-template-hash": "a" },
        ownerReferences: owner,
        deletionTimestamp: "2026-11-23T10:01:00Z",
        deletionGracePeriodSeconds: 30,
      },
    });

    expect(seen?.terminatingSince).toBe(at("10:00:30"));
  });

  it("that was evicted counts as told to go, although its object stays", () => {
    expect(pod({ status: { phase: "Failed", reason: "Evicted" } })?.terminatingSince).toBe(at("10:00:01"));
  });

  it("in a crash loop tells why it waits, how it ended and how often", () => {
    const status = {
      name: "app",
      ready: false,
      restartCount: 3,
      state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s" } },
      lastState: { terminated: { reason: "Error", exitCode: 137, finishedAt: "2026-11-23T10:02:00Z" } },
    };

    expect(pod({ status: { containerStatuses: [status] } })?.containers).toEqual([
      {
        name: "app",
        ready: false,
        restarts: 3,
        waiting: { reason: "CrashLoopBackOff", message: "back-off 40s" },
        terminated: { reason: "Error", exitCode: 137, at: at("10:02:00") },
      },
    ]);
  });

  it("shows its init containers too, first", () => {
    const init = { name: "migrate", ready: false, restartCount: 1, state: { waiting: { reason: "CrashLoopBackOff" } } };
    const app = { name: "app", ready: false, restartCount: 0, state: { waiting: { reason: "PodInitializing" } } };

    expect(pod({ status: { initContainerStatuses: [init], containerStatuses: [app] } })?.containers.map((each) => each.name)).toEqual([
      "migrate",
      "app",
    ]);
  });

  it("that no node can take says so and since when", () => {
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message: "0/3 nodes",
      lastTransitionTime: "2026-11-23T10:00:05Z",
    };

    expect(pod({ status: { conditions: [condition] } })?.unschedulable).toEqual({ message: "0/3 nodes", since: at("10:00:05") });
  });

  it("that waits for its scheduling gate is not unschedulable", () => {
    const condition = { type: "PodScheduled", status: "False", reason: "SchedulingGated", lastTransitionTime: "2026-11-23T10:00:05Z" };

    expect(pod({ status: { conditions: [condition] } })).not.toHaveProperty("unschedulable");
  });

  it.each([
    ["made by no controller", { ownerReferences: [] }],
    ["of a StatefulSet", { ownerReferences: [{ kind: "StatefulSet", name: "db", uid: "s", controller: true }] }],
  ])("%s is none of ours", (_, metadata) => {
    expect(parsePod(rawPod({ metadata: { uid: "u", name: "x", labels: { "pod-template-hash": "a" }, ...metadata } }))).toBeUndefined();
  });
});

const owner = [{ kind: "ReplicaSet", name: "shop-a", uid: "replica-set-a", controller: true }];

describe("the roster of a guard", () => {
  const seen = (options: RawPodOptions) => [pod(options)].flatMap((each) => each ?? []);

  it("keeps a pod that has gone and says when", () => {
    const before = mergeRoster([], seen({ readyAt: "2026-11-23T10:00:09Z" }), at("10:00:10"));

    const after = mergeRoster(before, [], at("10:05:00"));
    const later = mergeRoster(after, [], at("10:06:00"));

    expect(after).toMatchObject([{ name: "shop-a-1", ready: false, readySince: at("10:00:09"), gone: at("10:05:00") }]);
    expect(later).toEqual(after);
  });

  it("keeps the first readiness when a pod loses it and finds it again", () => {
    const first = mergeRoster([], seen({ readyAt: "2026-11-23T10:00:09Z" }), at("10:00:10"));

    const lost = mergeRoster(first, seen({}), at("10:01:00"));
    const found = mergeRoster(lost, seen({ readyAt: "2026-11-23T10:02:00Z" }), at("10:02:00"));

    expect(lost).toMatchObject([{ ready: false, readySince: at("10:00:09") }]);
    expect(found).toMatchObject([{ ready: true, readySince: at("10:00:09") }]);
  });

  it("lets a readiness count from when it was seen: blocks judged before it must not be judged otherwise after a restart", () => {
    const before = mergeRoster([], seen({}), at("10:00:10"));

    const ready = mergeRoster(before, seen({ readyAt: "2026-11-23T10:00:19Z" }), at("10:00:20"));
    const another = mergeRoster(ready, [...ready, ...seen({ uid: "two", readyAt: "2026-11-23T10:00:29Z" })], at("10:00:30"));

    expect(ready).toMatchObject([{ readySince: at("10:00:20") }]);
    expect(another).toMatchObject([{ readySince: at("10:00:20") }, { uid: "two", readySince: at("10:00:30") }]);
  });

  it("takes a pod of the same name for another one", () => {
    const before = mergeRoster([], seen({ uid: "one" }), at("10:00:10"));

    const after = mergeRoster(before, seen({ uid: "two" }), at("10:01:00"));

    expect(after.map((each) => [each.uid, each.gone])).toEqual([
      ["one", at("10:01:00")],
      ["two", undefined],
    ]);
  });
});
