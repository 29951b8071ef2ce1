import type { Ms, OwnBound } from "../model.ts";
import type { Signal } from "../policies/signal.ts";
import type { CounterAsk } from "./ask.ts";

/** A signal that counters answer, judged by evidence or by a rule. */
type CounterSignal = Extract<Signal, { kind: "http-errors" | "http-slower" | "ratio" }>;

/**
 * What to read for a signal of counts; `block` is the length over which its counters are differenced. `own` is the bound chosen for a
 * latency against the old revision's own; without it such a one asks for whole histograms, from which to choose.
 */
export function counterAsk(signal: CounterSignal, block: Ms, own?: OwnBound): CounterAsk {
  switch (signal.kind) {
    case "http-errors":
      return { kind: "errors", preset: signal.preset, block };
    case "http-slower":
      return { kind: "slower", preset: signal.preset, block, thresholdMs: signal.thresholdMs ?? own?.thresholdMs ?? null };
    case "ratio": {
      const { kind, bad, total, podLabel } = signal;
      return { kind, bad, total, podLabel, block };
    }
  }
}
