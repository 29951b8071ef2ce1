// A bad node is not a bad version: the same process once per new pod, without that pod (docs/judging.md: the formula).
import type { PodDelta, RateCounts } from "./counts.ts";
import type { Evidence } from "./mixture.ts";

const LEAST_PODS = 3;
const MOST_SINGLE_PODS = 64;
const GROUPS = 32;

/** Evidence without each left-out pod, by pod name, or by group number when there are too many pods. Empty: as the full process. */
export interface LeaveOneOut {
  readonly grouped: boolean;
  readonly without: ReadonlyMap<string, Evidence>;
}

export interface LeaveOneOutBlock {
  /** Increments of the new pods. */
  readonly deltas: readonly PodDelta[];
  /** The full process before this block. */
  readonly full: Evidence;
  /** One block of a process that sees only these requests of the new revision. */
  readonly step: (before: Evidence, fresh: RateCounts) => Evidence;
  /** New pods scraped in this block that have ever had a request: below three there is nobody to compare with. */
  readonly servingPods: number;
}

export const noneLeftOut: LeaveOneOut = { grouped: false, without: new Map() };

/**
 * One block. A pod that is new here has had no part in the past, so its process begins as a copy of the full one; while fewer than
 * three pods serve, leaving one out means nothing and every process takes all requests.
 */
export function stepLeaveOneOut(before: LeaveOneOut, block: LeaveOneOutBlock): LeaveOneOut {
  const comparable = block.servingPods >= LEAST_PODS;
  if (!comparable && before.without.size === 0) return before;
  const { grouped, without } = withNewcomers(before, block, comparable);
  const counts = countsByMember(block.deltas, grouped);
  let total = 0;
  let bad = 0;
  for (const count of counts.values()) {
    total += count.total;
    bad += count.bad;
  }
  const next = new Map<string, Evidence>();
  for (const [member, evidence] of without) {
    const own = comparable ? counts.get(member) : undefined;
    next.set(member, block.step(evidence, { total: total - (own?.total ?? 0), bad: bad - (own?.bad ?? 0) }));
  }
  return { grouped, without: next };
}

/** The least evidence, and without which pod (or group) it is that; null when nothing is left out. */
export function leastWithout(state: LeaveOneOut): { readonly member: string; readonly evidence: number; readonly grouped: boolean } | null {
  let least: { readonly member: string; readonly evidence: number; readonly grouped: boolean } | null = null;
  for (const [member, { e }] of state.without) {
    if (least === null || e < least.evidence) least = { member, evidence: e, grouped: state.grouped };
  }
  return least;
}

/** FNV-1a: any fixed spread will do, but a replay must spread alike. */
export function groupOf(pod: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < pod.length; i++) hash = Math.imul(hash ^ pod.charCodeAt(i), 0x01000193) >>> 0;
  return String(hash % GROUPS);
}

function withNewcomers(before: LeaveOneOut, block: LeaveOneOutBlock, comparable: boolean): LeaveOneOut {
  if (!comparable) return before;
  const without = new Map(before.without);
  for (const { reading } of block.deltas) {
    const member = before.grouped ? groupOf(reading.pod) : reading.pod;
    if (!without.has(member)) without.set(member, block.full);
  }
  if (before.grouped || without.size <= MOST_SINGLE_PODS) return { grouped: before.grouped, without };
  return { grouped: true, without: gathered(without) };
}

/** From one process per pod to one per group: each group goes on from its most doubtful member, which can only delay a rollback. */
function gathered(without: ReadonlyMap<string, Evidence>): ReadonlyMap<string, Evidence> {
  const groups = new Map<string, Evidence>();
  for (const [pod, evidence] of without) {
    const least = groups.get(groupOf(pod));
    if (least === undefined || evidence.e < least.e) groups.set(groupOf(pod), evidence);
  }
  return groups;
}

function countsByMember(deltas: readonly PodDelta[], grouped: boolean): Map<string, { total: number; bad: number }> {
  const counts = new Map<string, { total: number; bad: number }>();
  for (const { reading, total, bad } of deltas) {
    const member = grouped ? groupOf(reading.pod) : reading.pod;
    const sum = counts.get(member);
    if (sum === undefined) {
      counts.set(member, { total, bad });
      continue;
    }
    sum.total += total;
    sum.bad += bad;
  }
  return counts;
}
