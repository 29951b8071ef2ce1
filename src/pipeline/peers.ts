import { type PeerQuestion, peerQuestion } from "../guards/attribution.ts";
import { judgementOf } from "../guards/judgement.ts";
import { choosePeers, type PeerAnswer, peerBlocks } from "../guards/peers.ts";
import { type CountedSignal, isCounted, isSeenByCallers, withPeers } from "../guards/run.ts";
import { presetQuestionOf } from "../guards/presets.ts";
import { blockEnds } from "../judging/blocks.ts";
import { sufferingOf } from "../judging/peers.ts";
import type { Ms, SufferingPeer, Workload } from "../model.ts";
import { type Signal, signalOf, type WrittenSignal } from "../policies/signal.ts";
import type { Ask } from "../signals/ask.ts";
import { counterAsk } from "../signals/counter-signal.ts";
import type { Flow } from "./flow.ts";
import { findPresets, type PresetAnswer, type Sought } from "./presets.ts";

/** What a peer did before the trouble, to tell what is usual for it. */
const BEFORE: Ms = 1_800_000;

type PeerSignal = Exclude<CountedSignal, { kind: "logs" }>;

/** What is asked of a peer, before it is known by which counters. */
interface Asked {
  readonly workload: Workload;
  readonly signals: readonly (readonly [string, WrittenSignal])[];
}

interface Peer {
  readonly name: string;
  readonly signal: PeerSignal;
  readonly ask: Ask;
}

/** For each of these guards that needs it: how other workloads fared in the blocks that condemn its revision (docs/judging.md: the formula). */
export async function askPeers(names: Iterable<string>, flow: Flow): Promise<void> {
  await Promise.all(
    [...names].map(async (name) => {
      const run = flow.book.open.get(name);
      const question = run === undefined ? undefined : peerQuestion(run, judgementOf(run, flow.edges.now()).guard);
      if (run === undefined || question === undefined) return;
      const answer = await answerTo(question, run.record.namespace, flow);
      const now = flow.book.open.get(name);
      // Another lane may have judged a newer block meanwhile: it asks for itself.
      const still = now === undefined ? undefined : peerQuestion(now, judgementOf(now, flow.edges.now()).guard);
      if (now === undefined || still?.signal !== question.signal || still.through !== question.through) return;
      flow.book.open.set(name, withPeers(now, answer));
    }),
  );
}

async function answerTo(question: PeerQuestion, namespace: string, flow: Flow): Promise<PeerAnswer> {
  const { book, edges, settings } = flow;
  const { badAt, since, through } = question;
  const guarded = new Set([...book.open.values()].map((run) => run.record.rollout.workload.uid));
  const isWatched = (workload: Workload): boolean => signalsOf(workload, edges).length > 0;
  const chosen = choosePeers(edges.cluster.list(), guarded, namespace, isWatched);
  const peers = await peersOf(
    chosen.map((workload) => ({ workload, signals: signalsOf(workload, edges) })),
    through,
    flow,
  );
  if (typeof peers === "string") return { kind: "error", through, because: peers };
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

/** One question for each counted signal of the policy that would guard them; in words why the source did not tell by what they count. */
async function peersOf(asked: readonly Asked[], at: Ms, flow: Flow): Promise<readonly Peer[] | string> {
  const { blockMs } = flow.settings.pace;
  const chosen = await presetsOf(asked, at, flow);
  if (typeof chosen === "string") return chosen;
  return asked.flatMap(({ workload: { ref, current }, signals }, index) =>
    signals.flatMap(([key, written]): readonly Peer[] => {
      const found = chosen[index]?.[key];
      const signal = signalOf(written, typeof found === "string" ? undefined : found);
      if (current === undefined || !isPeerSignal(signal) || (signal.kind !== "ratio" && signal.preset === null)) return [];
      // One view of each signal: what callers and pods count are the same requests.
      const prefixes = isSeenByCallers(signal) ? [] : [current.name];
      const name = `${ref.namespace}/${ref.name}`;
      const ask = { id: `peer/${name}/${key}`, namespace: ref.namespace, prefixes, query: counterAsk(signal, blockMs, { called: ref }) };
      return [{ name, signal, ask }];
    }),
  );
}

/** For the peers whose policy leaves the preset to us; one that exposes none cannot tell anything. */
async function presetsOf(asked: readonly Asked[], at: Ms, flow: Flow): Promise<readonly PresetAnswer[] | string> {
  const sought = asked.map(({ workload: { ref, current }, signals }): Sought => {
    const questions = signals.flatMap(([key, written]) => {
      const question = presetQuestionOf(written);
      return question === undefined ? [] : [[key, question] as const];
    });
    return { namespace: ref.namespace, prefixes: current === undefined ? [] : [current.name], questions: Object.fromEntries(questions) };
  });
  if (sought.every(({ questions }) => Object.keys(questions).length === 0)) return [];
  const found = await findPresets(sought, at, flow.edges);
  const failed = found.find((answer) => typeof answer === "string");
  return failed ?? found.filter((answer) => typeof answer !== "string");
}

function signalsOf({ ref, labels, annotations }: Workload, edges: Flow["edges"]): readonly (readonly [string, WrittenSignal])[] {
  const choice = edges.choosePolicy({ ...ref, labels, annotations });
  if (choice.kind !== "policy") return [];
  return Object.entries(choice.policy.spec.signals).filter(([, written]) => isPeerSignal(signalOf(written)));
}

/** Of a peer's log lines it is not known how many pods they come from, and what its own latency usually is was never measured. */
function isPeerSignal(signal: Signal): signal is PeerSignal {
  return isCounted(signal) && signal.kind !== "logs" && !(signal.kind === "http-slower" && signal.thresholdMs === null);
}
