// Builder for tests of the flow: a world of which only what a test gives may be touched.
import { createBeside } from "../../../src/pipeline/beside.ts";
import { emptyBook } from "../../../src/pipeline/book.ts";
import type { ClusterEdge, Edges, JournalEdge, PipelineSettings } from "../../../src/pipeline/edges.ts";
import type { Flow } from "../../../src/pipeline/flow.ts";
import { BLOCK, limits, MINUTE, START } from "../guards/a-guard.ts";

export const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };

const unused = () => {
  throw new Error("nothing that is tested here touches this edge");
};

const untouched: Edges = {
  now: () => START + MINUTE,
  sleep: unused,
  leading: unused,
  cluster: { changed: unused, get: unused, list: unused, keyOf: unused, context: unused, follow: unused, unfollow: unused, pods: unused },
  choosePolicy: unused,
  sample: unused,
  probe: unused,
  diagnose: unused,
  jobs: { create: unused, look: unused, lookAtRemedy: unused },
  lookAfter: unused,
  execute: unused,
  remedy: unused,
  scaling: unused,
  journal: { list: unused, create: unused, save: unused, prune: unused },
  tell: unused,
  observe: { sampled() {}, silenced() {}, alerted() {}, decided() {}, acted() {}, withheld() {}, guards() {} },
  log: { info() {}, warn() {}, error() {} },
};

interface Touched extends Partial<Omit<Edges, "cluster" | "journal">> {
  readonly cluster?: Partial<ClusterEdge>;
  readonly journal?: Partial<JournalEdge>;
}

/** A flow without guards. */
export function flowOver({ cluster, journal, ...edges }: Touched, over: Partial<PipelineSettings> = {}): Flow {
  return {
    book: emptyBook(),
    edges: {
      ...untouched,
      ...edges,
      cluster: { ...untouched.cluster, ...cluster },
      journal: { ...untouched.journal, ...journal },
    },
    settings: {
      cluster: "test",
      pace,
      settleMs: 0,
      baselineMs: MINUTE,
      verify: { withinMs: MINUTE, blocks: 4, blockMs: BLOCK },
      limits,
      ...over,
    },
    unsaved: new Set(),
    lost: new Set(),
    handed: new Map(),
    telling: new Map(),
    writing: new Map(),
    waiting: new Map(),
    claims: new Map(),
    opening: new Map(),
    diagnosing: createBeside(8),
    diagnosed: new Set(),
    reminded: new Map(),
  };
}
