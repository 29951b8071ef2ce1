import { describe, expect, test } from "vitest";
import { decideRemedy } from "../../../../src/guards/remediation/decide.ts";
import { remedyStandingOf } from "../../../../src/guards/remediation/standing.ts";
import type { RemediationEntryBody, RemedyReceipt } from "../../../../src/remediation.ts";
import { MINUTE, START, web } from "../a-guard.ts";
import { askOf, recordOf, remediationOf, SECOND } from "./a-remedy.ts";

const job = (timeout: string) => `{ job: { timeout: ${timeout}, pod: { containers: [{ name: app, image: fix }] } } }`;
const policyOf = (timeout: string) => remediationOf(`do: [${job(timeout)}, ${job(timeout)}]`, "verify: { within: 60s }");

function intent(step: number, timeoutMs: number): RemediationEntryBody {
  const id = `job-${step}`;
  const action = { id, kind: "job", workload: web, job: `web-step-${step + 1}`, template: {}, timeoutMs, guard: "web-remedy-1" } as const;
  return { kind: "intended", step, action, because: [] };
}

function answer(step: number, outcome: RemedyReceipt["outcome"], at = START + 2 * SECOND): RemediationEntryBody {
  return { kind: "receipt", receipt: { action: `job-${step}`, kind: "job", outcome, at, detail: "" } };
}

describe("a Job that may have run is not run again, for Kubernetes clears one away an hour after its end", () => {
  test.each([
    ["5m", 4 * MINUTE, "act"],
    ["5m", 59 * MINUTE, "withhold"],
    ["5m", 12 * 60 * MINUTE, "withhold"],
    ["60m", 58 * MINUTE, "act"],
    ["60m", 60 * MINUTE, "withhold"],
  ])("with a timeout of %s, %i ms after its intent", (timeout, later, kind) => {
    const timeoutMs = timeout === "5m" ? 5 * MINUTE : 60 * MINUTE;
    const crashed = recordOf(policyOf(timeout), [intent(0, timeoutMs)]);
    expect(decideRemedy(askOf(crashed, { now: START + SECOND + later }))).toMatchObject({ kind });
    const unanswered = recordOf(policyOf(timeout), [intent(0, timeoutMs), answer(0, "failed")]);
    expect(decideRemedy(askOf(unanswered, { now: START + 2 * SECOND + later }))).toMatchObject({ kind });
  });
});

test("the end of a Job is kept under its own name, whatever was tried since", () => {
  const ended = { code: "job-ended", job: "web-step-1", outcome: "passed", detail: "", log: "" } as const;
  const record = recordOf(policyOf("5m"), [
    intent(0, MINUTE),
    answer(0, "applied"),
    { kind: "escalated", step: 0, because: [] },
    intent(1, MINUTE),
    answer(1, "failed"),
    { kind: "noted", because: [ended] },
  ]);
  expect(remedyStandingOf(record.entries).jobs).toEqual({ "job-0": "passed" });
});
