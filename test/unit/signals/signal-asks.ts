import { presetOf } from "../../../src/policies/presets.ts";
import type { CounterAsk, CountersAsk } from "../../../src/signals/ask.ts";

type ErrorsAsk = Extract<CounterAsk, { kind: "errors" }>;

const promClient = presetOf("prom-client");

export function errorsAsk(id: string, prefixes: readonly string[], namespace = "prod", query: Partial<ErrorsAsk> = {}): CountersAsk {
  return { id, namespace, prefixes, query: { kind: "errors", preset: promClient, block: 15_000, ...query } };
}

/** What the callers of a Deployment of the namespace prod count, and the pods of its ReplicaSets. */
export function callersAsk(id: string, name: string, prefixes: readonly string[] = [`${name}-1`], preset = presetOf("istio")): CountersAsk {
  return { id, namespace: "prod", prefixes, query: { kind: "errors", preset, block: 15_000, callersOf: { kind: "Deployment", name } } };
}

export function slowerAsk(id: string, prefixes: readonly string[], thresholdMs: number, preset = promClient): CountersAsk {
  return { id, namespace: "prod", prefixes, query: { kind: "slower", preset, block: 15_000, thresholdMs } };
}
