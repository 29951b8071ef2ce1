import type { Entry } from "../entry.ts";
import type { Reason } from "../reason.ts";
import { type PresetChoice, type PresetFound, type PresetQuestion, usualPodLabels } from "../policies/preset-fit.ts";
import { presetNames } from "../policies/presets.ts";
import type { WrittenSignal } from "../policies/signal.ts";

type PresetReason = Extract<Reason, { code: "preset" }>;

/** What `preset: auto` of this signal has to find out; undefined for a signal that needs no such choice. */
export function presetQuestionOf({ http }: WrittenSignal): PresetQuestion | undefined {
  if (http?.preset !== "auto") return undefined;
  const own = http.metric?.podLabel;
  return { kind: http.errors === undefined ? "http-slower" : "http-errors", podLabels: own === undefined ? usualPodLabels : [own] };
}

export function presetReason(signal: string, found: PresetFound): Reason {
  return { code: "preset", signal, ...found, passedOver: [...found.passedOver] };
}

/** The choice that is written down for a signal: it holds for the life of the guard, so that a restart judges by the same counters. */
export function chosenPresetOf(entries: readonly Entry[], signal: string): PresetChoice | undefined {
  for (const entry of entries) {
    if (entry.kind !== "noted") continue;
    for (const reason of entry.because) if (reason.code === "preset" && reason.signal === signal) return choiceOf(reason);
  }
  return undefined;
}

/** A record may be another version's, or edited by hand: labels go into queries. */
function choiceOf({ preset, statusLabel, podLabel }: PresetReason): PresetChoice | undefined {
  const name = presetNames.find((one) => one === preset);
  const areLabels = [statusLabel, podLabel].every((label) => /^[a-zA-Z_]\w*$/.test(label));
  return name === undefined || !areLabels ? undefined : { preset: name, statusLabel, podLabel };
}
