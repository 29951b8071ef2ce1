import { describe, expect, test } from "vitest";
import { fillPod } from "../../../src/policies/job-signal.ts";
import { limitWarnings } from "../../../src/policies/limits.ts";
import { storedPolicy, storePolicy } from "../../../src/policies/policy.ts";
import { signalOf, signalSchema } from "../../../src/policies/signal.ts";
import { aPolicy } from "./a-policy.ts";

const pod = { containers: [{ name: "test", image: "{{image}}", command: ["test", "http://{{name}}.{{namespace}}.svc"] }] };
const problemsOf = (job: object) => signalSchema.safeParse({ job }).error?.issues.map(({ message }) => message) ?? [];

describe("a smoke test in a policy", () => {
  test("needs a pod alone", () => {
    expect(signalOf(signalSchema.parse({ job: { pod } }))).toEqual({ kind: "job", pod, timeoutMs: 300_000, when: "completed" });
  });

  test.each<[string, object, RegExp]>([
    ["no pod", { pod: undefined }, /is no pod/],
    ["a pod without containers", { pod: {} }, /no containers with a name and an image/],
    ["the spec of a pod and what is around it", { pod: { spec: pod } }, /no containers.*\n.*\nspec is one level too deep/],
    ["a container without an image", { pod: { containers: [{ name: "a" }] } }, /no containers with a name and an image/],
    [
      "a test that is tried again",
      { pod: { ...pod, restartPolicy: "OnFailure" } },
      /"OnFailure" would start a failed test again\n.*which need not be written/,
    ],
    ["a placeholder that does not exist", { pod: { ...pod, hostname: "{{pod}}" } }, /unknown placeholder \{\{pod\}\}/],
    ["a pod that would fill the guard's record", { pod: { ...pod, hostname: "x".repeat(40_000) } }, /the pod is too long/],
    ["a time too short to pull an image", { timeout: "1s" }, /out of range/],
    ["another moment", { when: "always" }, /first-ready/],
  ])("refuses %s", (_what, job, problem) => {
    expect(problemsOf({ pod, ...job }).join()).toMatch(problem);
  });

  test("has its placeholders filled in every text, and nothing else changed", () => {
    expect(fillPod({ ...pod, terminationGracePeriodSeconds: 5 }, { namespace: "shop", name: "web", image: "shop/web:2" })).toEqual({
      containers: [{ name: "test", image: "shop/web:2", command: ["test", "http://web.shop.svc"] }],
      terminationGracePeriodSeconds: 5,
    });
  });

  test("that is never started, or not over in time, is warned of by check", () => {
    const of = (...lines: readonly string[]) =>
      limitWarnings(aPolicy("p", "{}", [...lines, `signals: { a: { job: { pod: { containers: [{ name: a, image: b }] } } } }`]));
    expect(of("mode: enforce")).toEqual([]);
    expect(of()).toEqual(["a: mode observe creates no Job: a guard with it never passes"]);
    expect(of("mode: enforce", "window: 5m")).toEqual(["a: timeout 5m is not shorter than window: the guard may end before its Job"]);
  });

  test("is stored as it was written, and read back", () => {
    const text = `signals: { a: { job: { timeout: 90s, when: first-ready, pod: { containers: [{ name: a, image: "{{image}}" }] } } } }`;
    const policy = aPolicy("p", "{}", [text]);
    expect(storedPolicy(storePolicy(policy))).toEqual(policy);
  });
});
