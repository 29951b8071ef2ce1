import { expect, test } from "vitest";
import { createStory, type ToldGuard } from "../../../src/cli/demo/story.ts";

const guard: ToldGuard = {
  name: "web-2",
  namespace: "shop",
  workload: "deployment/web",
  revision: 2,
  oldRevision: 1,
  policy: "shop",
  mode: "enforce",
  phase: "observing",
  braked: false,
  message: "",
  evidence: 1,
  evidenceNeeded: 1111,
  evidenceMode: "burn",
  openedAt: "",
  history: [],
};

function toldOf(evidence: readonly number[]): readonly string[] {
  const lines: string[] = [];
  const story = createStory({ write: (text) => lines.push(text) }, () => 1, false);
  for (const one of evidence) story.follow([{ ...guard, evidence: one }]);
  return lines.map((line) => /(\d+) % of what a rollback needs/.exec(line)?.[1] ?? line);
}

test("evidence is told as it grows, and once that it is enough", () => {
  expect(toldOf([2, 8, 9, 100, 1200, 5000, 20_000, 90_000])).toEqual(["29", "65", "100"]);
});

test("evidence that is not quite enough is not told as enough", () => {
  expect(toldOf([1108])).toEqual(["99"]);
});
