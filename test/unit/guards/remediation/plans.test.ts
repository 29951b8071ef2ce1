import { describe, expect, test } from "vitest";
import { worstPod } from "../../../../src/guards/remediation/plan-restart.ts";
import { planRollback } from "../../../../src/guards/remediation/plan-rollback.ts";
import { planScale } from "../../../../src/guards/remediation/plan-scale.ts";
import type { ScaleOwner } from "../../../../src/remediation.ts";
import { fresh, MINUTE, old, revision, START, web } from "../a-guard.ts";
import { askOf, atRest, podOf, recordOf, remediationOf } from "./a-remedy.ts";

const itself: ScaleOwner = { kind: "workload" };
const hpa = (max: number): ScaleOwner => ({ kind: "hpa", name: "web", uid: "u", max });

describe("more pods", () => {
  const scale = (over: object) => ({ kind: "scale", most: 10, restoreAfter: 0, ...over }) as const;

  test.each([
    ["by 2 of 3", { by: 2 }, itself, 3, 3, 5],
    ["by 2 of 3, at most 4", { by: 2, most: 4 }, itself, 3, 3, 4],
    ["to 5 of 3", { to: 5 }, itself, 3, 3, 5],
    ["an HPA that runs 6 keeps 8 of what was 2", { by: 2 }, hpa(20), 6, 2, 8],
    ["an HPA whose maximum is 7", { by: 2 }, hpa(7), 6, 2, 7],
    ["an HPA without a least", { by: 1 }, hpa(7), 1, null, 2],
  ])("%s", (_, over, owner, replicas, least, to) => {
    expect(planScale(scale(over), { owner, replicas, least })).toMatchObject({ to });
  });

  test.each([
    ["to 5 where 7 run", { to: 5 }, itself, 7, 7, { by: "most", replicas: 7, wanted: 5 }],
    ["at most 10 where 10 run", { by: 2 }, itself, 10, 10, { by: "most", limit: 10 }],
    ["an HPA at its maximum", { by: 2 }, hpa(4), 4, 2, { by: "hpa", limit: 4, name: "web" }],
    ["an HPA that keeps as many already", { to: 4 }, hpa(9), 3, 4, { by: "hpa" }],
  ])("are not asked for: %s", (_, over, owner, replicas, least, why) => {
    expect(planScale(scale(over), { owner, replicas, least })).toMatchObject({ why: { code: "scale-limit", ...why } });
  });
});

describe("the worst pod", () => {
  const now = START;
  const restarted = (count: number) => ({ containers: [{ name: "app", ready: true, restarts: count }] });
  const pods = [
    podOf("a", { ...restarted(1), created: START - 5 }),
    podOf("b", { ready: false, unreadySince: START - 30_000 }),
    podOf("c", { ready: false, unreadySince: START - 60_000 }),
    podOf("d", restarted(4)),
  ];
  const none = new Set<string>();

  test.each([
    [
      "by value",
      pods,
      new Map([
        ["a", 3],
        ["d", 7],
      ]),
      none,
      "d",
      "value",
    ],
    ["without a value is never one", pods, new Map([["a", 3]]), none, "a", "value"],
    ["is not ready for longest", pods, undefined, none, "c", "not-ready"],
    ["and not one that was restarted by us", pods, undefined, new Set(["uid-c"]), "b", "not-ready"],
    ["else was restarted most", pods.filter(({ ready }) => ready), undefined, none, "d", "restarts"],
    ["else is the oldest", [podOf("x", { created: 5 }), podOf("y", { created: 3 })], undefined, none, "y", "oldest"],
    ["not one that is on its way out", [podOf("x", { terminatingSince: START - 1 }), podOf("y")], undefined, none, "y", "oldest"],
  ])("%s", (_, there, values, spared, name, because) => {
    expect(worstPod(there, values, spared, now)).toMatchObject({ pod: { name }, because });
  });

  test("of values that name no pod there is none", () => {
    expect(worstPod(pods, new Map([["ghost", 1]]), none, now)).toBeUndefined();
    expect(worstPod(pods, new Map([["a", NaN]]), none, now)).toBeUndefined();
  });
});

describe("the way back", () => {
  const record = recordOf(remediationOf("do: [{ rollback: { within: 1h } }]"));
  const workload = atRest();
  const young = { step: 0, kind: "rollback", startedAt: START - 10 * MINUTE } as const;
  const rolledBack = {
    guard: "g",
    kind: "rollback",
    namespace: "shop",
    workloadUid: web.uid,
    at: START,
    underWay: false,
    condemnedHash: "hash-6",
  } as const;

  test.each([
    ["the revision that passed last", { passed: ["hash-6"] }, young, { target: old }],
    ["else the one that was complete before", {}, { ...young, before: "hash-6" }, { target: old }],
    [
      "never one that was taken back",
      { past: [rolledBack] },
      { ...young, before: "hash-6" },
      { why: { code: "nothing-to-undo", why: "target-known-bad" } },
    ],
    ["none where none is known to be good", {}, young, { why: { code: "limitation" } }],
    [
      "none of a revision that is old",
      { passed: ["hash-6"] },
      { ...young, startedAt: START - 61 * MINUTE },
      { why: { code: "revision-too-old", withinMs: 60 * MINUTE } },
    ],
    [
      "none of one whose age nobody knows",
      { passed: ["hash-6"] },
      { step: 0, kind: "rollback" } as const,
      { why: { code: "revision-too-old", ageMs: null } },
    ],
  ])("is %s", (_, over, facts, expected) => {
    expect(planRollback(askOf(record, { now: START, ...over }), workload, 60 * MINUTE, facts)).toMatchObject(expected);
  });

  test("is none of a first revision, and none past its owner", () => {
    const first = atRest({ current: revision(1), revisions: [revision(1)] });
    expect(planRollback(askOf(record, { now: START }), first, 60 * MINUTE, young)).toMatchObject({ why: { why: "first-deploy" } });
    const owned = atRest({ owners: [{ kind: "argocd", name: "shop", mark: "x" }], current: fresh });
    expect(planRollback(askOf(record, { now: START, passed: ["hash-6"] }), owned, 60 * MINUTE, young)).toMatchObject({
      why: { code: "owned" },
    });
  });
});
