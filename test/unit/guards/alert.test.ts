import { describe, expect, test } from "vitest";
import type { Alert } from "../../../src/alert.ts";
import { askingFor, subjectOf, withAlert } from "../../../src/guards/alert.ts";
import { rulesOf } from "../../../src/guards/judgement.ts";
import { type GuardRun, openRun } from "../../../src/guards/run.ts";
import { BLOCK, fresh, MINUTE, old, pod, policyOf, recordOf, START, workloadOf } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };

function alert(labels: Readonly<Record<string, string>>, over: Partial<Alert> = {}): Alert {
  return { fingerprint: "a", startsAt: START + 2 * MINUTE, labels: { alertname: "HighErrorRate", ...labels }, summary: "", ...over };
}

function runOf(signal = "{ names: [HighErrorRate] }"): GuardRun {
  const policy = policyOf(`signals: { alerts: { alert: ${signal} }, pods: { pods: {} } }`);
  return openRun(recordOf([], { policy, pods: [pod("web-new", fresh), pod("web-old", old)] }), pace);
}

describe("an alert reaches the guard of shop/web", () => {
  test.each<[string, Readonly<Record<string, string>>, boolean]>([
    ["by namespace and deployment", { namespace: "shop", deployment: "web" }, true],
    ["by namespace and workload", { namespace: "shop", workload: "web" }, true],
    ["by namespace and a pod of it", { namespace: "shop", pod: "web-new" }, true],
    ["not by a pod of another workload", { namespace: "shop", pod: "cart-1" }, false],
    ["not where the deployment is another, whatever the pod", { namespace: "shop", deployment: "cart", pod: "web-new" }, false],
    ["not as a StatefulSet of the same name", { namespace: "shop", statefulset: "web" }, false],
    ["not from another namespace", { namespace: "other", deployment: "web" }, false],
    ["not without a namespace", { deployment: "web" }, false],
    ["not by the namespace alone", { namespace: "shop" }, false],
    ["not under another name", { namespace: "shop", deployment: "web", alertname: "Slow" }, false],
    ["not with empty labels", { namespace: "", deployment: "web" }, false],
  ])("%s", (_what, labels, reaches) => {
    expect(askingFor(runOf(), alert(labels)).length > 0).toBe(reaches);
  });

  test.each<[string, string, Readonly<Record<string, string>>, boolean]>([
    ["by a glob of its name", "{ names: ['High*'] }", { namespace: "shop", deployment: "web" }, true],
    [
      "by further labels",
      "{ names: ['*'], labels: { severity: crit* } }",
      { namespace: "shop", deployment: "web", severity: "critical" },
      true,
    ],
    ["not without them", "{ names: ['*'], labels: { severity: crit* } }", { namespace: "shop", deployment: "web" }, false],
    ["by labels that the policy names", "{ names: ['*'], from: { namespace: ns, workload: app } }", { ns: "shop", app: "web" }, true],
    ["and then not by the usual ones", "{ names: ['*'], from: { workload: app } }", { namespace: "shop", deployment: "web" }, false],
  ])("%s", (_what, signal, labels, reaches) => {
    expect(askingFor(runOf(signal), alert(labels)).length > 0).toBe(reaches);
  });
});

test("an alert without any of the labels is about nobody", () => {
  expect(subjectOf(alert({ job: "node" }))).toBeUndefined();
});

function told(run: GuardRun, ...alerts: readonly Alert[]): GuardRun {
  return alerts.reduce(
    (before, one) => askingFor(before, one).reduce((each, [name, signal]) => withAlert(each, name, signal, one), before),
    run,
  );
}

test("what is in the record judges alike after a restart", () => {
  const run = told(runOf(), alert({ namespace: "shop", pod: "web-new" }));
  const again = openRun(run.record, pace);
  const [one, other] = [run, again].map((each) => rulesOf(each, workloadOf(), START + 5 * MINUTE)[0]);
  expect(one?.state).toBe("breach");
  expect(other).toEqual(one);
});

test("an alert of an old pod is held, and one of a name that both revisions had counts", () => {
  const held = told(runOf(), alert({ namespace: "shop", pod: "web-old" }));
  expect(rulesOf(held, workloadOf(), START + 5 * MINUTE)[0]?.state).toBe("hold");
  const both = { ...held, record: { ...held.record, pods: [...held.record.pods, pod("web-old", fresh)] } };
  expect(rulesOf(both, workloadOf(), START + 5 * MINUTE)[0]?.state).toBe("breach");
});

test("what a rule attaches is cut to size before it is kept", () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`label_${at}`, "x".repeat(5_000)]));
  const run = told(runOf(), alert({ namespace: "shop", deployment: "web", ...many }, { summary: "y".repeat(100_000) }));
  expect(JSON.stringify(run.record.alerts).length).toBeLessThan(4_000);
});

describe("an alert whose sender says not since when it fires", () => {
  const at = (minutes: number, over: Partial<Alert> = {}) =>
    alert({ namespace: "shop", deployment: "web" }, { startsAt: START + minutes * MINUTE, startIsFirstHeard: true, ...over });
  const keptOf = (run: GuardRun) => run.record.alerts?.["alerts"] ?? [];

  test("began when it was first heard of, however often it is repeated, and ends as that one firing", () => {
    const run = told(runOf(), at(2), at(3), at(4, { endsAt: START + 4 * MINUTE }));
    expect(keptOf(run)).toEqual([expect.objectContaining({ fingerprint: "a", startsAt: START + 2 * MINUTE, endsAt: START + 4 * MINUTE })]);
    expect(keptOf(run)[0]).not.toHaveProperty("startIsFirstHeard");
    expect(told(run, at(5)), "a late repeat").toBe(run);
  });

  test("is another one under another fingerprint", () => {
    expect(keptOf(told(runOf(), at(2), at(3, { fingerprint: "b" })))).toHaveLength(2);
  });
});
