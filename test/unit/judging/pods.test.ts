import { describe, expect, test } from "vitest";
import type { PodsInput } from "../../../src/judging/pods.ts";
import type { PodState } from "../../../src/model.ts";
import { container, crashing, judge, long, MINUTE, NOW, old, pod, waiting } from "./pods.ts";

describe("new pods in trouble", () => {
  test.each<{ readonly name: string; readonly pods: readonly PodState[]; readonly state: string; readonly trouble?: string }>([
    { name: "all ready", pods: [pod("new-1", "b")], state: "pass" },
    { name: "no new pod yet", pods: [], state: "pass" },
    { name: "still starting", pods: [pod("new-1", "b", { app: { ready: false } })], state: "pass" },
    { name: "two restarts", pods: [pod("new-1", "b", { app: crashing })], state: "breach", trouble: "crash-loop" },
    {
      name: "two restarts of the container beside the application's",
      pods: [pod("new-1", "b", { ready: false, containers: [container(), container({ name: "proxy", ...crashing })] })],
      state: "breach",
      trouble: "crash-loop",
    },
    {
      name: "one restart, not up again",
      pods: [pod("new-1", "b", { app: { ...crashing, restarts: 1 } })],
      state: "warn",
      trouble: "crash-loop",
    },
    {
      name: "the first back-off, no restart yet",
      pods: [pod("new-1", "b", { app: { ...crashing, restarts: 0 } })],
      state: "warn",
      trouble: "crash-loop",
    },
    { name: "one restart long ago, recovered", pods: [pod("new-1", "b", { app: { restarts: 1 } })], state: "pass" },
    {
      name: "restarted often, up for the moment",
      pods: [pod("new-1", "b", { app: { restarts: 4 } })],
      state: "breach",
      trouble: "crash-loop",
    },
    {
      name: "no image for three minutes",
      pods: [pod("new-1", "b", { app: waiting("ImagePullBackOff"), ...long })],
      state: "breach",
      trouble: "image-pull",
    },
    {
      name: "between two tries for the image",
      pods: [pod("new-1", "b", { app: waiting("ErrImagePull"), ...long })],
      state: "breach",
      trouble: "image-pull",
    },
    { name: "no image for one minute", pods: [pod("new-1", "b", { app: waiting("ErrImagePull") })], state: "warn", trouble: "image-pull" },
    {
      name: "an image name that is none",
      pods: [pod("new-1", "b", { app: waiting("InvalidImageName"), ...long })],
      state: "breach",
      trouble: "image-pull",
    },
    {
      name: "a missing ConfigMap",
      pods: [pod("new-1", "b", { app: waiting("CreateContainerConfigError"), ...long })],
      state: "breach",
      trouble: "bad-config",
    },
    {
      name: "a command that is not there",
      pods: [pod("new-1", "b", { app: waiting("RunContainerError"), ...long })],
      state: "breach",
      trouble: "bad-config",
    },
    { name: "a container that is being created", pods: [pod("new-1", "b", { app: waiting("ContainerCreating"), ...long })], state: "pass" },
    {
      name: "no node for two minutes",
      pods: [pod("new-1", "b", { app: { ready: false }, unschedulable: { message: "0/3 nodes", since: NOW - 2 * MINUTE } })],
      state: "breach",
      trouble: "unschedulable",
    },
    {
      name: "no node for a moment",
      pods: [pod("new-1", "b", { app: { ready: false }, ...long, unschedulable: { message: "0/3 nodes", since: NOW - 5000 } })],
      state: "warn",
      trouble: "unschedulable",
    },
    {
      name: "no configuration since its last restart a moment ago",
      pods: [
        pod("new-1", "b", {
          app: waiting("CreateContainerError", { restarts: 1, terminated: { reason: "Error", exitCode: 1, at: NOW - 5000 } }),
          ...long,
        }),
      ],
      state: "warn",
      trouble: "bad-config",
    },
    { name: "a pod that is being deleted", pods: [pod("new-1", "b", { app: crashing, terminatingSince: NOW - 1000 })], state: "pass" },
    { name: "a pod that is gone", pods: [pod("new-1", "b", { app: crashing, gone: NOW - 1000 })], state: "pass" },
    { name: "a pod of a third revision", pods: [pod("mid-1", "c", { app: crashing })], state: "pass" },
    { name: "an old pod", pods: [pod("old-9", "a", { app: crashing })], state: "pass" },
  ])("$name: $state", ({ pods, state, trouble }) => {
    const verdict = judge([...old, ...pods]);

    const reason = trouble === undefined ? { code: "pods-ready" } : { code: "pods", trouble };
    expect(verdict).toMatchObject({ state, because: [reason] });
  });

  test("the reason names the pods, what they say and since when", () => {
    const pods = [pod("new-1", "b", { app: crashing }), pod("new-2", "b", { app: crashing }), pod("new-3", "b")];

    expect(judge(pods)).toEqual({
      signal: "pods",
      state: "breach",
      because: [
        {
          code: "pods",
          signal: "pods",
          trouble: "crash-loop",
          pods: ["new-1", "new-2"],
          of: 3,
          detail: "container app restarted 2 times, last exit code 1 (Error), CrashLoopBackOff",
          forMs: MINUTE,
        },
      ],
    });
  });

  test("a pod whose second container crashes is in trouble", () => {
    const containers = [container(), container({ ...crashing, name: "sidecar" })];

    expect(judge([pod("new-1", "b", { containers })]).because[0]).toMatchObject({
      trouble: "crash-loop",
      detail: expect.stringContaining("sidecar"),
    });
  });
});

