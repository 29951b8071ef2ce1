import type { CountedSignal } from "../guards/run.ts";
import type { Ms } from "../model.ts";
import type { CounterAsk } from "./ask.ts";

/** What to read for a signal of counts; `block` is the length over which its counters are differenced. */
export function counterAsk(signal: CountedSignal, block: Ms): CounterAsk {
  switch (signal.kind) {
    case "http-errors":
      return { kind: "errors", preset: signal.preset, block };
    case "http-slower":
      return { kind: "slower", preset: signal.preset, block, thresholdMs: signal.thresholdMs };
    case "ratio": {
      const { kind, bad, total, podLabel } = signal;
      return { kind, bad, total, podLabel, block };
    }
  }
}
