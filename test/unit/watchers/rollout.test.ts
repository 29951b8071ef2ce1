import { describe, expect, it } from "vitest";
import { parseReplicaSet } from "../../../src/watchers/replica-set.ts";
import { detectRollout, guardName } from "../../../src/watchers/rollout.ts";
import type { KnownRevision, RolloutContext } from "../../../src/watchers/rollout.ts";
import { toWorkload } from "../../../src/watchers/workload.ts";
import { rawDeployment, rawReplicaSet } from "../../support/raw-objects.ts";
import type { RawDeploymentOptions } from "../../support/raw-objects.ts";

const now = Date.parse("2026-11-23T12:00:00Z");
const windowMs = 30 * 60_000;
const longAgo = "2026-11-20T00:00:00Z";
const aMinuteAgo = "2026-11-23T11:59:00Z";
const tenMinutesAgo = "2026-11-23T11:50:00Z";

type Sets = readonly (readonly [hash: string, revision: number, created?: string])[];

function workload(deployment: RawDeploymentOptions, sets: Sets) {
  const facts = sets.map(([hash, revision, created = longAgo]) => parseReplicaSet(rawReplicaSet({ hash, revision, created })));
  return toWorkload(
    rawDeployment(deployment),
    facts.flatMap((each) => each ?? []),
  );
}

function detect(deployment: RawDeploymentOptions, sets: Sets, known?: KnownRevision, context?: RolloutContext) {
  return detectRollout(workload(deployment, sets), known, now, windowMs, context);
}

const a = { lastHash: "a", lastRevision: 1 };
const b = { lastHash: "b", lastRevision: 2 };

