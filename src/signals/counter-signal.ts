import type { CountedSignal } from "../guards/run.ts";
import type { Ms, OwnBound } from "../model.ts";
import type { CounterAsk } from "./ask.ts";

/**
 * What to read for a signal of counts; `block` is the length over which its counters are differenced. `own` is the bound chosen for a
 * latency against the old revision's own; without it such a one asks for whole histograms, from which to choose.
 */
export function counterAsk(signal: CountedSignal, block: Ms, own?: OwnBound): CounterAsk {
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
