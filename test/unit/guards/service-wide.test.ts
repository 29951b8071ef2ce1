import { describe, expect, test } from "vitest";
import { explainReason } from "../../../src/explain/reason.ts";
import { judgementOf } from "../../../src/guards/judgement.ts";
import { badServed, limitationsOf } from "../../../src/guards/record.ts";
import { type GuardRun, judge, openRun, withBaseline, withPeers } from "../../../src/guards/run.ts";
import { recoveryOf } from "../../../src/judging/recovery.ts";
import type { Measurement } from "../../../src/model.ts";
import type { Verdict } from "../../../src/reason.ts";
import { actionOf, BLOCK, fresh, old, pod, policyOf, receipt, recordOf, rollout, START } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };
const policy = policyOf("signals: { errors: { http: { preset: ingress-nginx, errors: { limit: 1% } } } }");
/** The first new pod is ready in the sixth block. */
const pods = [
  pod("new-1", fresh, { created: START, readySince: START + 6 * BLOCK }),
  pod("old-1", old, { created: START - 10 * BLOCK, readySince: START - 9 * BLOCK }),
];
const record = recordOf([], { policy, pods });
const baseline = { from: 0, to: START, blocks: 1000, total: 1_000_000, bad: 100, dispersion: 1, upper: 0.0002 };

/** What one proxy counts of the Service: 1,000 requests in each block, so many of them bad. */
function counted(bad: readonly number[]): readonly Measurement[] {
  let sum = 0;
  return bad.map((more, nth) => {
    sum += more;
    const reading = {
      namespace: "edge",
      pod: "nginx-1",
      process: "p j",
      view: "callers",
      total: 1000 * (nth + 1),
      bad: sum,
      badAtMost: sum,
    } as const;
    return { kind: "counters", at: START + (nth + 1) * BLOCK, readings: [reading] };
  });
}

function fold(bad: readonly number[], run = openRun(record, pace)): GuardRun {
  return counted(bad).reduce((folded, measurement) => judge(folded, "errors", measurement), withBaseline(run, "errors", baseline));
}

function verdictOf(run: GuardRun): Verdict | undefined {
  return judgementOf(run, START + 40 * BLOCK).verdicts["errors"];
}

const times = (count: number, bad: number): readonly number[] => Array.from({ length: count }, () => bad);

describe("errors of a whole Service", () => {
  const asked = (run: GuardRun, blocks: number, of: number, suffering: readonly string[] = []) =>
    withPeers(run, {
      kind: "asked",
      through: START + blocks * BLOCK,
      of,
      suffering: suffering.map((name) => ({ name, ratio: 0.2, limit: 0.01 })),
    });

  test("that begin with the new pods are a breach, but only after other workloads were asked", () => {
    const run = fold([...times(6, 0), ...times(10, 200)]);
    expect(verdictOf(run)?.state).toBe("warn");
    const verdict = verdictOf(asked(run, 16, 3));
    expect(verdict?.state).toBe("breach");
    expect(verdict?.because.map(explainReason).join()).toMatch(/^errors of the whole Service 20 % = 20x the limit/);
  });

  test("that others have at the same time are held", () => {
    const verdict = verdictOf(asked(fold([...times(6, 0), ...times(10, 200)]), 16, 3, ["shop/cart", "shop/mail"]));
    expect(verdict).toMatchObject({ state: "hold", because: [{ code: "environment" }, { code: "evidence" }] });
  });

  test("are not laid to the revision while nobody else fares well: nobody can be asked, or the only other one suffers too", () => {
    const run = fold([...times(6, 0), ...times(10, 200)]);
    const unwitnessed = verdictOf(asked(run, 16, 0));
    expect(unwitnessed).toMatchObject({ state: "hold", because: [{ code: "peers-unknown" }, { code: "evidence" }] });
    expect(unwitnessed?.because.map(explainReason)[0]).toContain(
      "no other workload that is not rolling out has a policy that counts its requests",
    );
    expect(verdictOf(asked(run, 16, 1, ["shop/cart"]))).toMatchObject({
      state: "hold",
      because: [{ code: "environment" }, { code: "evidence" }],
    });
    expect(verdictOf(asked(run, 16, 2, ["shop/cart"]))?.state).toBe("breach");
  });

  test("are laid to it without asking where the policy says so", () => {
    const trusting = policyOf("peerCheck: false", "signals: { errors: { http: { preset: ingress-nginx, errors: { limit: 1% } } } }");
    expect(verdictOf(fold([...times(6, 0), ...times(10, 200)], openRun(recordOf([], { policy: trusting, pods }), pace)))?.state).toBe(
      "breach",
    );
  });

  test("that were there before the first new pod are not laid to the new revision, even where nobody else can be asked", () => {
    const run = fold([0, ...times(5, 200), ...times(30, 200)]);
    expect(verdictOf(asked(run, 36, 0))?.state).not.toBe("breach");
    expect(run.counted["errors"]?.audit.at(-1)?.controlLimit).toBeGreaterThan(0.2);
  });

  test("need as many blocks as where no old pod is left: four", () => {
    const { audit = [] } = fold([...times(6, 0), ...times(10, 200)]).counted["errors"] ?? {};
    expect(new Set(audit.map(({ sustainBlocks }) => sustainBlocks))).toEqual(new Set([4]));
  });

  test("after a rollback tell whether it helped", () => {
    const rollback = actionOf("rollback");
    const back = recordOf([{ kind: "intended", action: rollback, because: [] }, receipt("rollback", "applied", 1, START + 12 * BLOCK)], {
      policy,
      pods,
    });
    const state = fold([...times(6, 0), ...times(6, 200), ...times(6, 0)], openRun(back, pace)).counted["errors"];
    expect(state && recoveryOf(state, START + 12 * BLOCK, 4)).toMatchObject({ state: "recovered" });
  });

  test("are nobody's own: the guard does not claim that the new revision served them", () => {
    expect(badServed(fold([...times(6, 0), ...times(10, 200)]))).toBe(0);
  });

  test("are said to be so when the guard opens", () => {
    expect(limitationsOf(rollout, policy, [], 15_000)).toEqual([
      "errors: ingress-nginx counts the whole Service: old and new pods cannot be told apart, so there is no live control, and only the time before the first new pod, and other workloads, to compare with",
    ]);
  });
});
