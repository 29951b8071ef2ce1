// node bench/main.ts judging: what one block of one signal costs.
import { startEvidence, stepEvidence } from "../../src/judging/evidence.ts";
import { judgeBlock, openSignal, type SignalLimits } from "../../src/judging/signal.ts";
import type { ProcessReading } from "../../src/model.ts";
import { seededRandom } from "./random.ts";

const TARGET_US = 2;
const STEPS = 1_000_000;
const BLOCKS = 20_000;

const limits: SignalLimits = {
  limit: 0.01,
  worseThanOld: 1.5,
  phi: 3,
  alpha: 0.001,
  weight: 1,
  blockMs: 15_000,
  sustainMs: 30_000,
  scrapeMs: 15_000,
  plannedBlocks: 160,
  baseline: null,
};

/** Returns whether the step is within its target (judging.md 10.2, C1). */
export function run(_args: readonly string[]): boolean {
  stepCost();
  const step = stepCost();
  console.log(`one step of the evidence          ${step.toFixed(3)} us (target < ${TARGET_US} us)`);
  for (const pods of [1, 4, 20]) {
    blockCost(pods);
    console.log(
      `one block with ${String(pods).padStart(2)} new + ${pods} old pods  ${blockCost(pods).toFixed(1)} us (counters, control, leave-one-out, audit)`,
    );
  }
  return step < TARGET_US;
}

function stepCost(): number {
  const random = seededRandom(1);
  const burns = Array.from({ length: 1024 }, () => 2 * random());
  const rule = { m: 3, alphaE: 0.0009, weight: 1, planned: 160 };
  let evidence = startEvidence();
  const from = performance.now();
  for (let i = 0; i < STEPS; i++) evidence = stepEvidence(evidence, burns[i & 1023] ?? 0, rule);
  return ((performance.now() - from) * 1000) / STEPS;
}

function blockCost(pods: number): number {
  const random = seededRandom(2);
  const counters = Array.from({ length: 2 * pods }, (_, i) => {
    const pod = i < pods ? `new-${i}` : `old-${i}`;
    return { namespace: "bench", pod, process: `${pod}:80 web`, total: 0, bad: 0, badAtMost: 0 };
  });
  const side = ({ pod }: ProcessReading): "new" | "old" => (pod.startsWith("new") ? "new" : "old");
  const bornInside = (): boolean => true;
  const prepared = Array.from({ length: BLOCKS }, () =>
    counters.map((counter) => {
      counter.total += 100;
      counter.bad += random() < 0.5 ? 1 : 0;
      counter.badAtMost = counter.bad;
      return { ...counter };
    }),
  );
  let state = openSignal(limits);
  const from = performance.now();
  for (const [i, readings] of prepared.entries()) {
    const at = (i + 1) * limits.blockMs;
    state = judgeBlock(state, { at, measurement: { kind: "counters", at, readings }, side, bornInside });
  }
  return ((performance.now() - from) * 1000) / BLOCKS;
}
