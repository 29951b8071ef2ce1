import type { Action } from "../../src/entry.ts";
import type { Clock } from "../../src/clock.ts";
import type { Measurement, Ms, PodState, ProcessReading } from "../../src/model.ts";
import type { Edges } from "../../src/pipeline/edges.ts";
import { choosePolicy } from "../../src/policies/match.ts";
import type { Policy } from "../../src/policies/policy.ts";
import type { Ask } from "../../src/signals/ask.ts";
import { advance, apply, deploy, type LiveWorkload, namespace, workloadOf } from "./cluster.ts";
import { lastScrape, type Scrapes } from "./counters.ts";
import { podState } from "./live-pod.ts";
import { gaugeAt, slowerAt } from "./measure.ts";
import type { ReplayCase } from "./replay-case.ts";

/** An action that was carried out. */
export interface Done {
  readonly service: string;
  readonly action: Action;
  readonly at: Ms;
}

export interface ReplayedEdges {
  readonly edges: Edges;
  readonly done: readonly Done[];
  /** What the pipeline logged as an error: there must be none. */
  readonly errors: readonly string[];
  /** Lets the cluster reach the clock's time; returns uids of workloads whose pods changed. */
  readonly tick: () => readonly string[];
}

/** The pipeline's edges over one case of a data set: cluster and samples from the data, actions upon the cluster, journal in memory. */
export function replayedEdges(replay: ReplayCase, policy: Policy, clock: Clock): ReplayedEdges {
  const workloads = new Map(replay.rollouts.map((plan) => [`${namespace}/${plan.service}`, deploy(plan)]));
  const rosters = new Map<string, { readonly pods: readonly PodState[]; readonly text: string }>();
  const changed = new Set(workloads.keys());
  const done: Done[] = [];
  const errors: string[] = [];
  const liveOf = (uid: string): LiveWorkload | undefined => [...workloads.values()].find(({ ref }) => ref.uid === uid);

  function tick(): readonly string[] {
    const woken: string[] = [];
    for (const [key, live] of workloads) {
      const { generation } = live;
      advance(live, clock.now());
      const pods = [...live.pods.values()].map((pod) => podState(pod, clock.now()));
      const text = JSON.stringify(pods);
      const isSame = rosters.get(live.ref.uid)?.text === text;
      if (isSame && generation === live.generation) continue;
      rosters.set(live.ref.uid, { pods, text });
      changed.add(key);
      woken.push(live.ref.uid);
    }
    return woken;
  }

  function measure(ask: Ask, at: Ms): Measurement {
    if (ask.query.kind === "promql") return gaugeAt(replay.gauge, at);
    if (ask.query.kind === "slower") return slowerAt(replay, ask, ask.query, workloads, at);
    if (ask.query.kind === "logs") return { kind: "no-data", at, because: "these incidents have no logs" };
    if (ask.query.kind === "usage") return { kind: "no-data", at, because: "these incidents have no use of CPU and memory" };
    const { block } = ask.query;
    const readings: ProcessReading[] = [];
    const called = ask.query.kind === "errors" ? ask.query.callersOf : undefined;
    for (const [name, scrapes] of replay.callers?.get(called?.name ?? "") ?? []) {
      const index = lastScrape(scrapes, at - block, at);
      if (index !== undefined) readings.push({ ...readingOf(name, scrapes, index), view: "callers" });
    }
    if (called !== undefined && readings.length === 0) return { kind: "no-data", at, because: "no caller counted anything" };
    for (const { pods } of workloads.values()) {
      for (const { name, gone } of pods.values()) {
        const scrapes = replay.counters.get(name);
        if (scrapes === undefined || !ask.prefixes.some((prefix) => name.startsWith(`${prefix}-`))) continue;
        const index = lastScrape(scrapes, at - block, Math.min(at, gone ?? Infinity));
        if (index === undefined) continue;
        readings.push(readingOf(name, scrapes, index));
      }
    }
    return { kind: "counters", at, readings };
  }

  const edges: Edges = {
    now: () => clock.now(),
    sleep: (ms) => clock.sleep(ms),
    leading: () => true,
    cluster: {
      changed() {
        const keys = [...changed];
        changed.clear();
        return keys;
      },
      list: () => [...workloads.values()].map((live) => workloadOf(live, clock.now())),
      get(key) {
        const live = workloads.get(key);
        return live === undefined ? undefined : workloadOf(live, clock.now());
      },
      keyOf: (ref) => `${ref.namespace}/${ref.name}`,
      context: async ({ ref }) => {
        const set = liveOf(ref.uid)?.plan.oldSet ?? "";
        return { lastCompleted: set.slice(set.lastIndexOf("-") + 1), restartOnly: false };
      },
      follow() {},
      async unfollow() {},
      pods: (uid) => rosters.get(uid)?.pods,
    },
    choosePolicy: (workload) => choosePolicy([policy], workload),
    sample: async (asks, instants) => new Map(asks.map((ask) => [ask.id, instants.map((at) => measure(ask, at))])),
    probe: () => Promise.resolve({ outcome: "error", detail: "these incidents have no probes" }),
    lookAfter: () => Promise.resolve({ kind: "seen", at: clock.now(), services: [], condemned: 0 }),
    diagnose: (workload) => Promise.resolve({ at: clock.now(), workload, desired: 0, there: 0, ready: 0, findings: [], unseen: [] }),
    jobs: {
      create: () => Promise.resolve({ problem: "these incidents have no cluster", final: true }),
      look: () => Promise.resolve({ outcome: "error", detail: "these incidents have no cluster", final: true }),
      lookAtRemedy: () => Promise.resolve({ outcome: "error", detail: "these incidents have no cluster", final: true }),
    },
    remedy: () => Promise.reject(new Error("these incidents have no remediations")),
    scaling: () => Promise.resolve({ problem: "these incidents have no cluster" }),
    async execute(action) {
      const live = liveOf(action.workload.uid);
      if (live === undefined)
        return { action: action.id, kind: action.kind, outcome: "refused", at: clock.now(), detail: "no such workload" };
      done.push({ service: live.plan.service, action, at: clock.now() });
      changed.add(`${namespace}/${live.plan.service}`);
      return apply(live, action, clock.now());
    },
    journal: { list: async () => [], create: async () => "created", save: async () => "saved", prune: async () => undefined },
    tell: async () => {},
    observe: { sampled() {}, silenced() {}, alerted() {}, decided() {}, acted() {}, withheld() {}, guards() {} },
    log: {
      info() {},
      warn() {},
      error: (fields, message) => void errors.push(`${message}: ${JSON.stringify(fields)}`),
    },
  };
  return { edges, done, errors, tick };
}

function readingOf(pod: string, { total, bad }: Scrapes, index: number): ProcessReading {
  const failed = bad[index] ?? 0;
  return { namespace, pod, process: "replayed", total: total[index] ?? 0, bad: failed, badAtMost: failed };
}
