import { describe, expect, test } from "vitest";
import { limitationsOf } from "../../../src/guards/record.ts";
import { openRun } from "../../../src/guards/run.ts";
import { policyOf, recordOf, rollout } from "./a-guard.ts";

describe("a guard tells at its opening", () => {
  test.each([
    { evidence: "burn", told: [] },
    { evidence: "fast", told: ["evidence fast: approximate bound, it depends on how clumped the errors were before the rollout"] },
    {
      evidence: "independent",
      told: ["evidence independent: approximate bound, it holds only where requests fail independently of each other"],
    },
  ])("what the bound of evidence $evidence is worth", ({ evidence, told }) => {
    expect(limitationsOf(rollout, policyOf(`evidence: ${evidence}`), [], 15_000)).toEqual(told);
  });

  test("of a policy without any bound, not that it is approximate", () => {
    expect(limitationsOf(rollout, policyOf("evidence: fast", "signals: { pods: { pods: {} } }"), [], 15_000)).toEqual([
      "no signal of this policy has a statistical bound",
    ]);
  });
});

describe("a guard tells at its opening what its signals cannot tell apart or may not do", () => {
  const signals =
    'signals: { health: { probe: { url: "http://web.shop.svc" } }, smoke: { job: { pod: { containers: [{ name: a, image: b }] } } } }';
  const told = (mode: string) => limitationsOf(rollout, policyOf(`mode: ${mode}`, signals), [], 15_000);
  const together = "health: old and new pods answer together, so what fails for both is laid to the new revision";
  const noJob = "smoke: policy mode observe creates no Job, so it cannot be judged";

  test.each([
    ["enforce", [together]],
    ["observe", [noJob, together]],
  ])("in mode %s", (mode, sentences) => {
    expect(told(mode).filter((one) => /^(health|smoke)/.test(one))).toEqual(sentences);
  });
});

describe("a guard judges as its policy says", () => {
  const pace = { blockMs: 15_000, scrapeMs: 15_000, warmUpLatencyMs: 0 };
  const signalOf = (...lines: readonly string[]) => openRun(recordOf([], { policy: policyOf(...lines) }), pace).counted["errors"];

  test("by the burn rate and without evidence for the revision unless told", () => {
    expect(signalOf()).toMatchObject({ limits: { mode: "burn", passEarly: false }, early: null });
  });

  test.each(["fast", "independent"])("by evidence %s", (mode) => {
    expect(signalOf(`evidence: ${mode}`)).toMatchObject({ limits: { mode } });
  });

  test("with evidence for the revision where it may pass early", () => {
    expect(signalOf("passEarly: {}")).toMatchObject({ limits: { passEarly: true }, early: { e: 1 } });
  });
});
