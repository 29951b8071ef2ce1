import { describe, expect, test } from "vitest";
import { decideRemedy, LONGEST } from "../../../../src/guards/remediation/decide.ts";
import type { ConditionVerdict } from "../../../../src/guards/remediation/conditions.ts";
import type { RemediationEntryBody, RemedyReceipt, ScaleOwner } from "../../../../src/remediation.ts";
import { MINUTE, START, web } from "../a-guard.ts";
import { askOf, atRest, recordOf, remediationOf, SECOND, slow } from "./a-remedy.ts";

const itself: ScaleOwner = { kind: "workload" };
const hpa: ScaleOwner = { kind: "hpa", name: "web", uid: "u", max: 20 };
const policy = remediationOf(
  "do: [{ scale: { by: 2, restoreAfter: 30s } }, { scale: { by: 2, most: 20, restoreAfter: 30s } }]",
  "verify: { within: 60s }",
);
const over = { alerts: [{ ...slow, endsAt: START + 2 * SECOND }] };

function scaled(
  step: number,
  from: number,
  to: number,
  owner = itself,
  outcome: RemedyReceipt["outcome"] = "applied",
): RemediationEntryBody[] {
  const id = `scale-${step}`;
  const action = { id, kind: "scale", workload: web, owner, from, to, purpose: "remedy", guard: "web-remedy-1" } as const;
  return [
    { kind: "intended", step, action, because: [] },
    { kind: "receipt", receipt: { action: id, kind: "scale", outcome, at: START + (step + 1) * 10 * SECOND, detail: "" } },
  ];
}

const overForNow: RemediationEntryBody = { kind: "noted", because: [{ code: "over-for-now", afterMs: 0, restoreInMs: 0 }] };

function givingBack(from: number, to: number, receipt: Partial<RemedyReceipt>): RemediationEntryBody[] {
  const action = {
    id: "restore",
    kind: "scale",
    workload: web,
    owner: itself,
    from,
    to,
    purpose: "restore",
    guard: "web-remedy-1",
  } as const;
  const answer = { action: "restore", kind: "scale", outcome: "applied", at: START + MINUTE, detail: "as told", ...receipt } as const;
  return [
    { kind: "intended", step: 0, action, because: [] },
    { kind: "receipt", receipt: answer },
  ];
}

const calm = atRest({ desired: 6, replicas: 6, updated: 6, available: 6 });
const later = { workload: calm, now: START + 10 * MINUTE };
const decided = (bodies: readonly RemediationEntryBody[], more: object = {}, record: object = over) =>
  decideRemedy(askOf(recordOf(policy, bodies, record), { ...later, ...more }));

describe("what was scaled is given back", () => {
  test.each([
    ["once", scaled(0, 4, 6), { from: 6, to: 4 }],
    ["twice, to what the first one found", [...scaled(0, 4, 6), ...scaled(1, 6, 8)], { from: 8, to: 4 }],
    ["twice, a person between them, to what that person wanted", [...scaled(0, 4, 6), ...scaled(1, 9, 11)], { from: 11, to: 9 }],
    [
      "although the first one was surely not done, to what was there",
      [...scaled(0, 4, 6, itself, "failed"), ...scaled(1, 4, 6)],
      { from: 6, to: 4 },
    ],
    ["where an autoscaler came between, to what that one kept", [...scaled(0, 4, 6), ...scaled(1, 2, 8, hpa)], { from: 8, to: 2 }],
  ])("%s", (_, bodies, action) => {
    expect(decided([...bodies, overForNow])).toMatchObject({ kind: "act", action: { purpose: "restore", ...action } });
  });

  test("and said to be so with the numbers of just that", () => {
    const end = decided([...scaled(0, 4, 6), ...scaled(1, 9, 11), overForNow, ...givingBack(11, 9, {})]);
    expect(end).toMatchObject({ kind: "finish", phase: "restored" });
    expect("because" in end && end.because.at(-1)).toMatchObject({ code: "given-back", from: 11, to: 9 });
  });

  test("over nobody else's count, and then it is not said that it was", () => {
    const because = { code: "conflict", detail: "it is 9" } as const;
    const end = decided([...scaled(0, 4, 6), overForNow, ...givingBack(6, 4, { outcome: "refused", because })]);
    expect(end).toMatchObject({ kind: "finish", phase: "restored" });
    expect("because" in end && end.because.map(({ code }) => code)).not.toContain("given-back");
  });

  test("again when the API server has not allowed it", () => {
    const because = { code: "forbidden", detail: "no right" } as const;
    const bodies = [...scaled(0, 4, 6), overForNow, ...givingBack(6, 4, { outcome: "refused", because })];
    expect(decided(bodies)).toMatchObject({ kind: "act", action: { purpose: "restore", from: 6, to: 4 } });
  });
});

describe("what was scaled stays", () => {
  const firing = { alerts: [slow] };

  test("at the end of a guard that lasted too long, for the trouble goes on, and people are told how many pods that are", () => {
    const end = decided(scaled(0, 4, 6), { now: START + LONGEST }, firing);
    expect(end).toMatchObject({ kind: "finish", phase: "unresolved" });
    expect(JSON.stringify(end)).toContain("is not given back while the trouble goes on: 6 instead of 4");
  });

  test("while nobody can tell whether the trouble is over", () => {
    const trigger = { kind: "schedule", cron: "0 6 * * *", timeZone: "UTC", due: START } as const;
    const because = [{ code: "condition", signal: "cpu", state: "unknown", detail: "its source does not answer" }] as const;
    const unknown: ConditionVerdict = { condition: "cpu", state: "unknown", because };
    const record = recordOf(policy, scaled(0, 4, 6), {}, trigger);
    const ask = askOf(record, { ...later, now: START + 60 * MINUTE, conditions: [unknown] });
    expect(decideRemedy(ask)).toMatchObject({ kind: "hold", because });
  });

  test("until a guard that scaled it further has given its own back", () => {
    const further = { scaledSince: "web-remedy-2" };
    expect(decided([...scaled(0, 4, 6), overForNow], further)).toMatchObject({
      kind: "hold",
      because: [{}, {}, { detail: expect.stringContaining("web-remedy-2") }],
    });
  });

  test("of an autoscaler whose workload was deleted is said", () => {
    const end = decided(scaled(0, 2, 6, hpa), { workload: undefined }, firing);
    expect(end).toMatchObject({ kind: "finish", phase: "aborted" });
    expect(JSON.stringify(end)).toContain("6 instead of 2");
  });
});
