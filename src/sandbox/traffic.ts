import { createCounters } from "./exposition.ts";
import type { ExposedSample, ProcessCounters } from "./exposition.ts";
import { normal, poisson } from "./random.ts";
import { behaviourOf } from "./kubernetes/behaviour.ts";
import { leakedBytes } from "./kubernetes/node/memory.ts";
import { onceFor } from "./once-for.ts";
import type { Behaviour, Effect, Random, SandboxPod } from "./world.ts";

/** Users of a Service: requests that reach its ready pods. */
export interface TrafficService {
  readonly namespace: string;
  readonly name: string;
  /** Labels of the pods behind it. */
  readonly selector: Readonly<Record<string, string>>;
  readonly rps: number;
}

/** Requests since the start. `unanswered`: there was no ready pod; counted in `total` and `bad` too. */
export interface Served {
  readonly total: number;
  readonly bad: number;
  readonly unanswered: number;
}

export interface Traffic {
  /** Sends the requests of (from, to] to the pods as they are now. Times in ms since the epoch. */
  step(pods: readonly SandboxPod[], from: number, to: number): void;
  /** Over all services, or of one revision by its pod-template-hash. */
  served(podTemplateHash?: string): Served;
  /** Changes a service's rate from now on: a number, or a function of the time for ramps and waves. */
  setRate(namespace: string, name: string, rps: number | ((now: number) => number)): void;
  /** What the process in this pod shows at /metrics. */
  expose(pod: SandboxPod, now: number): readonly ExposedSample[];
}

export interface TrafficOptions {
  readonly services: readonly TrafficService[];
  readonly random: Random;
  /** In force at each step; the list may be changed at any time. */
  readonly effects: readonly Effect[];
}

/** Requests arrive as a Poisson process, go to a ready pod at random, and are answered as its behaviour says. */
export function createTraffic({ services, random, effects }: TrafficOptions): Traffic {
  const rates = new Map<string, number | ((now: number) => number)>(services.map((service) => [keyOf(service), service.rps]));
  const processes = new Map<string, ProcessCounters>();
  const tallies = new Map<string, Tally>();
  const all: Tally = { total: 0, bad: 0, unanswered: 0 };
  const readyPods = onceFor((pods: readonly SandboxPod[]) => {
    const here = new Set(pods.map(({ uid }) => uid));
    for (const uid of processes.keys()) if (!here.has(uid)) processes.delete(uid);
    const ready = pods.filter((pod) => pod.ready && !pod.terminating && pod.running);
    return new Map(services.map((service) => [service, ready.filter((pod) => isBehind(pod, service))]));
  });

  function processOf(pod: SandboxPod): ProcessCounters {
    const known = processes.get(pod.uid);
    if (known?.startedAt === pod.startedAt) return known;
    const started = createCounters(pod.startedAt);
    processes.set(pod.uid, started);
    return started;
  }

  function serve(pod: SandboxPod, behaviour: Behaviour, process: ProcessCounters): void {
    const bad = random() < behaviour.errorRate;
    process.record(bad ? 500 : 200, latencySeconds(behaviour, random));
    const tally = tallies.get(pod.podTemplateHash) ?? { total: 0, bad: 0, unanswered: 0 };
    tallies.set(pod.podTemplateHash, tally);
    for (const one of [all, tally]) {
      one.total += 1;
      if (bad) one.bad += 1;
    }
  }

  return {
    step(pods, from, to) {
      const ready = readyPods(pods);
      for (const service of services) {
        const rate = rates.get(keyOf(service)) ?? 0;
        const rps = typeof rate === "function" ? rate(to) : rate;
        const count = poisson(random, (rps * (to - from)) / 1000);
        if (count === 0) continue;
        const servers = new Map<SandboxPod, Behaviour>();
        const behaviourNow = (pod: SandboxPod): Behaviour => {
          const behaviour = servers.get(pod) ?? behaviourOf(pod, effects, to);
          servers.set(pod, behaviour);
          return behaviour;
        };
        const behind = (ready.get(service) ?? []).filter((pod) => behaviourNow(pod).trafficShare > 0);
        for (let request = 0; request < count; request += 1) {
          const chosen = chooseOf(behind, behaviourNow, random);
          if (chosen) serve(chosen, behaviourNow(chosen), processOf(chosen));
          else refuse(all);
        }
      }
    },
    served: (podTemplateHash) => ({ ...(podTemplateHash === undefined ? all : (tallies.get(podTemplateHash) ?? nothing)) }),
    setRate(namespace, name, rps) {
      const key = keyOf({ namespace, name });
      if (!rates.has(key)) throw new Error(`no service ${key} in this sandbox`);
      rates.set(key, rps);
    },
    expose(pod, now) {
      const behaviour = behaviourOf(pod, effects, now);
      return processOf(pod).expose(now, leakedBytes(behaviour, now - pod.startedAt));
    },
  };
}

/** Any of them alike; one that takes less than its share passes the request on. */
function chooseOf(behind: readonly SandboxPod[], behaviourNow: (pod: SandboxPod) => Behaviour, random: Random): SandboxPod | undefined {
  for (;;) {
    const chosen = behind[Math.floor(random() * behind.length)];
    if (chosen === undefined) return undefined;
    const share = behaviourNow(chosen).trafficShare;
    if (share >= 1 || random() < share) return chosen;
  }
}

interface Tally {
  total: number;
  bad: number;
  unanswered: number;
}

const nothing: Served = { total: 0, bad: 0, unanswered: 0 };

function refuse(tally: Tally): void {
  tally.total += 1;
  tally.bad += 1;
  tally.unanswered += 1;
}

// The distance between the median and the 95th percentile of a normal distribution, in standard deviations.
const z95 = 1.644_853_626_951_472;

function latencySeconds({ p50Ms, p95Ms }: Behaviour, random: Random): number {
  const sigma = Math.log(Math.max(p95Ms / p50Ms, 1)) / z95;
  return (p50Ms * Math.exp(sigma * normal(random))) / 1000;
}

function isBehind(pod: SandboxPod, service: TrafficService): boolean {
  return pod.namespace === service.namespace && Object.entries(service.selector).every(([key, value]) => pod.labels[key] === value);
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
