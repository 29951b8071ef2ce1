import { describe, expect, test } from "vitest";
import {
  type Breach,
  breachesOf,
  forbidsAction,
  type GovernorAsk,
  type GovernorLimits,
  type PastAction,
} from "../../../src/guards/governor.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { Reason } from "../../../src/reason.ts";
import type { RemedyKind } from "../../../src/remediation.ts";
import { actionOf, BLOCK, done, evidence, limits, MINUTE, pastRollback, recordOf, START, workloadOf } from "./a-guard.ts";

const kinds: readonly RemedyKind[] = ["rollback", "scale", "restart", "job"];
const DAY = 24 * 60 * MINUTE;
const marked = (annotations: Record<string, string>) => ({ workload: workloadOf({ annotations }) });
const paused = { state: { pause: { by: "dana", reason: "database move", at: START - 5 * MINUTE } } };

function reasonOf(over: Partial<GovernorAsk> = {}) {
  return forbidsAction({ guard: "web-guard", kind: "rollback", workload: workloadOf(), past: [], limits, state: {}, now: START, ...over });
}

function ruleOf(over: Partial<GovernorAsk> = {}): string {
  const reason = reasonOf(over);
  if (reason === undefined) return "allowed";
  return reason.code === "governor" ? reason.rule : reason.code;
}

function detailOf(over: Partial<GovernorAsk>): string {
  const reason = reasonOf(over);
  return reason?.code === "governor" ? reason.detail : `${reason?.code}`;
}

const ago = (minutes: number, over: Partial<PastAction> = {}) => pastRollback({ at: START - minutes * MINUTE, ...over });
/** Of this workload, by a guard of their own. */
const ofWeb = (minutes: number, kind: RemedyKind, over: Partial<PastAction> = {}): PastAction => ({
  guard: `g-${minutes}`,
  kind,
  namespace: "shop",
  workloadUid: "uid-web",
  at: START - minutes * MINUTE,
  underWay: false,
  ...over,
});

describe("all action stops", () => {
  test.each(kinds)("%s, also what would put back our own change", (kind) => {
    for (const undoes of [{}, { undoes: true as const }]) {
      expect(ruleOf({ kind, ...undoes, limits: { ...limits, killSwitch: true } })).toBe("kill-switch");
      expect(ruleOf({ kind, ...undoes, ...paused })).toBe("paused");
      expect(ruleOf({ kind, ...undoes, state: { unknown: "the API server did not answer" } })).toBe("pause-unknown");
    }
  });

  test("a pause says who paused, when and why", () => {
    expect(detailOf(paused)).toBe("all action was paused by dana 5 min ago: database move");
  });
});

describe("a frozen workload", () => {
  test.each<[string, string | undefined, string]>([
    ["without the annotation is not frozen", undefined, "allowed"],
    ["is frozen", "true", "frozen"],
    ["is frozen until an instant", "2026-11-23T14:00:01Z", "frozen"],
    ["is frozen until an instant of another zone", "2026-11-23T16:00:01+02:00", "frozen"],
    ["is frozen no more once it has come", "2026-11-23T14:00:00Z", "allowed"],
    ["counts as frozen by a day that does not exist", "2025-02-29T00:00:00Z", "frozen"],
    ["counts as frozen by a time without its zone", "2020-01-01T00:00:00", "frozen"],
    ["counts as frozen by anything else", "false", "frozen"],
    ["counts as frozen by nothing", "", "frozen"],
  ])("%s", (_, value, wanted) => {
    const on = marked(value === undefined ? {} : { "rearguard.dev/freeze": value });

    for (const kind of kinds) expect(ruleOf({ kind, ...on })).toBe(wanted);
    expect(ruleOf({ kind: "scale", undoes: true, ...on })).toBe("allowed");
  });

  test("says what it cannot read, and for how long it is frozen", () => {
    expect(detailOf(marked({ "rearguard.dev/freeze": "tomorrow" }))).toBe(
      'the annotation rearguard.dev/freeze: tomorrow is neither "true" nor an RFC 3339 instant, so the workload counts as frozen',
    );
    expect(detailOf(marked({ "rearguard.dev/freeze": "2026-11-23T14:30:00Z" }))).toContain("is frozen for 30 min by the annotation");
  });
});

