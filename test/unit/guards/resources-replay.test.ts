import fc from "fast-check";
import { expect, test } from "vitest";
import { rulesOf } from "../../../src/guards/judgement.ts";
import { judge, judgedThrough, openRun, type GuardRun, type Pace } from "../../../src/guards/run.ts";
import { blockEnds } from "../../../src/judging/blocks.ts";
import type { Measurement, Ms } from "../../../src/model.ts";
import { BLOCK, fresh, MINUTE, old, pods, policyOf, recordOf, START, workloadOf } from "./a-guard.ts";

const pace: Pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };
const app = { name: "app", ready: true, restarts: 0, limits: { cpu: 1, memory: 1000 } };
const END = START + 25 * MINUTE;

const record = recordOf([], {
  policy: policyOf("signals: { memory: { resources: { cpu: 90%, memory: 90%, memoryFullWithin: 1h } } }"),
  pods: [
    ...pods(3, old, { created: START - 600 * MINUTE, readySince: START - 600 * MINUTE, containers: [app] }),
    ...pods(2, fresh, { created: START, readySince: START + MINUTE, containers: [app] }),
  ],
});

/** What a source says of each block: nothing, or a use that leaks by so much a minute. */
function history(perMinute: number, noise: readonly number[], missing: ReadonlySet<number>): readonly Measurement[] {
  return blockEnds(judgedThrough(openRun(record, pace), "memory"), END, BLOCK).map((at, index): Measurement => {
    if (missing.has(index)) return { kind: "no-data", at, because: "nothing" };
    const age = Math.max(0, at - START) / MINUTE;
    const containers = record.pods.map(({ name, podTemplateHash }, order) => ({
      pod: name,
      container: "app",
      id: "",
      cpuCores: 0.3,
      memoryBytes: 300 + (podTemplateHash === fresh.podTemplateHash ? perMinute * age : 0) + (noise[(index + order) % noise.length] ?? 0),
    }));
    return { kind: "usage", at, containers };
  });
}

function verdictOf(run: GuardRun, now: Ms) {
  return { ...rulesOf(run, workloadOf(), now)[0], state: rulesOf(run, workloadOf(), now)[0]?.state };
}

test("old pods are asked for from an hour before the rollout on", () => {
  expect(START - judgedThrough(openRun(record, pace), "memory")).toBeGreaterThanOrEqual(60 * MINUTE);
});

test("the same samples give the same verdict, however the source failed and in whatever batches they came", () => {
  const noise = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 3, maxLength: 30 });
  const blocks = fc.integer({ min: 0, max: 339 });
  let breaches = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(0, 3, 15, 25),
      noise,
      fc.uniqueArray(blocks, { maxLength: 60 }),
      fc.uniqueArray(blocks, { maxLength: 20 }),
      fc.uniqueArray(blocks, { maxLength: 20 }),
      (perMinute, noises, missing, failing, repeated) => {
        const answers = history(perMinute, noises, new Set(missing));
        let plain = openRun(record, pace);
        let stumbling = openRun(record, pace);
        for (const [index, answer] of answers.entries()) {
          plain = judge(plain, "memory", answer);
          if (failing.includes(index)) stumbling = judge(stumbling, "memory", { kind: "error", at: answer.at, because: "down" });
          stumbling = judge(stumbling, "memory", answer);
          // As after a restart that asks again for what was answered.
          if (repeated.includes(index))
            for (const again of answers.slice(Math.max(0, index - 5), index + 1)) stumbling = judge(stumbling, "memory", again);
        }
        const verdict = verdictOf(plain, END);
        expect(verdictOf(stumbling, END)).toEqual(verdict);
        expect(perMinute <= 3 && verdict.state === "breach", "a slow leak is none").toBe(false);
        if (verdict.state === "breach") breaches += 1;
      },
    ),
    { numRuns: 30 },
  );
  expect(breaches).toBeGreaterThan(3);
});
