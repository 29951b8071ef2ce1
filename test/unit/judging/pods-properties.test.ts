import fc from "fast-check";
import { expect, test } from "vitest";
import type { ContainerState, PodState } from "../../../src/model.ts";
import { judge, MINUTE, NOW } from "./pods.ts";

const ago = (minutes: number) => fc.integer({ min: 0, max: minutes * MINUTE }).map((ms) => NOW - ms);
const reasons = ["CrashLoopBackOff", "ImagePullBackOff", "CreateContainerConfigError", "ContainerCreating"] as const;

const anyContainer: fc.Arbitrary<ContainerState> = fc.record(
  {
    name: fc.constant("app"),
    ready: fc.boolean(),
    restarts: fc.integer({ min: 0, max: 4 }),
    waiting: fc.record({ reason: fc.constantFrom(...reasons), message: fc.constant("") }),
    terminated: fc.record({ reason: fc.constantFrom("Error", "OOMKilled"), exitCode: fc.constantFrom(1, 137), at: ago(40) }),
  },
  { requiredKeys: ["name", "ready", "restarts"] },
);

const shape = { created: ago(40), node: fc.constantFrom("node-1", "node-2", "node-3"), uid: fc.uuid() };

const anyPod = fc
  .record(
    {
      ...shape,
      containers: fc.array(anyContainer, { minLength: 1, maxLength: 2 }),
      readySince: ago(30),
      unreadySince: ago(30),
      unschedulable: fc.record({ message: fc.constant("no room"), since: ago(10) }),
      terminatingSince: ago(1),
    },
    { requiredKeys: ["created", "node", "uid", "containers"] },
  )
  .map((pod) => ({ ...pod, ready: pod.readySince !== undefined && pod.containers.every(({ ready }) => ready) }));

const wellPod = fc
  .record({ ...shape, readySince: ago(40) })
  .map((pod) => ({ ...pod, ready: true, containers: [{ name: "app", ready: true, restarts: 0 }] }));

const asPods =
  (hash: string) =>
  (pods: readonly Omit<PodState, "name" | "podTemplateHash">[]): PodState[] =>
    pods.map((pod) => ({ ...pod, name: pod.uid, podTemplateHash: hash }));

const limits = {
  restarts: fc.integer({ min: 1, max: 4 }),
  oomKills: fc.integer({ min: 1, max: 4 }),
  desired: fc.integer({ min: 0, max: 8 }),
  readyWithinMs: fc.integer({ min: 1, max: 20 * MINUTE }),
};
const requiredKeys: ["restarts", "oomKills", "desired"] = ["restarts", "oomKills", "desired"];
const withinDeadline = fc.record(limits, { requiredKeys });
const policy = fc.record(
  {
    ...limits,
    progress: fc.record({
      deadlineMs: fc.constant(10 * MINUTE),
      unpausedForMs: fc.integer({ min: 0, max: 20 * MINUTE }),
      complete: fc.boolean(),
    }),
  },
  { requiredKeys },
);
const oldPods = fc.array(anyPod, { maxLength: 5 }).map(asPods("a"));
const newPods = fc.array(anyPod, { minLength: 1, maxLength: 6 }).map(asPods("b"));

test("a revision whose pods are all ready and never restarted passes, until it outlives its deadline", () => {
  const well = fc.array(wellPod, { maxLength: 6 }).map(asPods("b"));
  fc.assert(
    fc.property(oldPods, well, withinDeadline, (old, pods, over) => {
      expect(judge([...old, ...pods], over).state).toBe("pass");
    }),
  );
});

test("one ready pod more never makes a breach", () => {
  fc.assert(
    fc.property(oldPods, newPods, wellPod, policy, (old, pods, well, over) => {
      const before = judge([...old, ...pods], over).state;
      const after = judge([...old, ...pods, ...asPods("b")([well])], over).state;
      expect(before === "breach" || after !== "breach").toBe(true);
    }),
    { numRuns: 500 },
  );
});

/** A crash is shared while it lasts: one that is over says nothing. */
function downSince(container: ContainerState): ContainerState {
  const terminated = container.terminated ?? { reason: "Error", exitCode: 1, at: NOW - MINUTE };
  return container.restarts === 0 ? container : { ...container, ready: false, terminated };
}

test("what every old pod has as well, and has since the new ones came, is no breach", () => {
  fc.assert(
    fc.property(newPods, withinDeadline, (drawn, over) => {
      const pods = drawn.map((pod) => ({ ...pod, created: NOW - 40 * MINUTE, containers: pod.containers.map(downSince), ready: false }));
      const twins = pods.map((pod) => ({ ...pod, uid: `old-${pod.uid}`, name: `old-${pod.name}`, podTemplateHash: "a" }));
      expect(judge([...twins, ...pods], over).state).not.toBe("breach");
    }),
    { numRuns: 500 },
  );
});
