import { describe, expect, test } from "vitest";
import { judgementOf, rulesOf } from "../../../src/guards/judgement.ts";
import { badServed } from "../../../src/guards/record.ts";
import { type GuardRun, judge, openRun, withPause, withWatch } from "../../../src/guards/run.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { ContainerState, Ms, PodState, Workload } from "../../../src/model.ts";
import {
  BLOCK,
  fresh,
  MINUTE,
  old,
  pod,
  pods,
  policyOf,
  recordOf,
  revision,
  rolledOut,
  rollout,
  START,
  web,
  workloadOf,
} from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };

function podsVerdict(
  roster: readonly PodState[],
  workload: Workload,
  now: Ms,
  bodies: readonly (EntryBody & { readonly at?: Ms })[] = [],
  runningSince: Ms = START,
) {
  const run = withPause(openRun(recordOf(bodies, { pods: roster }), pace), false, runningSince);
  return rulesOf(run, workload, now).find((verdict) => verdict.signal === "pods")?.state;
}

describe("the pod rules of a guard", () => {
  const late = START + 20 * MINUTE;
  const waiting = pods(2, fresh, { ready: false });
  const stuck = pods(3, fresh, {
    created: START + 5 * MINUTE,
    ready: false,
    unschedulable: { message: "no room", since: START + 5 * MINUTE },
  }).map(({ node: _node, readySince: _since, ...rest }) => rest);
  const unreadyBefore = pods(2, fresh, {
    created: START - 60 * MINUTE,
    ready: false,
    unreadySince: START - 50 * MINUTE,
    containers: [{ name: "web", ready: false, restarts: 0 }],
  });
  const isComplete = workloadOf(rolledOut);
  const before = (over: Partial<ContainerState>) =>
    pods(2, fresh, { created: START - 60 * MINUTE, containers: [{ name: "web", ready: true, restarts: 3, ...over }] });
  const killed = (at: Ms) => ({ terminated: { reason: "OOMKilled", exitCode: 137, at } });
  const backingOff = { ready: false, waiting: { reason: "CrashLoopBackOff", message: "" } };
  const completed: EntryBody & { readonly at: Ms } = { kind: "completed", at: START + 2 * MINUTE };

  test.each<[string, string | undefined, string]>([
    ["breach when the rollout outlives its progress deadline", podsVerdict(waiting, workloadOf(), late), "breach"],
    ["do not within the deadline", podsVerdict(waiting, workloadOf(), START + 9 * MINUTE), "pass"],
    ["do not while anybody pauses the rollout", podsVerdict(waiting, workloadOf({ paused: true }), late), "pass"],
    ["count the deadline anew from the end of a person's pause", podsVerdict(waiting, workloadOf(), late, [], START + 15 * MINUTE), "pass"],
    [
      "do not speak of a workload without replicas",
      podsVerdict([], workloadOf({ desired: 0, replicas: 0, updated: 0, available: 0 }), late),
      "pass",
    ],
    [
      "count the deadline anew from every new pod that becomes ready",
      podsVerdict([...waiting, pod("web-9", fresh, { readySince: START + 15 * MINUTE })], workloadOf(), late),
      "pass",
    ],
    ["breach when new pods of the rollout find no node", podsVerdict(stuck, workloadOf(), START + 8 * MINUTE), "breach"],
    [
      "do not when a scale-up after completion finds no node",
      podsVerdict([...stuck, ...pods(8, fresh)], workloadOf({ ...rolledOut, desired: 11 }), START + 8 * MINUTE, [completed]),
      "pass",
    ],
    [
      "are in doubt when pods that came in the place of others find no node",
      podsVerdict(stuck, workloadOf(rolledOut), late + 5 * MINUTE, [completed]),
      "warn",
    ],
    [
      "are in doubt while a pod has lost its readiness, though all its containers have theirs",
      podsVerdict(pods(8, fresh, { ready: false, unreadySince: START + 5 * MINUTE }), isComplete, late, [completed]),
      "warn",
    ],
    [
      "but not for a moment of it",
      podsVerdict(pods(8, fresh, { ready: false, unreadySince: late - MINUTE }), isComplete, late, [completed]),
      "pass",
    ],
    ["forgive a revision that is used again its restarts of before", podsVerdict(before({}), isComplete, late), "pass"],
    ["forgive it an OOM kill of before", podsVerdict(before(killed(START - MINUTE)), isComplete, late), "pass"],
    [
      "forgive it pods that were not ready long before",
      podsVerdict(
        [...unreadyBefore, ...pods(6, fresh, { created: START - 60 * MINUTE })],
        workloadOf({ ...rolledOut, available: 6 }),
        START + MINUTE,
      ),
      "pass",
    ],
    [
      "do not when they are not ready for long since",
      podsVerdict([...unreadyBefore, ...pods(6, fresh, { created: START - 60 * MINUTE })], workloadOf(), START + 5 * MINUTE),
      "hold",
    ],
    ["do not forgive it one since", podsVerdict(before(killed(START + MINUTE)), isComplete, late), "breach"],
    ["take one restart since for one", podsVerdict(before({ terminated: error(START + MINUTE) }), isComplete, late), "pass"],
    [
      "breach when it crashes again and again now",
      podsVerdict(before({ ...backingOff, terminated: error(START + MINUTE) }), workloadOf(), late),
      "breach",
    ],
    [
      "count OOM kills against the pods there were, not against those that a scale-in has left",
      podsVerdict(
        pods(1, fresh, { containers: [{ name: "web", ready: true, restarts: 1, ...killed(START + MINUTE) }] }),
        workloadOf({ ...rolledOut, desired: 1, replicas: 1, updated: 1, available: 1 }),
        late,
        [completed],
      ),
      "warn",
    ],
  ])("%s", (_, state, wanted) => {
    expect(state).toBe(wanted);
  });
});

