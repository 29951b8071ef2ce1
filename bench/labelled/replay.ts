import { setImmediate } from "node:timers/promises";
import type { GuardRecord } from "../../src/guards/guard.ts";
import type { GuardRun } from "../../src/guards/run.ts";
import type { BlockAudit, Ms } from "../../src/model.ts";
import { createPipeline } from "../../src/pipeline.ts";
import type { PipelineSettings } from "../../src/pipeline/edges.ts";
import type { Policy } from "../../src/policies/policy.ts";
import { createVirtualClock } from "./clock.ts";
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
  /** Requests by the signal of HTTP errors, until a rollback or the end of the data. */
  readonly counted: { readonly total: number; readonly bad: number; readonly oldTotal: number; readonly oldBad: number };
  /** The block in which the evidence was largest. */
  readonly worst: BlockAudit | null;
}

/** Blocks end at multiples of 15 s and a beat comes at each of those ends, so sparser beats than the daemon's lose nothing. */
const BEAT: Ms = 5000;

/** One case through the whole pipeline. Throws when it logs an error or opens no guard: then the figures would mean nothing. */
export async function replay(given: ReplayCase, policy: Policy, settings: PipelineSettings): Promise<readonly Replayed[]> {
  const clock = createVirtualClock(given.from);
  const { edges, done, errors, tick } = replayedEdges(given, policy, clock);
  const pipeline = createPipeline(edges, settings);
  const watched = new Map<string, Watched>();
  for (let now = given.from; now <= given.until; now += BEAT) {
    await clock.moveTo(now);
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
      worst: found.worst,
    };
  });
}

interface Watched {
  readonly guard: GuardRecord;
  readonly counted: Replayed["counted"];
  readonly worst: BlockAudit | null;
  readonly lastBlock: Ms;
}

/** Adds what is new since the last look. After a rollback its counts stand still: they are what it was decided by. */
function seen(before: Watched | undefined, run: GuardRun): Watched {
  const guard = run.record;
  const state = Object.values(run.counted)[0];
  const empty: Watched = { guard, counted: { total: 0, bad: 0, oldTotal: 0, oldBad: 0 }, worst: null, lastBlock: 0 };
  const known = before ?? empty;
  if (state === undefined || run.standing.rollback !== undefined) return { ...known, guard };
  const fresh = state.audit.filter((block) => block.at > known.lastBlock);
  const sum = (key: "newTotal" | "newBad" | "oldTotal" | "oldBad") => fresh.reduce((total, block) => total + block[key], 0);
  const { counted } = known;
  return {
    guard,
    counted: {
      total: counted.total + sum("newTotal"),
      bad: counted.bad + sum("newBad"),
      oldTotal: counted.oldTotal + sum("oldTotal"),
      oldBad: counted.oldBad + sum("oldBad"),
    },
    worst: fresh.reduce<BlockAudit | null>((worst, block) => (block.evidence > (worst?.evidence ?? 0) ? block : worst), known.worst),
    lastBlock: fresh.at(-1)?.at ?? known.lastBlock,
  };
}
