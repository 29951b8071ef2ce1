import type { LogStore } from "./elasticsearch/store.ts";
import { behaviourOf } from "./kubernetes/behaviour.ts";
import { poisson } from "./random.ts";
import type { Effect, Random, SandboxPod } from "./world.ts";

export interface LogLines {
  /** Writes the lines of (from, to]; they can be searched some seconds later. Times in ms since the epoch. */
  step(pods: readonly SandboxPod[], from: number, to: number): void;
}

export interface LogLinesOptions {
  readonly store: LogStore;
  readonly random: Random;
  readonly effects: readonly Effect[];
}

/** Lines that say nothing of interest, of each running pod. */
const infoPerMinute = 4;
const ingestMs = 5000;
const index = "logs-sandbox";
const keyword = { type: "keyword" };
const properties = {
  "@timestamp": { type: "date" },
  message: { type: "text" },
  log: { properties: { level: keyword } },
  kubernetes: { properties: { namespace: keyword, pod: { properties: { name: keyword } } } },
};

/** What the processes write, shipped by a Filebeat into one index. */
export function createLogLines({ store, random, effects }: LogLinesOptions): LogLines {
  const underWay: { readonly at: number; readonly source: object }[] = [];
  store.create(index, properties);

  function write(pod: SandboxPod, level: string, message: string, at: number): void {
    const kubernetes = { namespace: pod.namespace, pod: { name: pod.name } };
    underWay.push({ at, source: { "@timestamp": new Date(at).toISOString(), message, "log.level": level, kubernetes } });
  }

  return {
    step(pods, from, to) {
      const minutes = (to - from) / 60_000;
      for (const pod of pods.filter(({ running }) => running)) {
        const { errorLinesPerMinute, errorText } = behaviourOf(pod, effects, to);
        const errors = poisson(random, errorLinesPerMinute * minutes);
        for (let line = 0; line < errors; line += 1) write(pod, "error", `${errorText} ${Math.floor(random() * 10_000)}`, to);
        for (let line = poisson(random, infoPerMinute * minutes); line > 0; line -= 1) write(pod, "info", "request served", to);
      }
      while ((underWay[0]?.at ?? Infinity) <= to - ingestMs) store.add(index, underWay.shift()?.source ?? {});
    },
  };
}
