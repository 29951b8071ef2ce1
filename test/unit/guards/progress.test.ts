import { describe, expect, test } from "vitest";
import { lastProgress } from "../../../src/guards/progress.ts";
import type { PodState } from "../../../src/model.ts";
import { fresh, old, recordOf, START } from "./a-guard.ts";

const rollout = { ...recordOf([]).rollout, desired: 2, startedAt: START };

function pod(name: string, created: number, readySince?: number, podTemplateHash = fresh.podTemplateHash): PodState {
  return {
    uid: name,
    name,
    podTemplateHash,
    created,
    ready: readySince !== undefined,
    containers: [],
    ...(readySince === undefined ? {} : { readySince }),
  };
}

describe("a rollout last moved", () => {
  test.each([
    ["when it began, before it has a pod", [], START],
    ["when another new pod was made", [pod("a", START + 1_000), pod("b", START + 60_000)], START + 60_000],
    ["when a new pod became ready", [pod("a", START + 1_000, START + 90_000), pod("b", START + 60_000)], START + 90_000],
    [
      "not when an old pod was made",
      [pod("a", START + 1_000), pod("x", START + 60_000, START + 61_000, old.podTemplateHash)],
      START + 1_000,
    ],
    [
      "not when a pod more than are wanted was made: one that is evicted again and again is no progress",
      [pod("a", START + 1_000), pod("b", START + 2_000), pod("c", START + 90_000), pod("d", START + 180_000)],
      START + 2_000,
    ],
  ])("%s", (_, pods, at) => {
    expect(lastProgress(rollout, pods)).toBe(at);
  });
});
