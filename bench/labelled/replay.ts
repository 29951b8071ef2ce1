import { setImmediate } from "node:timers/promises";
import type { GuardRecord } from "../../src/guards/guard.ts";
import type { GuardRun } from "../../src/guards/run.ts";
import type { BlockAudit, Ms } from "../../src/model.ts";
import { createPipeline } from "../../src/pipeline.ts";
import type { PipelineSettings } from "../../src/pipeline/edges.ts";
import type { Policy } from "../../src/policies/policy.ts";
import { createManualClock } from "../../test/support/manual-clock.ts";
import { replayedEdges } from "./edges.ts";
import type { ReplayCase, ReplayRollout } from "./replay-case.ts";

/** What came of one rollout. */
export interface Replayed {
  readonly set: string;
  readonly case: string;
  readonly rollout: ReplayRollout;
  readonly rolledBackAt: Ms | null;
  readonly brakedAt: Ms | null;
  readonly guard: GuardRecord;
  /** By counted signal. */
  readonly counted: Readonly<Record<string, Counted>>;
}

/** What one signal counted until a rollback or the end of the data. */
export interface Counted {
  readonly total: number;
  readonly bad: number;
  readonly oldTotal: number;
  readonly oldBad: number;
  /** The block in which the evidence was largest, and the new pods' counts up to it. */
  readonly worst: BlockAudit | null;
  readonly worstTotal: number;
  readonly worstBad: number;
  /** Blocks with requests until then. */
  readonly worstBlocks: number;
  readonly blocks: number;
  readonly lastBlock: Ms;
}

/** Blocks end at multiples of 15 s and a beat comes at each of those ends, so sparser beats than the daemon's lose nothing. */
const BEAT: Ms = 5000;

/** One case through the whole pipeline. Throws when it logs an error or opens no guard: then the figures would mean nothing. */
export async function replay(given: ReplayCase, policy: Policy, settings: PipelineSettings): Promise<readonly Replayed[]> {
  // Hours of data pass in a second.
  const clock = createManualClock(given.from);
  const { edges, done, errors, tick } = replayedEdges(given, policy, clock);
  const pipeline = createPipeline(edges, settings);
  const watched = new Map<string, Watched>();
  for (let now = given.from; now <= given.until; now += BEAT) {
    await clock.advance(now - clock.now());
    const woken = tick();
    await pipeline.beat(now);
    for (const uid of woken) pipeline.wake(uid);
    await setImmediate();
    for (const run of pipeline.open())
      watched.set(run.record.rollout.workload.name, seen(watched.get(run.record.rollout.workload.name), run));
  }
  if (errors.length > 0) throw new Error(`${given.name}: ${errors[0]}`);
  const ended = new Map(pipeline.ended().map((record) => [record.name, record]));
  return given.rollouts.map((rollout) => {
    const first = (kind: string) => done.find(({ service, action }) => service === rollout.service && action.kind === kind)?.at ?? null;
    const found = watched.get(rollout.service);
    if (found === undefined) throw new Error(`${given.name}: no guard was opened for ${rollout.service}`);
    return {
      set: given.set,
      case: given.name,
      rollout,
      rolledBackAt: first("rollback"),
      brakedAt: first("brake"),
      guard: ended.get(found.guard.name) ?? found.guard,
      counted: found.counted,
    };
  });
}

type Watched = Pick<Replayed, "guard" | "counted">;

const nothing: Counted = {
  total: 0,
  bad: 0,
  oldTotal: 0,
  oldBad: 0,
  worst: null,
  worstTotal: 0,
  worstBad: 0,
  worstBlocks: 0,
  blocks: 0,
  lastBlock: 0,
};

/** Adds what is new since the last look. After a rollback its counts stand still: they are what it was decided by. */
function seen(before: Watched | undefined, run: GuardRun): Watched {
  const guard = run.record;
  if (run.standing.rollback !== undefined) return { counted: before?.counted ?? {}, guard };
  const counted = Object.entries(run.counted).map(([signal, { audit }]) => {
    const known = before?.counted[signal] ?? nothing;
    return [signal, audit.filter(({ at }) => at > known.lastBlock).reduce(withBlock, known)] as const;
  });
  return { guard, counted: Object.fromEntries(counted) };
}

function withBlock(known: Counted, block: BlockAudit): Counted {
  const total = known.total + block.newTotal;
  const bad = known.bad + block.newBad;
  const blocks = known.blocks + (block.newTotal > 0 ? 1 : 0);
  const sums = { total, bad, blocks, oldTotal: known.oldTotal + block.oldTotal, oldBad: known.oldBad + block.oldBad, lastBlock: block.at };
  const isWorst = block.evidence > (known.worst?.evidence ?? 0);
  return isWorst ? { ...sums, worst: block, worstTotal: total, worstBad: bad, worstBlocks: blocks } : { ...known, ...sums };
}
