import type { AlertReason } from "../alert.ts";
import { count, duration, timeOfDay } from "./numbers.ts";
import { noBound } from "./rule.ts";

const shown = 6;

/** "alert HighErrorRate fires for 4 min". */
export function alertHeadline({ name, forMs, others }: AlertReason): string {
  return `alert ${name} fires${others === 0 ? "" : ` ${count(others + 1)} times`} for ${duration(forMs)}`;
}

/** With its labels, its own words, since when, and why it is not laid to the revision where it is not. */
export function alertSentence(reason: AlertReason): string {
  const { signal, name, labels, summary, since, forMs, others } = reason;
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const listed = pairs.length === 0 ? "" : ` {${pairs.slice(0, shown).join(", ")}${pairs.length > shown ? ", …" : ""}}`;
  const words = summary === "" ? "" : `: ${summary}`;
  const more = others === 0 ? "" : `; it fires ${count(others + 1)} times`;
  return `${signal}: alert ${name}${listed} fires since ${timeOfDay(since)}, for ${duration(forMs)}${words}${more}; ${whose(reason)}`;
}

function whose({ held, afterStartMs = 0 }: AlertReason): string {
  if (held === "old-pod") return "it is about a pod of the old revision, so it is not laid to the new one";
  if (held === "alike") return "the same alert fires since before the rollout, or of old pods too, so it is not laid to the new revision";
  if (held === undefined) return noBound;
  if (afterStartMs < 0) return `it began ${duration(-afterStartMs)} before the rollout, so it is not laid to the new revision`;
  return `it began ${duration(afterStartMs)} after the start of the rollout, when its rule still looked at the time before, so it is not laid to the new revision`;
}
