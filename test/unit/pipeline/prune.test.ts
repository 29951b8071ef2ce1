import { expect, test } from "vitest";
import { pruneEnded } from "../../../src/pipeline/prune.ts";
import type { EntryBody } from "../../../src/entry.ts";
import { done, MINUTE, recordOf, START } from "../guards/a-guard.ts";
import { flowOver } from "./a-flow.ts";

const finished = (phase: "restored" | "passed"): EntryBody => ({ kind: "finished", phase, because: [], badServed: 0 });

/** Twelve guards of a workload, of which the oldest two rolled back; their names and what the journal was asked, so long after. */
async function prunedAfter(minutes: number) {
  const asked: unknown[] = [];
  const prune = (...ask: unknown[]) => Promise.resolve(void asked.push(ask));
  const flow = flowOver({ now: () => START + minutes * MINUTE, journal: { prune } });
  for (let nth = 0; nth < 12; nth++) {
    const bodies = nth < 2 ? [...done("rollback"), finished("restored")] : [finished("passed")];
    flow.book.ended.set(`g-${nth}`, recordOf(bodies, { name: `g-${nth}`, openedAt: START + nth }));
  }
  await pruneEnded("uid-web", flow);
  return { left: flow.book.ended.size, asked };
}

test("a guard is kept for as long as its rollback is counted, however many came after it", async () => {
  expect(await prunedAfter(60)).toEqual({ left: 12, asked: [["uid-web", 10, new Set(["g-0", "g-1"])]] });
});

test("and forgotten then", async () => {
  expect(await prunedAfter(24 * 60 + 1)).toEqual({ left: 10, asked: [["uid-web", 10, new Set()]] });
});
