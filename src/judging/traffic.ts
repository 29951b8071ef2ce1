// Whether new pods get their share of the requests. Outside the bound and no evidence: it only ever tells (docs/judging.md: the formula).
import type { PodDelta } from "./counts.ts";

/** One block in which pods of both revisions were Ready for the whole of it, and what those pods counted. */
export interface TrafficBlock {
  readonly newPods: number;
  readonly oldPods: number;
  readonly fresh: Requests;
  readonly old: Requests;
}

interface Requests {
  readonly all: number;
  /** Not bad. */
  readonly successful: number;
}

/** Blocks side by side, oldest first. */
export type Traffic = readonly TrafficBlock[];

/** New pods that get, or answer well, far less than old ones do; per pod and block. */
export interface MissingTraffic {
  readonly counted: "all" | "successful";
  readonly newPerPod: number;
  readonly oldPerPod: number;
  /** In the newest block. */
  readonly newPods: number;
  readonly oldPods: number;
  readonly blocks: number;
}

export interface SteadyPods {
  readonly new: ReadonlySet<string>;
  readonly old: ReadonlySet<string>;
}

const LEAST_BLOCKS = 4;
/** Ten minutes of blocks of 15 s: quiet services need them all. */
const MOST_BLOCKS = 40;
/** Of the old pods, and to be expected of the new ones at their rate; with fewer, a third of them is no rare chance. */
const LEAST_REQUESTS = 75;
const LEAST_SHARE = 1 / 3;

export const noTraffic: Traffic = [];

/** One block more. `steady`: pods Ready for the whole block, by name. Where one side has none they do not run side by side: it begins anew. */
export function stepTraffic(traffic: Traffic, deltas: readonly PodDelta[], steady: SteadyPods): Traffic {
  if (steady.new.size === 0 || steady.old.size === 0) return noTraffic;
  const block = {
    newPods: steady.new.size,
    oldPods: steady.old.size,
    fresh: requestsOf(deltas, steady.new),
    old: requestsOf(deltas, steady.old),
  };
  return [...traffic.slice(1 - MOST_BLOCKS), block];
}

/**
 * Null while the new pods have a third or more of what the old ones have, or nobody can tell: over the shortest stretch of at least four
 * blocks in which old pods had 75 requests and new ones should have had as many. With equal shares one guard in many thousands is told
 * of by chance. Example: two new and six old pods, old 60 requests a block, new 2: in four blocks 2 * 10 * 4 = 80 are expected and 8 come.
 */
export function missingTraffic(traffic: Traffic): MissingTraffic | null {
  return missing(traffic, "all") ?? missing(traffic, "successful");
}

function missing(traffic: Traffic, counted: MissingTraffic["counted"]): MissingTraffic | null {
  const newest = traffic.at(-1);
  if (newest === undefined) return null;
  let expected = 0;
  let came = 0;
  let old = 0;
  let newPods = 0;
  for (let i = traffic.length - 1; i >= 0; i--) {
    const block = traffic[i];
    if (block === undefined) break;
    expected += (block.newPods * block.old[counted]) / block.oldPods;
    came += block.fresh[counted];
    old += block.old[counted];
    newPods += block.newPods;
    const blocks = traffic.length - i;
    if (blocks < LEAST_BLOCKS || Math.min(expected, old) < LEAST_REQUESTS) continue;
    if (came >= expected * LEAST_SHARE) return null;
    const perPod = (requests: number) => requests / newPods;
    return {
      counted,
      newPerPod: perPod(came),
      oldPerPod: perPod(expected),
      newPods: newest.newPods,
      oldPods: newest.oldPods,
      blocks,
    };
  }
  return null;
}

function requestsOf(deltas: readonly PodDelta[], pods: ReadonlySet<string>): Requests {
  let all = 0;
  let bad = 0;
  for (const delta of deltas) {
    if (!pods.has(delta.reading.pod)) continue;
    all += delta.total;
    bad += delta.bad;
  }
  return { all, successful: all - bad };
}
