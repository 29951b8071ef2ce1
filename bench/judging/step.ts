// node bench/main.ts judging: what one block of one signal costs.
import { type ProcessBlock, startProcess, stepProcess } from "../../src/judging/mode.ts";
import { startEarlyPass, stepEarlyPass } from "../../src/judging/pass-early.ts";
import { judgeBlock, openSignal, type SignalLimits } from "../../src/judging/signal.ts";
import type { EvidenceMode, ProcessReading } from "../../src/model.ts";
import { seededRandom } from "./random.ts";

const TARGET_US = 2;
const TARGET_BYTES = 200;
const MODES: readonly EvidenceMode[] = ["burn", "fast", "independent"];
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

/** Returns whether cost and size of a step are within their targets in every mode. */
export function run(_args: readonly string[]): boolean {
  let held = true;
  for (const mode of MODES) {
    stepCost(mode);
    const step = stepCost(mode);
    const bytes = bytesOf(startProcess(mode)) + bytesOf(startEarlyPass());
    console.log(
      `one step, evidence ${mode.padEnd(12)} ${step.toFixed(3)} us (target < ${TARGET_US} us), ${bytes} bytes (target <= ${TARGET_BYTES}, pass early with it)`,
    );
    held &&= step < TARGET_US && bytes <= TARGET_BYTES;
  }
  for (const pods of [1, 4, 20]) {
    blockCost(pods);
    console.log(
      `one block with ${String(pods).padStart(2)} new + ${pods} old pods  ${blockCost(pods).toFixed(1)} us (counters, control, leave-one-out, audit)`,
    );
  }
  return held;
}

/** Processor time, in us, of the evidence against the new revision and, beside it, the evidence for it, over a live control. */
function stepCost(mode: EvidenceMode): number {
  const random = seededRandom(1);
  const blocks = Array.from({ length: 1024 }, (): ProcessBlock => {
    const fresh = { total: 150, bad: Math.floor(4 * random()) };
    return { fresh, old: { total: 1350, bad: 3 }, effective: { value: 0.01, source: "limit", baseline: 0.004, control: 0.0066 } };
  });
  const ofMode = { ...limits, mode, baseline: { total: 180_000, bad: 180, dispersion: 1.1, upper: 0.0027 } };
  const rule = { m: 3, alphaE: 0.0009, weight: 1, planned: 160 };
  let evidence = startProcess(mode);
  let early = startEarlyPass();
  const from = process.cpuUsage();
  for (let i = 0; i < STEPS; i++) {
    const block = blocks[i & 1023] ?? blocks[0];
    if (block === undefined) break;
    evidence = stepProcess(evidence, block, ofMode, rule);
    early = stepEarlyPass(early, { total: block.fresh.total, badAtMost: block.fresh.bad, limit: limits.limit, blockMs: limits.blockMs });
  }
  return process.cpuUsage(from).user / STEPS;
}

/** Eight bytes for every number that is remembered. */
function bytesOf(state: object): number {
  return 8 * Object.values(state).flat().length;
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
