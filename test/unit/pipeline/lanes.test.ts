import { expect, test } from "vitest";
import { heardOf, openRun } from "../../../src/guards/run.ts";
import type { Measurement, Ms, PodState } from "../../../src/model.ts";
import { type Lane, lanes, sampleGuards } from "../../../src/pipeline/sample.ts";
import type { Ask } from "../../../src/signals/ask.ts";
import { BLOCK, fresh, policyOf, recordOf, rollout, START } from "../guards/a-guard.ts";
import { flowOver, pace } from "./a-flow.ts";

const policy = policyOf(
  "signals: { errors: { http: { preset: aspnet, errors: { limit: 1% } } }, memory: { resources: { memory: 90%, source: metrics-api } }, lines: { logs: { format: filebeat, limit: 6/min/pod } } }",
);
const signalIn: Readonly<Record<Lane, string>> = { counters: "errors", usage: "memory", logs: "lines" };
const NOW = START + 2 * BLOCK;
const pod: PodState = {
  uid: "a",
  name: `${fresh.name}-a`,
  podTemplateHash: fresh.podTemplateHash,
  created: START,
  readySince: START,
  ready: true,
  containers: [],
};

type Answer = ReadonlyMap<string, readonly Measurement[]>;

/** Guards `g0`, `g1` …, each begun a block before the one before it; a call to a source waits until the test answers it. */
function flowOf(guards = 1) {
  const calls: { readonly asks: readonly Ask[]; readonly instants: readonly Ms[]; readonly answer: (answer: Answer) => void }[] = [];
  const lagging = { ...pace, logLagMs: 0 };
  const flow = flowOver(
    {
      now: () => NOW,
      sleep: async () => {},
      sample: (asks, instants) => new Promise((answer) => calls.push({ asks, instants, answer })),
    },
    { pace: lagging },
  );
  const baseline = { from: START - BLOCK, to: START, total: 0, bad: 0, dispersion: 1, upper: 0 };
  const open = () => {
    for (let nth = 0; nth < guards; nth += 1) {
      const began = { ...rollout, startedAt: START - nth * BLOCK };
      const record = recordOf([], { policy, pods: [pod], baselines: { errors: baseline, lines: baseline }, rollout: began });
      flow.book.open.set(`g${nth}`, openRun({ ...record, name: `g${nth}` }, lagging));
    }
  };
  open();
  const waiting = (lane: Lane) => calls.filter(({ asks }) => asks.some(({ id }) => id.endsWith(`/${signalIn[lane]}`)));
  const heard = (lane: Lane, guard = "g0") => {
    const run = flow.book.open.get(guard);
    return run === undefined ? undefined : heardOf(run, signalIn[lane]);
  };
  return { flow, open, waiting, heard };
}

function answered(asks: readonly Ask[], instants: readonly Ms[], kind: "no-data" | "error" = "no-data"): Answer {
  return new Map(asks.map(({ id }) => [id, instants.map((at) => ({ kind, at, because: "as told" }))]));
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

test.each<readonly Lane[][]>([[["counters", "usage", "logs"]], [["logs", "usage", "counters"]], [["usage", "logs", "counters"]]])(
  "answers of all lanes are folded into one guard, whatever their order: %s",
  async (order) => {
    const { flow, waiting, heard } = flowOf();
    const sampling = lanes.map((lane) => sampleGuards(lane, flow));
    await turns();
    for (const lane of order) {
      expect(heard(lane)?.lastAt).toBeNull();
      for (const { asks, instants, answer } of waiting(lane)) answer(answered(asks, instants));
      await turns();
      expect(heard(lane)?.lastAt).toBe(NOW);
    }
    expect((await Promise.all(sampling)).map((moved) => [...moved])).toEqual([["g0"], ["g0"], ["g0"]]);
    expect(lanes.map((lane) => heard(lane)?.lastAt)).toEqual([NOW, NOW, NOW]);
  },
);

test.each<[Lane, number]>([
  ["counters", 3],
  ["usage", 1],
  ["logs", 1],
])("after a failed group of guards the lane of %s asks so many groups in a beat: %d", async (lane, groups) => {
  const { flow, waiting, heard } = flowOf(3);
  const sampling = sampleGuards(lane, flow);
  for (let group = 0; group < 3; group += 1) {
    await turns();
    for (const { asks, instants, answer } of waiting(lane)) answer(answered(asks, instants, "error"));
  }
  await sampling;
  expect(waiting(lane)).toHaveLength(groups);
  expect(heard(lane)?.outcome, "what has just ended is asked first").toBe("error");
  void sampleGuards(lane, flow);
  await turns();
  const again = waiting(lane).slice(groups);
  expect(
    again.flatMap(({ asks }) => asks.map(({ id }) => id)),
    "the others come with the next beat",
  ).toEqual(groups === 3 ? [] : [`g1/${signalIn[lane]}`]);
});

test("an answer to a guard that was read again meanwhile is asked for anew: no block is passed over", async () => {
  const { flow, open, waiting, heard } = flowOf();
  const first = sampleGuards("logs", flow);
  await turns();
  for (const { asks, instants, answer } of waiting("logs")) answer(answered(asks, instants.slice(0, 1), "no-data"));
  await first;
  const second = sampleGuards("logs", flow);
  await turns();
  open();
  const [, late] = waiting("logs");
  late?.answer(answered(late.asks, late.instants));
  await second;
  expect(heard("logs")?.lastAt).toBeNull();
});