function error(at: Ms) {
  return { reason: "Error", exitCode: 1, at };
}

describe("the pod rules of a guard beside others", () => {
  const waiting = { name: "app", ready: false, restarts: 0, waiting: { reason: "ErrImagePull", message: "connection refused" } };
  const pulling = { ready: false, created: START, containers: [waiting] };
  const verdict = (others: readonly GuardRun[], roster: readonly PodState[] = []) => {
    const run = openRun(recordOf([], { pods: [...roster, ...pods(2, fresh, pulling)] }), pace);
    return rulesOf(run, workloadOf(), START + 5 * MINUTE, [run, ...others]).find(({ signal }) => signal === "pods");
  };
  const ofCart = (uid: string) => {
    const workload = { ...rollout.workload, name: "cart", uid };
    return openRun(recordOf([], { name: "cart-guard", rollout: { ...rollout, workload }, pods: pods(1, fresh, pulling) }), pace);
  };

  test("hold when another guarded workload gets no image either", () => {
    expect(verdict([])?.state).toBe("breach");
    expect(verdict([ofCart("uid-cart")])).toMatchObject({ state: "hold", because: [{ detail: expect.stringContaining("shop/cart") }, {}] });
  });

  test("do not take another guard of the same workload for another workload", () => {
    expect(verdict([ofCart(web.uid)])?.state).toBe("breach");
  });

  test("find no excuse in the pods of a revision between the last complete one and this", () => {
    expect(verdict([], pods(2, revision(5), pulling))?.state).toBe("breach");
    expect(verdict([], pods(2, old, pulling))?.state).toBe("hold");
  });
});

describe("since when a signal is silent", () => {
  const opened = openRun(recordOf([], { pods: pods(2, fresh) }), pace);
  const error = { kind: "error", at: START + BLOCK, because: "refused" } as const;
  const since = (run: GuardRun) => judgementOf(run, START + 20 * MINUTE).silences["errors"]?.since;

  test("a source that fails after a restart has failed since then: it was not asked before", () => {
    expect(since(judge(withWatch(opened, START + 20 * MINUTE), "errors", error))).toBe(START + 20 * MINUTE);
    expect(since(judge(withWatch(opened, START), "errors", error))).toBe(START + BLOCK);
  });

  test("an empty answer speaks for its block, whenever it was asked for", () => {
    const empty = { kind: "no-data", at: START + BLOCK, because: "nothing" } as const;
    expect(since(judge(withWatch(opened, START + 20 * MINUTE), "errors", empty))).toBe(START + BLOCK);
  });
});