describe("each kind of action is counted by its own limits", () => {
  test.each<[string, string, string]>([
    ["a scaling cools down for ten minutes", ruleOf({ kind: "scale", past: [ofWeb(9, "scale")] }), "cooldown"],
    ["and is allowed then", ruleOf({ kind: "scale", past: [ofWeb(10, "scale")] }), "allowed"],
    ["a restart does not cool down after a scaling", ruleOf({ kind: "restart", past: [ofWeb(1, "scale")] }), "allowed"],
    ["a rollback does not cool down after a restart", ruleOf({ past: [ofWeb(1, "restart")] }), "allowed"],
    [
      "a guard does not cool down after its own",
      ruleOf({ kind: "restart", past: [ofWeb(1, "restart", { guard: "web-guard" })] }),
      "allowed",
    ],
    [
      "nothing else while the workload is rolled back",
      ruleOf({ kind: "scale", past: [ofWeb(50, "rollback", { underWay: true })] }),
      "rollback-under-way",
    ],
    ["another workload's rollback does not matter to a scaling", ruleOf({ kind: "scale", past: [ago(1, { underWay: true })] }), "allowed"],
    [
      "six remedies of a workload in an hour, whatever their kind",
      ruleOf({ kind: "job", past: [11, 12, 13, 14, 15, 16].map((minutes, i) => ofWeb(minutes, i % 2 ? "scale" : "restart")) }),
      "workload-cap",
    ],
    [
      "also when its own guard did them",
      ruleOf({
        kind: "restart",
        action: "new",
        past: [1, 2, 3, 4, 5, 6].map((n) => ofWeb(n, "restart", { guard: "web-guard", action: `${n}` })),
      }),
      "workload-cap",
    ],
    [
      "but not counted against itself",
      ruleOf({
        kind: "restart",
        action: "6",
        past: [1, 2, 3, 4, 5, 6].map((n) => ofWeb(n, "restart", { guard: "web-guard", action: `${n}` })),
      }),
      "allowed",
    ],
    [
      "rollbacks do not count as remedies",
      ruleOf({ kind: "job", past: [11, 12, 13, 14, 15, 16].map((n) => ofWeb(n, "rollback")) }),
      "allowed",
    ],
    [
      "five remedies of others under way",
      ruleOf({ kind: "scale", past: [1, 2, 3, 4, 5].map((n) => ofWeb(n, "job", { workloadUid: "other", underWay: true })) }),
      "concurrency",
    ],
    ["two rollbacks of a workload in an hour", ruleOf({ past: [ofWeb(31, "rollback"), ofWeb(59, "rollback")] }), "workload-cap"],
  ])("%s", (_, rule, wanted) => {
    expect(rule).toBe(wanted);
  });
});

describe("a workload that flaps", () => {
  const thrice = [ofWeb(300, "rollback"), ofWeb(600, "rollback"), ofWeb(1439, "rollback")];
  const looked = (instant: string) => marked({ "rearguard.dev/flap-reset": instant });

  test.each<[string, string, string]>([
    ["is latched after three rollbacks in a day", ruleOf({ past: thrice }), "flapping"],
    ["but not after two", ruleOf({ past: thrice.slice(0, 2) }), "allowed"],
    ["and no more when one of them is a day ago", ruleOf({ past: [...thrice.slice(0, 2), ofWeb(1440, "rollback")] }), "allowed"],
    ["nor once a person has looked", ruleOf({ past: thrice, ...looked("2026-11-23T13:59:00Z") }), "allowed"],
    ["a look before the last ones counts for the first alone", ruleOf({ past: thrice, ...looked("2026-11-23T05:00:00Z") }), "allowed"],
    ["a look before all of them is none", ruleOf({ past: thrice, ...looked("2026-11-22T00:00:00Z") }), "flapping"],
    ["a look in the future is none", ruleOf({ past: thrice, ...looked("2026-11-24T00:00:00Z") }), "flapping"],
    ["what cannot be read is none", ruleOf({ past: thrice, ...looked("yes") }), "flapping"],
    [
      "its restarts are counted by guard, not by pod",
      ruleOf({ kind: "restart", past: Array.from({ length: 20 }, (_, n) => ofWeb(61 + n, "restart", { guard: "one" })) }),
      "allowed",
    ],
    [
      "eight guards that restarted it are too many",
      ruleOf({ kind: "restart", past: Array.from({ length: 8 }, (_, n) => ofWeb(61 + n, "restart")) }),
      "flapping",
    ],
  ])("%s", (_, rule, wanted) => {
    expect(rule).toBe(wanted);
  });

  test("is told with both numbers, and why a look does not count", () => {
    expect(detailOf({ past: thrice, ...looked("soon") })).toBe(
      "this workload was rolled back 3 times within 24 h; after 3 times a person must look; rearguard.dev/flap-reset: soon is no instant of the past",
    );
  });
});

