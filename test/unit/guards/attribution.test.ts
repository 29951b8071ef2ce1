import { describe, expect, test } from "vitest";
import { peerQuestion } from "../../../src/guards/attribution.ts";
import { judgementOf } from "../../../src/guards/judgement.ts";
import { choosePeers, type PeerAnswer } from "../../../src/guards/peers.ts";
import { type GuardRun, withPeers } from "../../../src/guards/run.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { Reason } from "../../../src/reason.ts";
import { BLOCK, rolledOut, rollout, START, workloadOf } from "./a-guard.ts";
import { condemned, onlyErrors, uncondemned } from "./condemned.ts";

const { old: _, ...firstDeploy } = rollout;

function question(run: GuardRun) {
  return peerQuestion(run, judgementOf(run, START + 6 * BLOCK).guard);
}

describe("how other workloads fared", () => {
  const badAt = [1, 2, 3, 4, 5, 6].map((nth) => START + nth * BLOCK);

  test("is asked when a rollback is due in a block without old pods", () => {
    expect(question(condemned(0))).toEqual({ signal: "errors", badAt, since: START + BLOCK, through: START + 6 * BLOCK });
  });

  test.each([
    ["while old pods are a live control", condemned(500)],
    ["where the policy says no", condemned(0, { ...onlyErrors, spec: { ...onlyErrors.spec, peerCheck: false } })],
    ["at a first deploy, which cannot be taken back", condemned(0, onlyErrors, firstDeploy)],
    ["before the evidence calls for a rollback", uncondemned()],
  ])("is not asked %s", (_, run) => {
    expect(question(run)).toBeUndefined();
  });
});

describe("a rollback that only other workloads can attribute", () => {
  const through = START + 6 * BLOCK;
  const ill = (name: string) => ({ name, ratio: 0.08, limit: 0.01 });

  test.each<{ readonly name: string; readonly answer: PeerAnswer | undefined; readonly state: string; readonly first: string }>([
    { name: "waits until they were asked", answer: undefined, state: "warn", first: "evidence" },
    {
      name: "waits while the answer is about an earlier block",
      answer: { kind: "asked", through: through - BLOCK, of: 3, suffering: [] },
      state: "warn",
      first: "evidence",
    },
    {
      name: "is held while they cannot be asked",
      answer: { kind: "error", through, because: "Prometheus is down" },
      state: "hold",
      first: "peers-unknown",
    },
    {
      name: "is held when two of them suffer too",
      answer: { kind: "asked", through, of: 3, suffering: [ill("shop/cart"), ill("shop/mail")] },
      state: "hold",
      first: "environment",
    },
    {
      name: "is due when one of them suffers",
      answer: { kind: "asked", through, of: 3, suffering: [ill("shop/cart")] },
      state: "breach",
      first: "evidence",
    },
    {
      name: "is due when there is nobody to ask",
      answer: { kind: "asked", through, of: 0, suffering: [] },
      state: "breach",
      first: "evidence",
    },
  ])("$name", ({ answer, state, first }) => {
    const run = answer === undefined ? condemned(0) : withPeers(condemned(0), answer);
    const verdict = judgementOf(run, through).verdicts["errors"];

    expect(verdict?.state).toBe(state);
    expect(verdict?.because[0]?.code).toBe(first);
  });
});

describe("a hold that was written down", () => {
  const because: Reason = { code: "environment", signal: "errors", suffering: [], of: 3, blocks: 6, since: START + BLOCK };
  const heldAt = (nth: number): EntryBody & { readonly at: number } => ({
    kind: "held",
    because: [because],
    at: START + nth * BLOCK + 2000,
  });
  const states = (run: GuardRun) => run.counted["errors"];

  test("binds whatever is folded again: what was gathered before it proves nothing, and what comes without old pods adds nothing", () => {
    const state = states(condemned(0, onlyErrors, rollout, [heldAt(4)]));

    expect(state?.audit.map(({ burn }) => burn === null)).toEqual([false, false, false, false, true, true]);
    expect(state?.evidence.e).toBeCloseTo(1, 9);
    expect(state?.evidence.maxE).toBeGreaterThan(100);
  });

  test("old pods that are well can still tell the revision's fault", () => {
    expect(states(condemned(500, onlyErrors, rollout, [heldAt(2)]))?.evidence.e).toBeGreaterThan(1 / 0.0009);
  });

  test("of another signal changes nothing", () => {
    const other: EntryBody = { kind: "held", because: [{ ...because, signal: "latency" }] };

    expect(states(condemned(0, onlyErrors, rollout, [other]))?.evidence).toEqual(states(condemned(0))?.evidence);
  });
});

describe("who is asked", () => {
  const named = (namespace: string, name: string, over: object = {}) =>
    workloadOf({ ...rolledOut, ref: { namespace, kind: "Deployment", name, uid: `uid-${namespace}-${name}` }, ...over });
  const chosen = (all: readonly ReturnType<typeof named>[], isWatched = () => true) =>
    choosePeers(all, new Set(["uid-shop-guarded"]), "shop", isWatched).map(({ ref }) => `${ref.namespace}/${ref.name}`);

  test("complete workloads that are not under guard, those of the same namespace first, by name", () => {
    const rolling = named("shop", "rolling", { updated: 2 });
    const all = [named("a", "a"), named("shop", "mail"), rolling, named("shop", "cart"), named("shop", "guarded")];

    expect(chosen(all)).toEqual(["shop/cart", "shop/mail", "a/a"]);
  });

  test("nobody whom no policy watches, and twenty at most", () => {
    const many = Array.from({ length: 30 }, (_, i) => named("shop", `web-${String(i).padStart(2, "0")}`));

    expect(chosen(many)).toHaveLength(20);
    expect(chosen(many, () => false)).toEqual([]);
  });
});