describe("trouble that is not the revision's", () => {
  test("one pod of three, two others ready: the pod and its node are suspect", () => {
    const { state, because } = judge([pod("new-1", "b"), pod("new-2", "b"), pod("new-3", "b", { app: crashing })]);

    expect(state).toBe("hold");
    expect(because.map(({ code }) => code)).toEqual(["suspect-pod", "pods"]);
    expect(because[0]).toMatchObject({ pod: "new-3", node: "node-of-new-3" });
  });

  test("one pod of two is the revision's: there are too few to compare with", () => {
    expect(judge([pod("new-1", "b"), pod("new-2", "b", { app: crashing })]).state).toBe("breach");
  });

  test("two pods of four are the revision's", () => {
    const pods = [pod("new-1", "b"), pod("new-2", "b"), pod("new-3", "b", { app: crashing }), pod("new-4", "b", { app: crashing })];

    expect(judge(pods).state).toBe("breach");
  });

  test.each(["ImagePullBackOff", "CreateContainerConfigError"])("%s of an old pod as well is the cluster's", (reason) => {
    const { state, because } = judge([
      pod("old-1", "a"),
      pod("old-2", "a", { app: waiting(reason), ...long }),
      pod("new-1", "b", { app: waiting(reason), ...long }),
    ]);

    expect(state).toBe("hold");
    expect(because[0]).toMatchObject({ code: "limitation", detail: expect.stringContaining("1 of 2 pods of the old revision") });
  });

  test("old pods that crash at the same time are a shared cause", () => {
    const pods = [pod("old-1", "a", { app: crashing }), pod("old-2", "a"), pod("new-1", "b", { app: crashing })];

    expect(judge(pods).state).toBe("hold");
  });

  test("an old pod that crashed before the rollout is no excuse", () => {
    const before = waiting("CrashLoopBackOff", { restarts: 9, terminated: { reason: "Error", exitCode: 1, at: NOW - 60 * MINUTE } });

    expect(judge([pod("old-1", "a", { app: before }), pod("new-1", "b", { app: crashing })]).state).toBe("breach");
  });

  test("one of eight old pods that crashes does not excuse that all new ones do", () => {
    const eight = Array.from({ length: 8 }, (_, i) => pod(`old-${i}`, "a", i === 0 ? { app: crashing } : {}));

    expect(judge([...eight, pod("new-1", "b", { app: crashing }), pod("new-2", "b", { app: crashing })]).state).toBe("breach");
  });
});

describe("progress deadline", () => {
  const late = { deadlineMs: 600_000, unpausedForMs: 600_000, complete: false };
  const unready = pod("new-1", "b", { app: { ready: false } });

  test.each<{
    readonly name: string;
    readonly pods: readonly PodState[];
    readonly progress: NonNullable<PodsInput["progress"]>;
    readonly state: string;
    readonly trouble?: string;
  }>([
    { name: "over it with a pod that was never ready", pods: [unready], progress: late, state: "breach", trouble: "never-ready" },
    {
      name: "over it although all pods are ready",
      pods: [pod("new-1", "b")],
      progress: late,
      state: "breach",
      trouble: "progress-deadline",
    },
    { name: "over it without any new pod", pods: [], progress: late, state: "breach", trouble: "progress-deadline" },
    {
      name: "a crash loop says more",
      pods: [pod("new-1", "b", { app: crashing })],
      progress: late,
      state: "breach",
      trouble: "crash-loop",
    },
    { name: "before it", pods: [unready], progress: { ...late, unpausedForMs: 599_999 }, state: "pass" },
    { name: "complete", pods: [unready], progress: { ...late, complete: true }, state: "pass" },
  ])("$name: $state", ({ pods, progress, state, trouble }) => {
    const verdict = judge([...old, ...pods], { progress });

    const reason = trouble === undefined ? { code: "pods-ready" } : { code: "pods", trouble };
    expect(verdict).toMatchObject({ state, because: [reason] });
  });

  test("no new pod is ready, and no old one either: not the revision's fault", () => {
    const down = [pod("old-1", "a", { ready: false }), unready];

    expect(judge(down, { progress: late })).toMatchObject({ state: "hold", because: [{ code: "limitation" }, { trouble: "never-ready" }] });
  });
});
