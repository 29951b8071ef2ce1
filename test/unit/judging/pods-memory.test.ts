import { describe, expect, test } from "vitest";
import type { PodState } from "../../../src/model.ts";
import { container, judge, MINUTE, NOW, old, pod } from "./pods.ts";

/** Killed at its memory limit, up and ready again. */
function killed(
  name: string,
  hash: string,
  over: Partial<PodState> & { readonly atMs?: number; readonly restarts?: number } = {},
): PodState {
  const { atMs = NOW - 5000, restarts = 1, ...rest } = over;
  const containers = [container({ restarts, terminated: { reason: "OOMKilled", exitCode: 137, at: atMs } })];
  return pod(name, hash, { containers, ...rest });
}

describe("new pods that run out of memory", () => {
  test.each<{
    readonly name: string;
    readonly pods: readonly PodState[];
    readonly desired?: number;
    readonly oomKills?: number;
    readonly state: string;
    readonly codes: readonly string[];
  }>([
    { name: "two of eight, ready again", pods: [killed("n1", "b"), killed("n2", "b")], state: "breach", codes: ["oom-killed"] },
    {
      name: "two of eight, not restarted yet",
      pods: [killed("n1", "b", { restarts: 0 }), killed("n2", "b", { restarts: 0 })],
      state: "breach",
      codes: ["oom-killed"],
    },
    { name: "one of eight", pods: [killed("n1", "b"), pod("n2", "b"), pod("n3", "b")], state: "warn", codes: ["oom-killed"] },
    { name: "the only one of a workload of one", pods: [killed("n1", "b")], desired: 1, state: "breach", codes: ["oom-killed"] },
    { name: "the first one made, of two", pods: [killed("n1", "b")], desired: 2, state: "warn", codes: ["oom-killed"] },
    {
      name: "two where three are asked for",
      pods: [killed("n1", "b"), killed("n2", "b")],
      oomKills: 3,
      state: "warn",
      codes: ["oom-killed", "oom-killed"],
    },
    {
      name: "two of two where three are asked for",
      pods: [killed("n1", "b"), killed("n2", "b")],
      oomKills: 3,
      desired: 2,
      state: "breach",
      codes: ["oom-killed"],
    },
    {
      name: "one of several where one is asked for: a suspect pod",
      pods: [killed("n1", "b"), pod("n2", "b"), pod("n3", "b")],
      oomKills: 1,
      state: "hold",
      codes: ["suspect-pod", "oom-killed"],
    },
    {
      name: "one again and again, another once: the memory says more than the crash",
      pods: [killed("n1", "b", { restarts: 4 }), killed("n2", "b"), pod("n3", "b"), pod("n4", "b")],
      state: "breach",
      codes: ["oom-killed"],
    },
    {
      name: "only one, but twice: a crash loop",
      pods: [killed("n1", "b", { restarts: 2 }), pod("n2", "b")],
      state: "breach",
      codes: ["crash-loop"],
    },
  ])("$name: $state", ({ pods, state, codes, ...over }) => {
    const verdict = judge([...old, ...pods], over);

    expect(verdict.state).toBe(state);
    expect(verdict.because.map((reason) => (reason.code === "pods" ? reason.trouble : reason.code))).toEqual(codes);
  });

  test("a container that succeeded although a process in it was killed has not run out", () => {
    const containers = [container({ terminated: { reason: "OOMKilled", exitCode: 0, at: NOW } })];

    expect(judge([pod("n1", "b", { containers }), pod("n2", "b", { containers })]).state).toBe("pass");
  });

  test("the reason counts from the first kill and names the container", () => {
    const pods = [killed("n1", "b", { atMs: NOW - 40_000 }), killed("n2", "b")];

    expect(judge(pods).because).toEqual([
      {
        code: "pods",
        signal: "pods",
        trouble: "oom-killed",
        pods: ["n1", "n2"],
        of: 2,
        detail: "container app used more memory than it may (OOMKilled)",
        forMs: 40_000,
      },
    ]);
  });
});

describe("old pods that run out of memory", () => {
  // New pods have been there for twenty minutes.
  const created = NOW - 20 * MINUTE;
  const pods = [killed("n1", "b", { created }), killed("n2", "b", { created }), pod("n3", "b", { created }), pod("n4", "b", { created })];

  test.each<[string, readonly PodState[], string]>([
    ["at the same time excuse the new ones", [killed("o1", "a"), pod("o2", "a")], "hold"],
    ["as shortly before the rollout as new ones need excuse them", [killed("o1", "a", { atMs: NOW - 39 * MINUTE })], "hold"],
    ["longer before do not", [killed("o1", "a", { atMs: NOW - 41 * MINUTE })], "breach"],
    ["and have gone since excuse them too", [killed("o1", "a", { gone: NOW - MINUTE, ready: false })], "hold"],
    ["less than half as often do not", [killed("o1", "a"), ...[2, 3, 4, 5, 6].map((i) => pod(`o${i}`, "a"))], "breach"],
  ])("%s", (_, others, state) => {
    expect(judge([...others, ...pods]).state).toBe(state);
  });
});
