import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldJob, type JobMemory, type JobState, jobVerdict, openJob } from "../../../src/judging/job.ts";
import type { JobFinding } from "../../../src/model.ts";

const running: JobFinding = { outcome: "running" };
const stuck: JobFinding = { outcome: "running", waiting: "ImagePullBackOff: no such image" };
const passed: JobFinding = { outcome: "passed" };
const failed: JobFinding = { outcome: "failed", detail: "container test ended with exit code 1", log: "no\n" };
const unanswered: JobFinding = { outcome: "error", detail: "the API server did not answer", final: false };
const lost: JobFinding = { outcome: "error", detail: "the Job was deleted", final: true };

function fold(findings: readonly JobFinding[]): JobState {
  return findings.reduce((state, finding, order) => foldJob(state, { kind: "job", at: order * 5_000, finding }), openJob());
}

describe("a smoke test", () => {
  test.each<[what: string, findings: readonly JobFinding[], state: string]>([
    ["that was not looked at says nothing", [], "inconclusive"],
    ["that runs says nothing", [running, running], "inconclusive"],
    ["that completed passes", [running, passed], "pass"],
    ["that failed is a breach", [running, failed], "breach"],
    ["of which nothing could be heard for a while passes when it completed", [unanswered, unanswered, passed], "pass"],
    ["that could not test says nothing", [running, lost], "inconclusive"],
    ["that came to an end keeps it", [failed, passed, lost], "breach"],
    ["that was lost stays lost", [lost, passed], "inconclusive"],
  ])("%s", (_what, findings, state) => {
    expect(jobVerdict(fold(findings), "smoke", 60_000).state).toBe(state);
  });

  test("that failed says how, and keeps its log", () => {
    expect(jobVerdict(fold([failed]), "smoke", 0).because).toEqual([
      { code: "job", signal: "smoke", detail: "container test ended with exit code 1", log: "no\n" },
    ]);
  });

  test("that was ended by its deadline says what its pod waited for", () => {
    const because = [
      { code: "no-usable-data", outcome: "error", detail: "the Job was deleted; its pod waited: ImagePullBackOff: no such image" },
    ];
    expect(jobVerdict(fold([stuck, stuck, lost]), "smoke", 60_000)).toMatchObject({ because });
    expect(fold([stuck, running, lost]).silence?.detail, "it has run since").toBe("the Job was deleted");
  });

  test("is judged after a restart as what was written of it says, whatever is found then", () => {
    const finding = fc.constantFrom(running, stuck, passed, failed, unanswered, lost);
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 8 }), fc.array(finding, { maxLength: 8 }), (before, after) => {
        const { end } = fold(before);
        if (end === null) return;
        const memory: JobMemory = { startedAt: 0, finding: end };
        const again = after.reduce(
          (state, one, order) => foldJob(state, { kind: "job", at: 100_000 + order, finding: one }),
          openJob(memory),
        );
        expect(jobVerdict(again, "smoke", 200_000)).toEqual(jobVerdict(fold(before), "smoke", 200_000));
      }),
    );
  });
});
