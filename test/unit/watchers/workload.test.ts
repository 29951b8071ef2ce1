import { describe, expect, it } from "vitest";
import { parseReplicaSet } from "../../../src/watchers/replica-set.ts";
import { selectorString } from "../../../src/clients/kubernetes/selector.ts";
import { toWorkload } from "../../../src/watchers/workload.ts";
import { rawDeployment, rawReplicaSet } from "../../support/raw-objects.ts";

const sets = (...options: readonly Parameters<typeof rawReplicaSet>[0][]) =>
  options.flatMap((each) => parseReplicaSet(rawReplicaSet(each)) ?? []);

describe("a workload", () => {
  it("lists its revisions, newest number first, with the current one among them", () => {
    const workload = toWorkload(
      rawDeployment({ revision: 3 }),
      sets({ hash: "b", revision: 2 }, { hash: "a", revision: 3 }, { hash: "z", revision: 1 }),
    );

    expect(workload.revisions.map((each) => each.podTemplateHash)).toEqual(["a", "b", "z"]);
    expect(workload.current).toEqual({
      podTemplateHash: "a",
      number: 3,
      name: "shop-a",
      uid: "replica-set-a",
      created: Date.parse("2026-11-23T10:00:00Z"),
    });
  });

  it("has no revision of a former object of the same name", () => {
    const workload = toWorkload(rawDeployment({ uid: "deployment-2" }), sets({ hash: "a", revision: 1, owner: "deployment-1" }));

    expect(workload.revisions).toEqual([]);
    expect(workload).not.toHaveProperty("current");
  });

  it("does not keep the copy of itself that kubectl apply leaves", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "{…}", team: "x" };

    expect(toWorkload(rawDeployment({ metadata: { annotations } }), []).annotations).toEqual({ team: "x" });
  });

  it.each([
    ["Available", "False", true],
    ["Progressing", "False", true],
    ["Progressing", "Unknown", undefined],
    ["ReplicaFailure", "False", undefined],
  ])("whose condition %s is %s: unfinished %s", (type, status, wanted) => {
    const raw = rawDeployment();
    const conditions = [
      { type: "Available", status: "True" },
      { type, status },
    ];

    expect(toWorkload({ ...raw, status: { ...(raw["status"] as object), conditions } }, []).unfinished).toBe(wanted);
  });

  it("takes the API's defaults where the spec is silent", () => {
    const workload = toWorkload({ metadata: { name: "shop", namespace: "prod", uid: "u" }, spec: {} }, []);

    expect(workload).toMatchObject({
      desired: 1,
      strategy: "RollingUpdate",
      paused: false,
      progressDeadline: 600_000,
      replicas: 0,
      observedGeneration: 0,
    });
  });
});

describe("a ReplicaSet", () => {
  it("of no Deployment is left out", () => {
    const raw = {
      metadata: {
        name: "x",
        uid: "u",
        labels: { "pod-template-hash": "a" },
        ownerReferences: [{ kind: "Rollout", name: "r", uid: "o", controller: true }],
      },
    };

    expect(parseReplicaSet(raw)).toBeUndefined();
  });

  it("without a revision counts as number 0", () => {
    const { metadata } = rawReplicaSet({ hash: "a", revision: 1 }) as { metadata: object };

    expect(parseReplicaSet({ metadata: { ...metadata, annotations: {} } })?.number).toBe(0);
  });
});

it.each([
  [{ matchLabels: { app: "shop", tier: "web" } }, "app=shop,tier=web"],
  [{ matchExpressions: [{ key: "tier", operator: "In", values: ["a", "b"] }] }, "tier in (a,b)"],
  [{ matchExpressions: [{ key: "tier", operator: "NotIn", values: ["a"] }] }, "tier notin (a)"],
  [
    {
      matchLabels: { app: "shop" },
      matchExpressions: [
        { key: "old", operator: "DoesNotExist" },
        { key: "new", operator: "Exists" },
      ],
    },
    "app=shop,!old,new",
  ],
])("the selector %j reads %s", (selector, expected) => {
  expect(selectorString(selector)).toBe(expected);
});