describe("what is a rollout", () => {
  const rows: readonly [string, RawDeploymentOptions, Sets, KnownRevision | undefined, "rollout" | "none"][] = [
    ["a settled Deployment at first sight", {}, [["a", 1]], undefined, "none"],
    [
      "a settled Deployment with history at first sight",
      { revision: 2 },
      [
        ["a", 1],
        ["b", 2],
      ],
      undefined,
      "none",
    ],
    ["a scale up under watch", { desired: 9, replicas: 9, updated: 9, available: 3, generation: 2 }, [["a", 1]], a, "none"],
    ["a scale down under watch", { desired: 1, replicas: 3, generation: 2 }, [["a", 1]], a, "none"],
    ["a scale up at first sight", { desired: 9, replicas: 5, available: 3 }, [["a", 1]], undefined, "none"],
    ["a scale to zero", { desired: 0, generation: 2 }, [["a", 1]], a, "none"],
    [
      "a new template under watch",
      { revision: 2, replicas: 4, updated: 1 },
      [
        ["a", 1],
        ["b", 2, aMinuteAgo],
      ],
      a,
      "rollout",
    ],
    ["a new template before the controller has seen it", { revision: 1, generation: 2, observed: 1 }, [["a", 1]], a, "none"],
    [
      "an unseen generation although the ReplicaSet is there",
      { revision: 2, generation: 3, observed: 2 },
      [
        ["a", 1],
        ["b", 2],
      ],
      a,
      "none",
    ],
    [
      "a ReplicaSet whose number the Deployment does not carry yet",
      { revision: 1 },
      [
        ["a", 1],
        ["b", 2, aMinuteAgo],
      ],
      a,
      "none",
    ],
    ["a number whose ReplicaSet has not come yet", { revision: 2, updated: 0 }, [["a", 1]], a, "none"],
    [
      "an undo, which uses the old ReplicaSet again",
      { revision: 3, replicas: 4, updated: 1 },
      [
        ["a", 3],
        ["b", 2],
      ],
      b,
      "rollout",
    ],
    [
      "an undo that came and went between two looks",
      { revision: 3 },
      [
        ["a", 3],
        ["b", 2],
      ],
      a,
      "rollout",
    ],
    [
      "the same revision once more",
      { revision: 2, replicas: 4, updated: 1 },
      [
        ["a", 1],
        ["b", 2, aMinuteAgo],
      ],
      b,
      "none",
    ],
    [
      "a rollout in flight at first sight",
      { revision: 2, replicas: 4, updated: 1 },
      [
        ["a", 1],
        ["b", 2],
      ],
      undefined,
      "rollout",
    ],
    [
      "one that was completed within the window before we came",
      { revision: 2 },
      [
        ["a", 1],
        ["b", 2, tenMinutesAgo],
      ],
      undefined,
      "rollout",
    ],
    ["a first deploy within the window", {}, [["a", 1, aMinuteAgo]], undefined, "rollout"],
    ["a first deploy before its ReplicaSet", { revision: 0, observed: 0, replicas: 0 }, [], undefined, "none"],
    ["a new template on a paused Deployment", { paused: true, updated: 0, generation: 2 }, [["a", 1]], a, "none"],
    ["the same at first sight", { paused: true, updated: 0, generation: 2 }, [["a", 1]], undefined, "none"],
    [
      "a Deployment paused in mid-rollout at first sight",
      { paused: true, revision: 2, replicas: 4, updated: 1 },
      [
        ["a", 1],
        ["b", 2],
      ],
      undefined,
      "rollout",
    ],
    [
      "a Recreate whose old pods are still going, at first sight",
      { generation: 2, updated: 0, spec: { strategy: { type: "Recreate" } } },
      [["a", 1]],
      undefined,
      "none",
    ],
    [
      "a Recreate with every pod gone",
      { revision: 2, replicas: 0 },
      [
        ["a", 1],
        ["b", 2, aMinuteAgo],
      ],
      undefined,
      "rollout",
    ],
    [
      "a workload that is being deleted",
      {
        revision: 2,
        metadata: {
          name: "shop",
          namespace: "prod",
          uid: "deployment-1",
          deletionTimestamp: aMinuteAgo,
          annotations: { "deployment.kubernetes.io/revision": "2" },
        },
      },
      [
        ["a", 1],
        ["b", 2, aMinuteAgo],
      ],
      a,
      "none",
    ],
  ];

  it.each(rows)("%s", (_, deployment, sets, known, expected) => {
    expect(detect(deployment, sets, known) === undefined ? "none" : "rollout").toBe(expected);
  });

  it("says the same however often it is asked", () => {
    const first = detect(
      { revision: 2, replicas: 4, updated: 1 },
      [
        ["a", 1],
        ["b", 2, aMinuteAgo],
      ],
      a,
    );

    const second = detect(
      { revision: 2, replicas: 4, updated: 3 },
      [
        ["a", 1],
        ["b", 2, aMinuteAgo],
      ],
      a,
    );

    expect(second).toEqual(first);
  });
});

describe("the old revision", () => {
  const inFlight = { revision: 3, replicas: 5, updated: 1 };
  const rows: readonly [string, RawDeploymentOptions, Sets, string | undefined, string | undefined][] = [
    [
      "is the one that was last complete, not the unfinished one between",
      inFlight,
      [
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ],
      "a",
      "a",
    ],
    [
      "is the newest older one when none was seen complete",
      inFlight,
      [
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ],
      undefined,
      "b",
    ],
    [
      "of an undo is what was undone",
      { revision: 3, replicas: 4, updated: 1 },
      [
        ["a", 3],
        ["b", 2],
      ],
      "b",
      "b",
    ],
    ["is absent at a first deploy", {}, [["a", 1, aMinuteAgo]], undefined, undefined],
    [
      "is absent when an unfinished rollout is undone",
      { revision: 3, replicas: 4, updated: 3 },
      [
        ["a", 3],
        ["b", 2],
      ],
      "a",
      undefined,
    ],
    [
      "is absent when the last complete one is gone",
      inFlight,
      [
        ["b", 2],
        ["c", 3],
      ],
      "a",
      undefined,
    ],
  ];

  it.each(rows)("%s", (_, deployment, sets, lastCompleted, expected) => {
    const rollout = detect(deployment, sets, { lastHash: "other" }, lastCompleted === undefined ? {} : { lastCompleted });

    expect(rollout?.old?.podTemplateHash).toBe(expected);
  });
});

