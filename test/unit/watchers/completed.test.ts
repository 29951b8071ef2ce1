import { expect, it } from "vitest";
import { completedBefore, noteCompleted } from "../../../src/watchers/completed.ts";
import type { Completed } from "../../../src/watchers/completed.ts";
import { parseReplicaSet } from "../../../src/watchers/replica-set.ts";
import { toWorkload } from "../../../src/watchers/workload.ts";
import { rawDeployment, rawReplicaSet } from "../../support/raw-objects.ts";

type Look = readonly [hash: string, revision: number, state: "complete" | "unfinished" | "zero"];

function look([hash, revision, state]: Look) {
  const counts = { complete: {}, unfinished: { replicas: 4, updated: 1 }, zero: { desired: 0 } }[state];
  const set = parseReplicaSet(rawReplicaSet({ hash, revision }));
  return toWorkload(rawDeployment({ revision, ...counts }), set ? [set] : []);
}

const rows: readonly [string, readonly Look[], string | undefined][] = [
  ["nothing is known at first sight in mid-rollout", [["b", 2, "unfinished"]], undefined],
  [
    "a settled revision is what the next one replaces",
    [
      ["a", 1, "complete"],
      ["b", 2, "unfinished"],
    ],
    "a",
  ],
  [
    "so it is when the next one is complete before anybody asks",
    [
      ["a", 1, "complete"],
      ["b", 2, "complete"],
    ],
    "a",
  ],
  [
    "an unfinished one between counts for nothing",
    [
      ["a", 1, "complete"],
      ["b", 2, "unfinished"],
      ["c", 3, "unfinished"],
    ],
    "a",
  ],
  [
    "an unfinished one that is undone leaves the same revision",
    [
      ["a", 1, "complete"],
      ["b", 2, "unfinished"],
      ["a", 3, "complete"],
    ],
    "a",
  ],
  [
    "a finished one that is undone is what was replaced",
    [
      ["a", 1, "complete"],
      ["b", 2, "complete"],
      ["a", 3, "unfinished"],
    ],
    "b",
  ],
  [
    "a revision without a single pod was never complete",
    [
      ["a", 1, "zero"],
      ["b", 2, "unfinished"],
    ],
    undefined,
  ],
  [
    "looking again adds nothing",
    [
      ["a", 1, "complete"],
      ["b", 2, "complete"],
      ["b", 2, "complete"],
      ["b", 2, "complete"],
    ],
    "a",
  ],
];

it.each(rows)("%s", (_, looks, expected) => {
  let seen: readonly Completed[] = [];
  for (const each of looks) seen = noteCompleted(seen, look(each));

  const last = looks.at(-1);

  expect(last && completedBefore(seen, look(last))).toBe(expected);
});
