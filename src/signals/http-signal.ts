import type { Ms } from "../model.ts";
import type { Signal } from "../policies/signal.ts";
import type { Called, CounterAsk } from "./ask.ts";

/** What to read for an http signal; `block` is the length over which its counters are differenced. */
export function httpAsk(signal: Extract<Signal, { kind: "http-errors" | "http-slower" }>, block: Ms, { kind, name }: Called): CounterAsk {
  if (signal.kind === "http-errors") {
    return { kind: "errors", preset: signal.preset, block, ...(signal.seenBy === "callers" ? { callersOf: { kind, name } } : {}) };
  }
  return { kind: "slower", preset: signal.preset, block, thresholdMs: signal.thresholdMs };
}