describe("a shared cause", () => {
  const breach = (name: string, secondsAgo = 60, over: Partial<Breach> = {}): Breach => ({
    guard: `${name}-guard`,
    name,
    workloadUid: `uid-${name}`,
    at: START - secondsAgo * 1000,
    ...over,
  });
  const three = ["cart", "mail", "pay"].map((name) => breach(name));

  test.each<[string, Partial<GovernorAsk>, string]>([
    ["is suspected when the fourth workload breaches", { breaches: three }, "shared-cause"],
    ["is not suspected at the third", { breaches: three.slice(0, 2) }, "allowed"],
    ["is not suspected when they breached long ago", { breaches: three.map((one) => ({ ...one, at: START - 5 * MINUTE })) }, "allowed"],
    ["is suspected when the clock was set back since", { breaches: three.map((one) => ({ ...one, at: START + DAY })) }, "shared-cause"],
    [
      "counts a release in several namespaces once",
      { breaches: ["a", "b", "c"].map((ns) => breach("cart", 9, { guard: ns, workloadUid: ns })) },
      "allowed",
    ],
    [
      "does not count its own name elsewhere",
      { breaches: [...three.slice(0, 2), breach("web", 9, { workloadUid: "uid-web-2" })] },
      "allowed",
    ],
    ["does not count its own guard", { breaches: [...three.slice(0, 2), breach("other", 9, { guard: "web-guard" })] }, "allowed"],
    ["holds restarts too", { kind: "restart", breaches: three }, "shared-cause"],
    ["does not hold a scaling", { kind: "scale", breaches: three }, "allowed"],
  ])("%s", (_, over, wanted) => {
    expect(ruleOf(over)).toBe(wanted);
  });

  test("names the workloads", () => {
    expect(detailOf({ breaches: three })).toBe(
      "4 workloads breached within 5 min (web, cart, mail, pay); from 4 on a shared cause is more likely",
    );
  });
});

describe("what stands on the workload", () => {
  const back = [ago(90, { workloadUid: "uid-web", condemnedHash: "hash-8", targetHash: "hash-7" })];

  test.each<[string, Partial<GovernorAsk>, string]>([
    ["what our own rollback put back is never taken back", { past: back, condemns: "hash-7" }, "own-rollback"],
    ["whatever its rollback became", { past: back.map((one) => ({ ...one, underWay: true })), condemns: "hash-7" }, "own-rollback"],
    ["another revision may be", { past: back, condemns: "hash-9" }, "allowed"],
    ["of another workload it says nothing", { past: [ago(90, { targetHash: "hash-7" })], condemns: "hash-7" }, "allowed"],
    ["a restart must leave a ready pod", { kind: "restart", readyAfter: 0 }, "min-ready"],
    ["and may leave just that", { kind: "restart", readyAfter: 1 }, "allowed"],
    ["as many as the settings say", { kind: "scale", readyAfter: 2, limits: { ...limits, minReady: 3 } }, "min-ready"],
    ["none where the settings say so", { kind: "restart", readyAfter: 0, limits: { ...limits, minReady: 0 } }, "allowed"],
    ["what takes no pod away is not asked", { kind: "job" }, "allowed"],
    ["the mark unsafe is for rollbacks alone", { kind: "restart", ...marked({ "rearguard.dev/rollback": "unsafe" }) }, "allowed"],
  ])("%s", (_, over, wanted) => {
    expect(ruleOf(over)).toBe(wanted);
  });

  test("to put back what we changed is held up by no count", () => {
    const none: GovernorLimits = { ...limits, remedy: { ...limits.remedy, perHour: { workload: 0, namespace: 0, cluster: 0 } } };
    expect(ruleOf({ kind: "scale", limits: none })).toBe("workload-cap");
    expect(ruleOf({ kind: "scale", limits: none, readyAfter: 0, undoes: true })).toBe("allowed");
  });
});

describe("a guard breaches", () => {
  const finished = (phase: "unresolved" | "restored", because: readonly Reason[] = []): EntryBody => ({
    kind: "finished",
    phase,
    because,
    badServed: 0,
  });
  const notice: EntryBody = {
    kind: "withheld",
    action: "rollback",
    because: [evidence, { code: "policy-only-notifies", signal: "cpu" }],
  };
  const blind: Reason = { code: "no-usable-data", signal: "errors", outcome: "error", detail: "refused", forMs: 5 * MINUTE };

  test.each<[string, readonly EntryBody[], number | undefined]>([
    ["not while it only brakes", done("brake"), undefined],
    ["by its rollback", done("rollback"), START + BLOCK],
    ["by a rollback that is withheld", [{ kind: "withheld", action: "rollback", because: [evidence] }], START + BLOCK],
    [
      "by one that is announced",
      [{ kind: "announced", action: actionOf("rollback"), dueAt: START + MINUTE, because: [evidence] }],
      START + BLOCK,
    ],
    ["not by a brake that is withheld", [{ kind: "withheld", action: "brake", because: [evidence] }], undefined],
    ["and not again when it is restored", [...done("rollback"), finished("restored")], START + BLOCK],
    ["not by an end for want of anything to judge by", [finished("unresolved", [blind])], undefined],
    ["not by what its policy only tells of", [notice], undefined],
    ["nor by the end that follows", [notice, finished("unresolved")], undefined],
    ["by an end that is unresolved otherwise", [finished("unresolved")], START + BLOCK],
    ["but again when that did not help", [...done("rollback"), finished("unresolved")], START + 3 * BLOCK],
  ])("%s", (_, bodies, at) => {
    expect(breachesOf([recordOf(bodies)])).toEqual(
      at === undefined ? [] : [{ guard: "web-guard", name: "web", workloadUid: "uid-web", at }],
    );
  });
});