describe("what a signal counts", () => {
  const signals =
    "signals: { orders: { ratio: { bad: x_failed_total, total: x_total, limit: 1% } }, errors: { http: { preset: otel, errors: {} } } }";
  const policy = policyOf(signals);
  const quiet = (signal: string, total: number) => {
    const readings = [{ namespace: "shop", pod: "web-1", process: "web-1", total, bad: 0, badAtMost: 0 }];
    const run = openRun(recordOf([], { policy, pods: [pod("web-1", fresh, { created: START, readySince: START })] }), pace);
    return judgementOf(judge(run, signal, { kind: "counters", at: START + BLOCK, readings }), START + 10 * MINUTE);
  };

  test.each([
    ["orders", "events"],
    ["errors", "requests"],
  ])("%s are told of as %s", (signal, unit) => {
    expect(quiet(signal, 10).verdicts[signal]?.because).toMatchObject([{ code: "not-enough-requests", total: 10, unit }]);
    expect(quiet(signal, 0).verdicts[signal]?.because).toMatchObject([
      { code: "no-usable-data", detail: `no ${unit} reached the new pods`, unit },
    ]);
  });

  test("what a ratio counts as bad is not what the revision served badly", () => {
    const readings = (bad: number) => [{ namespace: "shop", pod: "web-1", process: "web-1", total: 100, bad, badAtMost: bad }];
    const run = openRun(recordOf([], { policy, pods: [pod("web-1", fresh, { created: START, readySince: START })] }), pace);
    const judged = judge(run, "orders", { kind: "counters", at: START + BLOCK, readings: readings(90) });
    expect(badServed(judge(judged, "errors", { kind: "counters", at: START + BLOCK, readings: readings(3) }))).toBe(3);
  });
});

describe("whether the signals have caught up", () => {
  const record = recordOf([], { pods: pods(2, fresh) });
  const opened = openRun(record, pace);
  const refused = judge(opened, "errors", { kind: "error", at: START + BLOCK, because: "refused" });
  const answered = judge(opened, "errors", { kind: "no-data", at: START + 40 * BLOCK, because: "nothing" });

  test.each<[string, boolean, boolean]>([
    ["a guard that just opened has", judgementOf(opened, START + BLOCK).caughtUp, true],
    ["one that was resumed an hour later has not", judgementOf(opened, START + 60 * MINUTE).caughtUp, false],
    ["one whose source was asked and failed has", judgementOf(refused, START + 60 * MINUTE).caughtUp, true],
    ["one that was answered until now has", judgementOf(answered, START + 42 * BLOCK).caughtUp, true],
    ["one without pods has nobody to ask about", judgementOf(openRun(recordOf(), pace), START + 60 * MINUTE).caughtUp, true],
    [
      "one with pod rules only has",
      judgementOf(
        openRun(recordOf([], { policy: policyOf("signals: { pods: { pods: {} } }"), pods: pods(1, fresh) }), pace),
        START + 60 * MINUTE,
      ).caughtUp,
      true,
    ],
  ])("%s", (_, caughtUp, wanted) => {
    expect(caughtUp).toBe(wanted);
  });
});

test("each pod rule of a policy is told of the other workloads, given once as they come", () => {
  const waiting = { reason: "ErrImagePull", message: "dial tcp 10.0.0.1:443: connect: connection refused" };
  const pulling = { ready: false, containers: [{ name: "app", ready: false, restarts: 0, waiting }] };
  const policy = policyOf("signals: { pods: { pods: {} }, stuck: { pods: { stuckFor: 1m } } }");
  const run = openRun(recordOf([], { policy, pods: pods(2, fresh, pulling) }), pace);
  const cart = { ...rollout, workload: { ...web, name: "cart", uid: "uid-cart" } };
  const other = openRun(recordOf([], { name: "cart-guard", rollout: cart, pods: pods(1, fresh, pulling) }), pace);

  const verdicts = rulesOf(run, workloadOf(), START + 5 * MINUTE, new Map([["cart-guard", other]]).values());

  expect(verdicts.map(({ signal, state }) => [signal, state])).toEqual([
    ["pods", "hold"],
    ["stuck", "hold"],
  ]);
});