describe("the start of a rollout", () => {
  const moving = { revision: 2, replicas: 4, updated: 1 };
  const rows: readonly [string, string, KnownRevision | undefined, number][] = [
    ["is the birth of its ReplicaSet under watch", aMinuteAgo, a, now - 60_000],
    ["is now when an old ReplicaSet is used again", longAgo, a, now],
    ["is now when we were told late", tenMinutesAgo, a, now],
    ["is the birth of its ReplicaSet when found within the window", tenMinutesAgo, undefined, now - 600_000],
    ["is now when found in flight with an old ReplicaSet", longAgo, undefined, now],
    ["is never in the future, whatever the server's clock says", "2026-11-23T12:00:30Z", a, now],
  ];

  it.each(rows)("%s", (_, created, known, expected) => {
    expect(
      detect(
        moving,
        [
          ["a", 1],
          ["b", 2, created],
        ],
        known,
      )?.startedAt,
    ).toBe(expected);
  });
});

it("a rollout carries what its guard needs to know of the workload", () => {
  const rollout = detect(
    { revision: 2, replicas: 4, updated: 1, image: "shop:2" },
    [
      ["a", 1],
      ["b", 2, aMinuteAgo],
    ],
    a,
    { restartOnly: true },
  );

  expect(rollout).toMatchObject({
    workload: { namespace: "prod", kind: "Deployment", name: "shop", uid: "deployment-1" },
    labels: { app: "shop" },
    new: { podTemplateHash: "b", number: 2, name: "shop-b", uid: "replica-set-b" },
    old: { podTemplateHash: "a", number: 1 },
    desired: 3,
    strategy: "RollingUpdate",
    progressDeadline: 600_000,
    restartOnly: true,
  });
  expect(rollout?.templateDigest).toMatch(/^[0-9a-f]{16}$/);
});

describe("the name of a guard", () => {
  const shop = { name: "shop", uid: "deployment-1" };

  it("is the same for the same rollout", () => {
    expect(guardName(shop, { podTemplateHash: "b", number: 2 })).toBe(guardName(shop, { podTemplateHash: "b", number: 2 }));
  });

  it.each([
    ["another object of the same name", { ...shop, uid: "deployment-2" }, { podTemplateHash: "b", number: 2 }],
    ["another template", shop, { podTemplateHash: "c", number: 2 }],
    ["the same template a second time", shop, { podTemplateHash: "b", number: 4 }],
  ])("differs for %s", (_, workloadRef, revision) => {
    expect(guardName(workloadRef, revision)).not.toBe(guardName(shop, { podTemplateHash: "b", number: 2 }));
  });

  it.each([["shop"], ["x".repeat(253)], ["shop.eu.example"], [`${"y".repeat(51)}-tail`], ["..."]])("is a DNS label for %s", (name) => {
    const named = guardName({ name, uid: "u" }, { podTemplateHash: "b", number: 2 });

    expect(named).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
    expect(named.length).toBeLessThanOrEqual(63);
  });

  it("begins with the workload's, for people", () => {
    expect(guardName(shop, { podTemplateHash: "b", number: 2 })).toMatch(/^shop-[0-9a-f]{10}$/);
  });
});

describe("who began a rollout", () => {
  const sets = [
    ["a", 1],
    ["b", 2, aMinuteAgo],
  ] as const;

  it.each([
    ["is told when the write is as old as the rollout", aMinuteAgo, "kubectl-set"],
    ["is not told when the write is older", tenMinutesAgo, undefined],
  ])("%s", (_what, at, changedBy) => {
    const writer = { manager: "kubectl-set", at: Date.parse(at) };

    expect(detect({ revision: 2 }, sets, a, { writer })?.changedBy).toBe(changedBy);
  });
});
