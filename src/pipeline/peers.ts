import { type PeerQuestion, peerQuestion } from "../guards/attribution.ts";
import { judgementOf } from "../guards/judgement.ts";
import { choosePeers, type PeerAnswer, peerBlocks } from "../guards/peers.ts";
import { type CountedSignal, isCounted, isSeenByCallers, withPeers } from "../guards/run.ts";
import { blockEnds } from "../judging/blocks.ts";
import { sufferingOf } from "../judging/peers.ts";
import type { Ms, Workload } from "../model.ts";
import type { SufferingPeer } from "../reason.ts";
import { signalOf } from "../policies/signal.ts";
import type { Ask } from "../signals/ask.ts";
import { counterAsk } from "../signals/counter-signal.ts";
import type { Flow } from "./flow.ts";

/** What a peer did before the trouble, to tell what is usual for it. */
const BEFORE: Ms = 1_800_000;

type PeerSignal = Exclude<CountedSignal, { kind: "logs" }>;

interface Peer {
  readonly name: string;
  readonly signal: PeerSignal;
  readonly ask: Ask;
}

/** For each of these guards that needs it: how other workloads fared in the blocks that condemn its revision (judging.md 3.3). */
export async function askPeers(names: Iterable<string>, flow: Flow): Promise<void> {
  await Promise.all(
    [...names].map(async (name) => {
      const run = flow.book.open.get(name);
      const question = run === undefined ? undefined : peerQuestion(run, judgementOf(run, flow.edges.now()).guard);
      if (run === undefined || question === undefined) return;
      const answer = await answerTo(question, run.record.namespace, flow);
      const now = flow.book.open.get(name);
      if (now !== undefined) flow.book.open.set(name, withPeers(now, answer));
    }),
  );
}

async function answerTo(question: PeerQuestion, namespace: string, { book, edges, settings }: Flow): Promise<PeerAnswer> {
  const { badAt, since, through } = question;
  const guarded = new Set([...book.open.values()].map((run) => run.record.rollout.workload.uid));
  const isWatched = (workload: Workload): boolean => signalsOf(workload, edges).length > 0;
  const chosen = choosePeers(edges.cluster.list(), guarded, namespace, isWatched);
  const peers = chosen.flatMap((workload) => peersOf(workload, settings.pace.blockMs, edges));
  if (peers.length === 0) return { kind: "asked", through, of: 0, suffering: [] };
  const answers = await edges.sample(
    peers.map((peer) => peer.ask),
    blockEnds(since - BEFORE, through, settings.pace.blockMs),
  );
  const suffering = new Map<string, SufferingPeer>();
  const seen = new Set<string>();
  const times = new Set(badAt);
  for (const { name, signal, ask } of peers) {
    const measurements = answers.get(ask.id) ?? [];
    const failed = measurements.find((measurement) => measurement.kind === "error");
    if (failed !== undefined) return { kind: "error", through, because: failed.because };
    const blocks = peerBlocks(measurements);
    if (blocks.some((block) => times.has(block.at) && block.total > 0)) seen.add(name);
    const found = sufferingOf(blocks, badAt, since, signal);
    if (found !== null && !suffering.has(name)) suffering.set(name, { name, ...found });
  }
  return { kind: "asked", through, of: seen.size, suffering: [...suffering.values()] };
}

/** One question for each counted signal of the policy that would guard it. */
function peersOf(workload: Workload, blockMs: Ms, edges: Flow["edges"]): readonly Peer[] {
  const { ref, current } = workload;
  if (current === undefined) return [];
  const name = `${ref.namespace}/${ref.name}`;
  return signalsOf(workload, edges).map(([key, signal]) => {
    // One view of each signal: what callers and pods count are the same requests.
    const prefixes = isSeenByCallers(signal) ? [] : [current.name];
    const ask = { id: `peer/${name}/${key}`, namespace: ref.namespace, prefixes, query: counterAsk(signal, blockMs, { called: ref }) };
    return { name, signal, ask };
  });
}

function signalsOf({ ref, labels, annotations }: Workload, edges: Flow["edges"]): readonly (readonly [string, PeerSignal])[] {
  const choice = edges.choosePolicy({ ...ref, labels, annotations });
  if (choice.kind !== "policy") return [];
  return Object.entries(choice.policy.spec.signals).flatMap(([key, written]) => {
    const signal = signalOf(written);
    // Of a peer's log lines it is not known how many pods they come from, and what its own latency usually is was never measured.
    const isComparable = isCounted(signal) && signal.kind !== "logs" && !(signal.kind === "http-slower" && signal.thresholdMs === null);
    return isComparable ? [[key, signal] as const] : [];
  });
}
