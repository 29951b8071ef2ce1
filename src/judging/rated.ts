// Counters of the new pods for a plain rule: the same blocks that evidence is made of, without the evidence (docs/judging.md: the formula, plain rules).
import type { Ms, Outcome } from "../model.ts";
import type { Verdict } from "../reason.ts";
import type { BlockCounts } from "./control.ts";
import { type CounterMemory, noCounters, type RateCounts, sumOf, takeDeltas } from "./counts.ts";
import { type BlockInput, MOST_NOTES, OLD_BLOCKS, type Silence } from "./signal.ts";

/** Three bad requests at the limit are the least from which "within limits" may be said (docs/judging.md: the formula). */
const LEAST_BAD = 3;

export interface RatedState<Memory> {
  readonly counters: CounterMemory;
  /** What the rule remembers of the new revision's blocks. */
  readonly memory: Memory;
  /** New revision over the whole guard. */
  readonly total: number;
  readonly bad: number;
  /** Last blocks of the old revision, oldest first: after a rollback the proof that it recovered. */
  readonly oldBlocks: readonly BlockCounts[];
  /** Most requests that a window of the rule has held. */
  readonly most: number;
  /** A window held enough requests at least once. */
  readonly hasJudged: boolean;
  readonly outcome: Outcome | null;
  readonly lastAt: Ms | null;
  /** Last block at which the rule had enough requests. */
  readonly lastUsableAt: Ms | null;
  readonly silence: Silence | null;
  readonly notes: readonly string[];
}

/** What a rule makes of one block with requests. `seen` are the requests in its window. */
export interface RateStep<Memory> {
  readonly memory: Memory;
  readonly seen: number;
  readonly outcome: "healthy" | "breach" | "too-few";
}

export interface RateLimit {
  /** Share that may be bad, 0 to 1. */
  readonly limit: number;
  /** A window with fewer requests is not judged. */
  readonly minRequests: number;
  readonly blockMs: Ms;
}

export function openRated<Memory>(memory: Memory): RatedState<Memory> {
  return {
    counters: noCounters,
    memory,
    total: 0,
    bad: 0,
    oldBlocks: [],
    most: 0,
    hasJudged: false,
    outcome: null,
    lastAt: null,
    lastUsableAt: null,
    silence: null,
    notes: [],
  };
}

/**
 * Folds one block by the rule's own `step`. No-data, error and a block without requests leave what the rule remembers as it is; what was
 * counted meanwhile lands in the next block that is answered. After an error the same block may be offered again, as in signal.ts.
 */
export function foldRated<Memory>(
  state: RatedState<Memory>,
  input: BlockInput,
  step: (memory: Memory, block: BlockCounts) => RateStep<Memory>,
): RatedState<Memory> {
  const { at, measurement } = input;
  if (state.lastAt !== null && at <= state.lastAt) return state;
  if (measurement.kind === "error" || measurement.kind === "no-data") return silent(state, at, measurement.kind, measurement.because);
  if (measurement.kind !== "counters") return silent(state, at, "no-data", `${measurement.kind} came where counters were asked for`);
  if (measurement.readings.length === 0) return silent(state, at, "no-data", "the answer holds no counter of this workload");
  const { memory: counters, deltas, notes } = takeDeltas(state.counters, measurement.readings, input.bornInside);
  const fresh = sumOf(deltas.filter(({ reading }) => input.side(reading) === "new"));
  const old = sumOf(deltas.filter(({ reading }) => input.side(reading) === "old"));
  const counted: RatedState<Memory> = {
    ...state,
    counters,
    total: state.total + fresh.total,
    bad: state.bad + fresh.bad,
    oldBlocks: [...state.oldBlocks.slice(1 - OLD_BLOCKS), { at, ...old }],
    notes: [...new Set([...state.notes, ...notes, ...(measurement.note === undefined ? [] : [measurement.note])])].slice(0, MOST_NOTES),
  };
  if (fresh.total === 0) return silent(counted, at, "too-few", "no requests reached the new pods");
  const { memory, seen, outcome } = step(state.memory, { at, ...fresh });
  const judged = { ...counted, memory, most: Math.max(state.most, seen) };
  if (outcome === "too-few") return silent(judged, at, "too-few", "the window of its rule holds too few requests");
  return { ...judged, hasJudged: true, outcome, lastAt: at, lastUsableAt: at, silence: null };
}

/** The verdict while the rule finds nothing: pass so far only with requests enough for the rule and for its limit. */
export function quietVerdict(
  state: RatedState<unknown>,
  rule: RateLimit & { readonly overMs: Ms },
  signal: string,
  now: Ms,
  noDataAfterMs: Ms,
): Verdict {
  const { silence, total } = state;
  if (silence !== null && silence.outcome !== "too-few" && (total === 0 || now - silence.since >= noDataAfterMs)) {
    const { outcome, detail, since } = silence;
    return { signal, state: "inconclusive", because: [{ code: "no-usable-data", signal, outcome, detail, forMs: now - since }] };
  }
  const needed = Math.ceil(LEAST_BAD / rule.limit);
  if (total < needed) return { signal, state: "inconclusive", because: [{ code: "not-enough-requests", signal, total, needed }] };
  if (state.hasJudged) return { signal, state: "pass", because: [] };
  const blind = { code: "rule-blind", signal, seen: state.most, needed: rule.minRequests, overMs: rule.overMs } as const;
  return { signal, state: "inconclusive", because: [blind] };
}

/** The last blocks within `overMs` up to the newest one, and their sum. */
export function within(blocks: readonly BlockCounts[], overMs: Ms): RateCounts & { readonly blocks: readonly BlockCounts[] } {
  const newest = blocks.at(-1)?.at ?? 0;
  const kept = blocks.filter((block) => block.at > newest - overMs);
  return { ...sumOf(kept), blocks: kept };
}

function silent<Memory>(state: RatedState<Memory>, at: Ms, outcome: Silence["outcome"], detail: string): RatedState<Memory> {
  const since = state.silence?.since ?? state.lastUsableAt ?? at;
  // Nobody answered: the block is still owed and may be judged when the source is back.
  return { ...state, outcome, lastAt: outcome === "error" ? state.lastAt : at, silence: { outcome, since, detail } };
}
