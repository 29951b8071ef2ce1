import { describe, expect, test } from "vitest";
import { limitWarnings } from "../../../src/policies/limits.ts";
import { storedPolicy, storePolicy } from "../../../src/policies/policy.ts";
import { signalOf, signalSchema } from "../../../src/policies/signal.ts";
import { aPolicy } from "./a-policy.ts";

const problemsOf = (alert: object) => signalSchema.safeParse({ alert }).error?.issues.map(({ message }) => message) ?? [];

describe("an alert signal", () => {
  test("needs names alone, of any letters", () => {
    expect(signalOf(signalSchema.parse({ alert: { names: ["High error rate", "Slow*"] } }))).toEqual({
      kind: "alert",
      names: ["High error rate", "Slow*"],
      labels: {},
      forMs: 0,
      afterMs: 60_000,
      from: { namespace: "namespace", pod: "pod" },
    });
  });

  test.each<[string, object, RegExp]>([
    ["no name at all", {}, /expected array/i],
    ["an empty list of names", { names: [] }, />=1/],
    ["one name that is no list", { names: "High" }, /expected array/i],
    ["a label that cannot be one", { names: ["a"], labels: { "a-b": "c" } }, /Invalid key|is no label name/],
    ["a mapping to a label that cannot be one", { names: ["a"], from: { workload: "app.kubernetes.io/name" } }, /is no label name/],
    ["a time without a unit", { names: ["a"], for: 5 }, /is not a duration/],
    ["a key that does not exist", { names: ["a"], severity: "critical" }, /Unrecognized key/],
  ])("refuses %s", (_what, alert, problem) => {
    expect(problemsOf(alert).join()).toMatch(problem);
  });

  test("is stored as it was written, and read back with the same numbers", () => {
    const alert = "{ names: [High*], labels: { severity: critical }, for: 1m, after: 6m, from: { namespace: ns, workload: app } }";
    const policy = aPolicy("p", "{}", [`signals: { a: { alert: ${alert} } }`]);
    expect(storedPolicy(storePolicy(policy))).toEqual(policy);
    expect(storePolicy(policy).spec.signals["a"]?.alert).toMatchObject({ for: "1m", after: "6m", from: { workload: "app" } });
  });

  test("that would have to fire for longer than the window can never breach, and check says so", () => {
    const policy = aPolicy("p", "{}", ["window: 10m", "signals: { a: { alert: { names: [High], for: 10m } } }"]);
    expect(limitWarnings(policy)).toEqual(["a: for 10m is not shorter than window: it can never breach"]);
  });
});
