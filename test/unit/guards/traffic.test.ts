import { describe, expect, test } from "vitest";
import { decide } from "../../../src/guards/decide.ts";
import { judgementOf } from "../../../src/guards/judgement.ts";
import { type GuardRun, judge, openRun } from "../../../src/guards/run.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { Measurement, Ms } from "../../../src/model.ts";
import { askOf, BLOCK, done, entriesOf, fresh, old, pod, policyOf, recordOf, START } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };

/** Counters of one new and one old pod after so many blocks, at these requests a block. */
function counters(nth: number, newPerBlock: number, oldPerBlock: number): Measurement {
  const reading = (name: string, total: number) => ({ namespace: "shop", pod: name, process: name, total, bad: 0, badAtMost: 0 });
  return {
    kind: "counters",
    at: START + nth * BLOCK,
    readings: [reading("web-new", nth * newPerBlock), reading("web-old", 1000 + nth * oldPerBlock)],
  };
}

function opened(
  readySince: Ms,
  bodies: readonly EntryBody[] = [],
  signals = "errors: { http: { preset: aspnet, errors: { limit: 1% } } }",
): GuardRun {
  const pods = [pod("web-new", fresh, { readySince }), pod("web-old", old, { readySince: START - BLOCK })];
  return openRun(recordOf([], { pods, entries: entriesOf(bodies), policy: policyOf(`signals: { ${signals} }`) }), pace);
}

function decided(run: GuardRun, blocks: readonly Measurement[]) {
  const judged = blocks.reduce((state, block) => judge(state, "errors", block), run);
  const now = blocks.at(-1)?.at ?? START;
  return decide(askOf(judged.record, { judgement: judgementOf(judged, now), now }));
}

const upTo = (blocks: number, newPerBlock: number, oldPerBlock = 100) =>
  Array.from({ length: blocks }, (_, i) => counters(i + 1, newPerBlock, oldPerBlock));
const missing = { kind: "hold", because: [{ code: "traffic-missing", signal: "errors", oldPerMinute: 400, newPods: 1, oldPods: 1 }] };

describe("new pods that hardly get requests", () => {
  test("are told of once there are four blocks that count", () => {
    expect(decided(opened(START), upTo(4, 0)).kind).toBe("wait");
    expect(decided(opened(START), upTo(5, 0))).toMatchObject(missing);
  });

  test.each<[string, GuardRun, readonly Measurement[]]>([
    ["when they get their share", opened(START), upTo(12, 60)],
    ["a second time", opened(START, [{ kind: "held", because: [missingReason()] }]), upTo(12, 0)],
    ["once the revision is taken back", opened(START, done("rollback")), upTo(12, 0)],
    ["before they were ready for the whole of four blocks", opened(START + 8 * BLOCK), upTo(12, 0)],
    ["where only latency is judged", opened(START, [], "errors: { http: { preset: aspnet, slower: { p95: 200ms } } }"), upTo(12, 0)],
  ])("are not told of %s", (_, run, blocks) => {
    expect(decided(run, blocks)).not.toMatchObject({ because: [{ code: "traffic-missing" }] });
  });
});

test("what old pods counted in a gap of the source is not compared with a pod that became ready in it", () => {
  const seen = (nth: number): Measurement => {
    const [block, since] = [counters(nth, 0, 100), counters(Math.max(0, nth - 18), 100, 0)];
    const [, oldReading] = block.kind === "counters" ? block.readings : [];
    const [newReading] = since.kind === "counters" ? since.readings : [];
    return { kind: "counters", at: block.at, readings: [newReading, oldReading].filter((reading) => reading !== undefined) };
  };
  const silent: Measurement = { kind: "no-data", at: START + 19 * BLOCK, because: "" };
  const blocks = [seen(1), silent, ...[20, 21, 22, 23].map(seen)];
  expect(decided(opened(START + 18 * BLOCK), blocks).kind).toBe("wait");
});

function missingReason() {
  const rates = { newPerMinute: 0, oldPerMinute: 400, newPods: 1, oldPods: 1, blocks: 4, forMs: 4 * BLOCK };
  return { code: "traffic-missing", signal: "errors", counted: "all", ...rates } as const;
}
