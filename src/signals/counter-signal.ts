import type { Ms } from "../model.ts";
import type { OwnBound } from "../reason.ts";
import type { Preset } from "../policies/presets.ts";
import type { Signal } from "../policies/signal.ts";
import type { Called, CounterAsk } from "./ask.ts";

/** A signal that counters answer, judged by evidence or by a rule. */
type CounterSignal = Extract<Signal, { kind: "http-errors" | "http-slower" | "ratio" }>;

export interface CounterAskParts {
  /** The workload that is judged: whose callers are asked, where the signal wants that. */
  readonly called: Called;
  /** The bound chosen for a latency against the old revision's own; without it such a one asks for whole histograms, to choose from. */
  readonly own?: OwnBound | undefined;
}

/** What to read for a signal of counts; `block` is the length over which its counters are differenced. */
export function counterAsk(signal: CounterSignal, block: Ms, { called, own }: CounterAskParts): CounterAsk {
  switch (signal.kind) {
    case "http-errors": {
      const { kind, name } = called;
      return {
        kind: "errors",
        preset: presetOf(signal),
        block,
        ...(signal.seenBy === "callers" ? { callersOf: { kind, name } } : {}),
        ...serviceOf(signal, called),
      };
    }
    case "http-slower":
      return {
        kind: "slower",
        preset: presetOf(signal),
        block,
        thresholdMs: signal.thresholdMs ?? own?.thresholdMs ?? null,
        ...serviceOf(signal, called),
      };
    case "ratio": {
      const { kind, bad, total, podLabel } = signal;
      return { kind, bad, total, podLabel, block };
    }
  }
}

function presetOf({ preset }: Exclude<CounterSignal, { kind: "ratio" }>): Preset {
  if (preset === null) throw new TypeError("A signal was asked for before its preset was chosen.");
  return preset;
}

function serviceOf({ service }: { readonly service?: string }, { name }: Called): { readonly service?: string } {
  return service === undefined ? {} : { service: service.replaceAll("{{name}}", name) };
}
