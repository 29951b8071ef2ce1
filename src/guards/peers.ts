import { noCounters, sumOf, takeDeltas } from "../judging/counts.ts";
import type { BlockCounts } from "../judging/control.ts";
import type { Measurement, Ms, SufferingPeer, Workload } from "../model.ts";
import { isComplete } from "./complete.ts";

const MOST_PEERS = 20;

/** How other workloads fared in the blocks that condemn a revision; `through` is the last block that was asked about. */
export type PeerAnswer =
  | { readonly kind: "asked"; readonly through: Ms; readonly of: number; readonly suffering: readonly SufferingPeer[] }
  | { readonly kind: "error"; readonly through: Ms; readonly because: string };

/** Who is asked: workloads that are complete, not under guard and `isWatched` by a policy; those of the same namespace first, by name. */
export function choosePeers(
  all: readonly Workload[],
  guarded: ReadonlySet<string>,
  namespace: string,
  isWatched: (workload: Workload) => boolean,
): readonly Workload[] {
  const here = (workload: Workload): number => (workload.ref.namespace === namespace ? 0 : 1);
  const key = ({ ref }: Workload): string => `${ref.namespace}/${ref.name}`;
  const settled = all
    .filter((workload) => !guarded.has(workload.ref.uid) && workload.current !== undefined && isComplete(workload))
    .toSorted((one, other) => here(one) - here(other) || (key(one) < key(other) ? -1 : 1));
  const peers: Workload[] = [];
  for (const workload of settled) {
    if (peers.length === MOST_PEERS) break;
    if (isWatched(workload)) peers.push(workload);
  }
  return peers;
}

/** Requests of all pods of a peer together, block by block. First values only set the base. */
export function peerBlocks(measurements: readonly Measurement[]): readonly BlockCounts[] {
  let memory = noCounters;
  const blocks: BlockCounts[] = [];
  for (const measurement of measurements) {
    if (measurement.kind !== "counters") continue;
    const step = takeDeltas(memory, measurement.readings, () => false);
    memory = step.memory;
    blocks.push({ at: measurement.at, ...sumOf(step.deltas) });
  }
  return blocks;
}
